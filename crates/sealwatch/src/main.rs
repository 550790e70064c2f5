//! sealwatch
fn main() {}

//! entry-app
fn main() {}

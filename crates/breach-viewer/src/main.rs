//! breach-viewer
fn main() {}

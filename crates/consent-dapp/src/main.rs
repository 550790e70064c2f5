//! consent-dapp
fn main() {}

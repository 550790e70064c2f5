//! Journeys through the whole product: real browser, database, chain, inbox and apps.
//!
//! Run by `devstack run -- cargo test -p journeys`, after `cargo build --bins`.

mod happy_path;

//! Journeys through the whole product: real browser, database, chain, inbox and apps.
//!
//! Run by `target/debug/devstack run -- cargo test -p journeys`, after `cargo build --bins`.

mod barriers;
mod crashes;
mod demo_wallet;
mod edited_fields;
mod entry_form;
mod erased;
mod happy_path;
mod links;
mod moved_rows;
mod outages;
mod phone;
mod re_anchored;
mod rectified;
mod restored;
mod second_thoughts;
mod staff;
mod start_page;
mod wallets;
mod withdrawn;

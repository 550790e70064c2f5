//! breach-viewer through its doors: real database by its own accounts, real chain, real mail. The records in it came in by
//! the doors of the other two apps.
#![expect(clippy::unwrap_used, reason = "a failed test may panic")]

mod access;
mod another_chain;
mod baseline;
mod chain;
mod contract_wallet;
mod correction;
mod database;
mod day;
mod erasure;
mod forged;
mod grid;
mod harness;
mod held;
mod hindered;
mod incidents;
mod interrupted;
mod keys;
mod large;
mod lost_wallet;
mod many;
mod metrics;
mod not_anchored;
mod own_rows;
mod owner_keys;
mod planted;
mod process;
mod put_back;
mod redaction;
mod refused;
mod restore;
mod restored_mails;
mod restriction;
mod rotation;
mod rounds;
mod second_endpoint;
mod silenced;
mod start;
mod verify;
mod watch;
mod watched_log;

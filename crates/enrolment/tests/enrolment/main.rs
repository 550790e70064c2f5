//! Use cases of the desk on a real database.
#![expect(clippy::unwrap_used, reason = "a failed test may panic")]

mod edit;
mod enter;
mod erasure;
mod lapse;
mod link;
mod rectify;
mod retention;
mod stage;
mod withdrawal;

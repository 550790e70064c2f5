//! Each thing that can happen to a record, and the verdict it gets. Cells are sealed and signatures made with real keys.
#![expect(clippy::unwrap_used, reason = "a failed test may panic")]

mod correction;
mod explanation;
mod key_thief;
mod properties;
mod redacted;
mod sql;
mod unanchored;
mod wallet_change;
mod world;

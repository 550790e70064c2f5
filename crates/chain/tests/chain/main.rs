//! The chain crate against a real anvil chain with the real contracts.
#![expect(clippy::unwrap_used, reason = "a failed test may panic")]

mod authority;
mod controller;
mod pins;
mod reading;
mod second;
mod support;
mod wallets;

//! What a record is: its fields, its proof, and the consent its owner signed. Pure: no I/O and no randomness of its own; the time is
//! always passed in, as a [`time::Clock`] that only a process's edge makes.
//!
//! `docs/RECORD_PROOF.md` is the specification of [`proof`] and [`consent`]; `tests/vectors/record_proof.json` holds its published cases.

pub mod consent;
mod eip712;
pub mod entry;
pub mod erasure;
pub mod ids;
mod json;
pub mod keeping;
pub mod proof;
pub mod signature;
pub mod time;
pub mod wallet_change;
mod wiped_json;

pub use alloy_primitives::{Address, B256};
pub use wiped_json::wiped_json;

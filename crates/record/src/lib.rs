//! What a record is: its fields, its proof, and the consent its owner signed. Pure: no I/O, no clock, no randomness of its own.
//!
//! `docs/RECORD_PROOF.md` is the specification of [`proof`] and [`consent`]; `tests/vectors/record_proof.json` holds its published cases.

pub mod consent;
pub mod entry;
pub mod ids;
pub mod proof;
pub mod signature;
pub mod time;

pub use alloy_primitives::{Address, B256};

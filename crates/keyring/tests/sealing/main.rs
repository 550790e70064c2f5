//! What docs/SEALING.md promises, tried from outside the crate.
#![expect(clippy::unwrap_used, reason = "a failed test may panic")]

mod cells;
mod key_files;
mod links;
mod owner_keys;
mod rotation;
mod row_macs;
mod sealed_values;
mod secrecy;
mod stranger;
mod tickets;
mod vectors;

use keyring::{ApplicationKeys, KeySet};
use record::ids::{Draft, Version};

fn keys() -> ApplicationKeys {
    KeySet::generate(&mut rand::rng()).application().clone()
}

fn version(number: u32) -> Version {
    Version::new(number).unwrap()
}

fn draft(number: u32) -> Draft {
    Draft::new(number)
}

/// The bytes with one bit turned over.
fn flipped(bytes: &[u8], bit: usize) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    bytes[bit / 8] ^= 1 << (bit % 8);
    bytes
}

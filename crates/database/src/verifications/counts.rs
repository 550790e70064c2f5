//! How many subjects have each verdict, and how a column holds it.

use std::collections::BTreeMap;

use sqlx::mysql::MySqlValueRef;

use super::VerdictKind;
use crate::column::{FromColumn, Problem};

/// How many subjects have each verdict; one that none has is left out.
pub type VerdictCounts = BTreeMap<VerdictKind, u64>;

/// What one of them takes: a byte of the verdict, and the number.
const LENGTH: usize = 9;

pub(crate) fn to_bytes(counts: &VerdictCounts) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(counts.len() * LENGTH);
    for (verdict, count) in counts.iter().filter(|(_, count)| **count > 0) {
        bytes.push(verdict.code());
        bytes.extend_from_slice(&count.to_be_bytes());
    }
    bytes
}

impl FromColumn for VerdictCounts {
    /// Nothing that we never write passes for what we wrote.
    fn from_column(value: MySqlValueRef<'_>) -> Result<Self, Problem> {
        let bytes = Vec::<u8>::from_column(value)?;
        let counts = from_bytes(&bytes);
        match to_bytes(&counts) == bytes {
            true => Ok(counts),
            false => Err("no counts of verdicts".into()),
        }
    }
}

/// What can't be read is left out.
pub(crate) fn from_bytes(bytes: &[u8]) -> VerdictCounts {
    let (all, _) = bytes.as_chunks::<LENGTH>();
    let read = all.iter().filter_map(|one| {
        let (code, count) = one.split_first()?;
        let count = u64::from_be_bytes(count.try_into().ok()?);
        Some((VerdictKind::of_code(*code)?, count))
    });
    read.collect()
}

/// Adds the one to the other.
pub fn add(to: &mut VerdictCounts, more: &VerdictCounts) {
    for (verdict, count) in more {
        let sum = to.entry(*verdict).or_default();
        *sum = sum.saturating_add(*count);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_are_read_as_they_were_written() {
        let all = VerdictKind::ALL.iter().copied().zip(1..);
        let mut counts: VerdictCounts = all.collect();
        let bytes = to_bytes(&counts);
        assert!(bytes.len() <= 255, "what the column holds");
        assert_eq!(from_bytes(&bytes), counts);
        counts.insert(VerdictKind::Forged, 0);
        assert_eq!(from_bytes(&to_bytes(&counts)).len(), counts.len() - 1);
        let twice = counts.clone();
        add(&mut counts, &twice);
        assert_eq!(counts.get(&VerdictKind::Altered), Some(&4));
    }
}

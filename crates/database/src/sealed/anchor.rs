//! The anchor cell: it binds a record version to its place on the chain.

use alloy_primitives::B256;
use keyring::{CellKind, OwnerKey};
use rand::CryptoRng;
use record::ids::{Draft, Uid, Version};

use super::seal_cell;

/// What an anchored version knows of its place on the chain:
/// `u64 uid ‖ u64 timestamp ‖ transaction (32) ‖ u64 block ‖ u16 count ‖ leaves (32 each, in byte order of field names)`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Anchor {
    /// The UID.
    pub uid: Uid,
    /// The anchored timestamp, in Unix seconds.
    pub timestamp: u64,
    /// The transaction that wrote it.
    pub transaction: B256,
    /// The block that holds it.
    pub block: u64,
    /// The leaves that were anchored, to tell an altered field by name.
    pub leaves: Vec<B256>,
}

impl Anchor {
    /// Seals the anchor for its version; none when there are more leaves than the format carries.
    #[must_use]
    pub fn seal(
        &self,
        key: &OwnerKey,
        version: Version,
        draft: Draft,
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> Option<Vec<u8>> {
        let value = self.to_bytes()?;
        Some(seal_cell(
            key,
            version,
            draft,
            CellKind::Anchor,
            &value,
            rng,
        ))
    }

    fn to_bytes(&self) -> Option<Vec<u8>> {
        let count = u16::try_from(self.leaves.len()).ok()?;
        let mut bytes = Vec::with_capacity(58 + 32 * self.leaves.len());
        bytes.extend_from_slice(&self.uid.get().to_be_bytes());
        bytes.extend_from_slice(&self.timestamp.to_be_bytes());
        bytes.extend_from_slice(self.transaction.as_slice());
        bytes.extend_from_slice(&self.block.to_be_bytes());
        bytes.extend_from_slice(&count.to_be_bytes());
        for leaf in &self.leaves {
            bytes.extend_from_slice(leaf.as_slice());
        }
        Some(bytes)
    }

    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (uid, rest) = bytes.split_first_chunk::<8>()?;
        let (timestamp, rest) = rest.split_first_chunk::<8>()?;
        let (transaction, rest) = rest.split_first_chunk::<32>()?;
        let (block, rest) = rest.split_first_chunk::<8>()?;
        let (count, rest) = rest.split_first_chunk::<2>()?;
        let (leaves, remainder) = rest.as_chunks::<32>();
        if !remainder.is_empty() || leaves.len() != usize::from(u16::from_be_bytes(*count)) {
            return None;
        }
        Some(Self {
            uid: Uid::new(u64::from_be_bytes(*uid))?,
            timestamp: u64::from_be_bytes(*timestamp),
            transaction: B256::from(*transaction),
            block: u64::from_be_bytes(*block),
            leaves: leaves.iter().copied().map(B256::from).collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failed test may panic")]
    use super::*;

    #[test]
    fn an_anchor_reads_back_what_it_writes_and_nothing_else() {
        let anchor = Anchor {
            uid: Uid::new(7).unwrap(),
            timestamp: 1_700_000_000,
            transaction: B256::repeat_byte(3),
            block: 99,
            leaves: vec![B256::repeat_byte(1), B256::repeat_byte(2)],
        };
        let bytes = anchor.to_bytes().unwrap();
        assert_eq!(bytes.len(), 58 + 64);
        assert_eq!(Anchor::from_bytes(&bytes), Some(anchor));
        for length in 0..bytes.len() {
            assert_eq!(Anchor::from_bytes(&bytes[..length]), None, "{length} bytes");
        }
        let longer = [bytes, vec![0]].concat();
        assert_eq!(Anchor::from_bytes(&longer), None);
    }
}

//! The predecessor cell: what the owner of a further version signs that it follows.

use alloy_primitives::B256;
use keyring::{CellKind, OpenError, OwnerKey};
use rand::CryptoRng;
use record::ids::{Draft, Uid, Version};

use super::{open_cell, seal_cell};

/// Where a further version goes: `u64 uid ‖ proof (32)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Predecessor {
    /// The record on the chain.
    pub uid: Uid,
    /// The anchored proof of the version before.
    pub proof: B256,
}

/// A cell holds no predecessor.
#[derive(Debug, thiserror::Error)]
pub enum PredecessorError {
    /// It does not open at its place.
    #[error("the predecessor's cell does not open")]
    Cell(#[from] OpenError),
    /// It holds something else.
    #[error("the predecessor can't be read")]
    Bytes,
}

impl Predecessor {
    /// Seals it for the draft that follows.
    #[must_use]
    pub fn seal(
        &self,
        key: &OwnerKey,
        version: Version,
        draft: Draft,
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> Vec<u8> {
        let mut value = self.uid.get().to_be_bytes().to_vec();
        value.extend_from_slice(self.proof.as_slice());
        seal_cell(key, version, draft, CellKind::Predecessor, &value, rng)
    }

    /// Opens what [`Self::seal`] sealed for the same draft.
    pub fn open(
        key: &OwnerKey,
        version: Version,
        draft: Draft,
        cell: &[u8],
    ) -> Result<Self, PredecessorError> {
        let opened = open_cell(key, version, draft, CellKind::Predecessor, cell)?;
        Self::from_bytes(&opened.value).ok_or(PredecessorError::Bytes)
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (uid, rest) = bytes.split_first_chunk::<8>()?;
        let proof: [u8; 32] = rest.try_into().ok()?;
        Some(Self {
            uid: Uid::new(u64::from_be_bytes(*uid))?,
            proof: B256::from(proof),
        })
    }
}

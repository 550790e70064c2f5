//! What a controller writes, as master-data takes it.

use alloy::{primitives::U256, sol_types::SolCall as _};
use record::{B256, ids::Uid};

use crate::{contracts::IMasterData, records::ERASED};

/// A call of master-data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MasterDataCall {
    /// A record proof: the first one of a new UID, or the next of a known one.
    AddRecordProof {
        /// The record.
        uid: Uid,
        /// In Unix seconds.
        timestamp: u64,
        /// The word.
        proof: B256,
    },
    /// That a record was erased. It is final.
    Erase {
        /// The record.
        uid: Uid,
        /// The word that stands for who asked.
        evidence: B256,
    },
}

impl MasterDataCall {
    pub(crate) fn abi_encode(&self) -> Vec<u8> {
        match *self {
            Self::AddRecordProof {
                uid,
                timestamp,
                proof,
            } => IMasterData::addRecordProofCall {
                uid: U256::from(uid.get()),
                timestamp,
                recordProof: proof,
            }
            .abi_encode(),
            Self::Erase { uid, evidence } => IMasterData::retireRecordCall {
                uid: U256::from(uid.get()),
                reason: ERASED,
                evidence,
            }
            .abi_encode(),
        }
    }
}

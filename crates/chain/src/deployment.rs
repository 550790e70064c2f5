//! What a deployment of the contracts is known by; written by the deployment script.

use std::{fs, io, path::Path};

use record::{Address, B256};
use serde::{Deserialize, Serialize};

/// The pins: where the contracts are, and by what they are told from others.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deployment {
    /// The chain's id (EIP-155).
    pub chain_id: u64,
    /// `RecordRelay`; part of every record proof.
    pub relay: Address,
    /// `StorageLayer`, which holds all words.
    pub storage_layer: Address,
    /// Keccak-256 of the storage layer's code.
    pub storage_code_hash: B256,
    /// The first `MasterData` of the deployment. Who reads or writes asks the relay for the newest.
    pub master_data: Address,
    /// The block from which the contracts are there.
    pub deployment_block: u64,
    /// That block's hash, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deployment_block_hash: Option<B256>,
    /// The data-protection authority's account, which owns the contracts.
    pub authority: Address,
}

/// A deployment file that can not be used.
#[derive(Debug, thiserror::Error)]
pub enum DeploymentError {
    /// Not there, or not readable.
    #[error("the deployment file can not be read")]
    Read(#[source] io::Error),
    /// Not what the deployment script writes.
    #[error("the deployment file is malformed")]
    Parse(#[source] serde_json::Error),
}

impl Deployment {
    /// Reads the file that the deployment script wrote.
    pub fn load(path: &Path) -> Result<Self, DeploymentError> {
        let text = fs::read(path).map_err(DeploymentError::Read)?;
        serde_json::from_slice(&text).map_err(DeploymentError::Parse)
    }
}

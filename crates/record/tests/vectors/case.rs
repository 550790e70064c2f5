//! One published case, with exactly the keys of the file.

use std::collections::BTreeMap;

use alloy_primitives::Bytes;
use record::{Address, B256, consent::ConsentMessage};
use serde::{Deserialize, Serialize};

#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    pub name: String,
    pub chain_id: u64,
    pub relay: Address,
    pub wallet: Address,
    pub uid: u64,
    pub version: u32,
    pub timestamp: u64,
    pub consent_kind: u8,
    pub consent_message: ConsentMessage,
    pub consent_digest: B256,
    pub consent_check_block: u64,
    pub consent_signature: Bytes,
    pub consent_hash: B256,
    pub fields: BTreeMap<String, String>,
    pub salts: BTreeMap<String, B256>,
    pub leaves: BTreeMap<String, B256>,
    pub record_proof: B256,
}

//! One order of the authority about several records: what was due to be erased is ordered with one signature.

use alloy_primitives::{Address, B256};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::ErasureStatement;
use crate::eip712::{self, domain, hash_struct, list, number, text};
use crate::json;

const ORDER: &str = "ErasureOrder(string controller,Ended[] records,uint64 orderedAt)Ended(uint64 uid,bytes32 recordProof)";
const ENDED: &str = "Ended(uint64 uid,bytes32 recordProof)";

/// A record that is to end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Ended {
    /// The record on chain.
    #[serde(with = "json::u64")]
    pub uid: u64,
    /// The oldest word of it that counts.
    pub record_proof: B256,
}

/// What the authority signs so that these records may be erased. It names no person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ErasureOrder {
    /// Who holds the records.
    pub controller: String,
    /// Which ones, in the order signed.
    pub records: Vec<Ended>,
    /// Unix seconds.
    #[serde(with = "json::u64")]
    pub ordered_at: u64,
}

impl ErasureOrder {
    /// The EIP-712 digest that is signed.
    #[must_use]
    pub fn digest(&self, chain_id: u64, relay: Address) -> B256 {
        let records = self.records.iter().map(|record| {
            let (uid, word) = (number(record.uid), record.record_proof);
            hash_struct([text(ENDED), uid, word])
        });
        let message = hash_struct([
            text(ORDER),
            text(&self.controller),
            list(records),
            number(self.ordered_at),
        ]);
        eip712::digest(domain(&(chain_id, relay)), message)
    }

    /// As wallets take it.
    #[must_use]
    pub fn typed_data(&self, chain_id: u64, relay: Address) -> Value {
        let types = serde_json::json!({
            "ErasureOrder": [
                { "name": "controller", "type": "string" },
                { "name": "records", "type": "Ended[]" },
                { "name": "orderedAt", "type": "uint64" },
            ],
            "Ended": [
                { "name": "uid", "type": "uint64" },
                { "name": "recordProof", "type": "bytes32" },
            ],
        });
        eip712::json(types, "ErasureOrder", self, (chain_id, relay))
    }

    /// What it says of one of its records.
    #[must_use]
    pub fn statement(&self, record: &Ended) -> ErasureStatement {
        ErasureStatement {
            controller: self.controller.clone(),
            uid: record.uid,
            record_proof: record.record_proof,
            requested_at: self.ordered_at,
        }
    }

    /// Whether it says this.
    pub(super) fn says(&self, statement: &ErasureStatement) -> bool {
        let mut records = self.records.iter();
        records.any(|record| self.statement(record) == *statement)
    }
}

//! EIP-712: types, domain, digest.

use alloy_primitives::{Address, B256, U256};
use alloy_sol_types::{SolStruct, eip712_domain, sol};
use serde_json::{Value, json};

use super::ConsentMessage;

sol! {
    struct Field { string name; string value; }
    struct Purpose { string name; string lawfulBasis; bool granted; }
    struct Consent {
        string controller;
        bytes32 notice;
        Purpose[] purposes;
        Field[] fields;
        address wallet;
        uint64 uid;
        uint32 version;
        bytes32 previousProof;
        uint64 issuedAt;
        uint64 expiresAt;
        bytes32 nonce;
    }
}

pub(super) fn digest(message: &ConsentMessage, chain_id: u64, relay: Address) -> B256 {
    let domain = eip712_domain! {
        name: "Sealwatch",
        version: "1",
        chain_id: chain_id,
        verifying_contract: relay,
    };
    debug_assert_eq!(domain.chain_id, Some(U256::from(chain_id)));
    Consent {
        controller: message.controller.clone(),
        notice: message.notice,
        purposes: message
            .purposes
            .iter()
            .map(|purpose| Purpose {
                name: purpose.name.clone(),
                lawfulBasis: purpose.lawful_basis.clone(),
                granted: purpose.granted,
            })
            .collect(),
        fields: message
            .fields
            .iter()
            .map(|field| Field {
                name: field.name.to_string(),
                value: field.value.clone(),
            })
            .collect(),
        wallet: message.wallet,
        uid: message.uid,
        version: message.version,
        previousProof: message.previous_proof,
        issuedAt: message.issued_at,
        expiresAt: message.expires_at,
        nonce: message.nonce,
    }
    .eip712_signing_hash(&domain)
}

pub(super) fn json(message: &ConsentMessage, chain_id: u64, relay: Address) -> Value {
    json!({
        "types": {
            "EIP712Domain": [
                { "name": "name", "type": "string" },
                { "name": "version", "type": "string" },
                { "name": "chainId", "type": "uint256" },
                { "name": "verifyingContract", "type": "address" },
            ],
            "Field": [
                { "name": "name", "type": "string" },
                { "name": "value", "type": "string" },
            ],
            "Purpose": [
                { "name": "name", "type": "string" },
                { "name": "lawfulBasis", "type": "string" },
                { "name": "granted", "type": "bool" },
            ],
            "Consent": [
                { "name": "controller", "type": "string" },
                { "name": "notice", "type": "bytes32" },
                { "name": "purposes", "type": "Purpose[]" },
                { "name": "fields", "type": "Field[]" },
                { "name": "wallet", "type": "address" },
                { "name": "uid", "type": "uint64" },
                { "name": "version", "type": "uint32" },
                { "name": "previousProof", "type": "bytes32" },
                { "name": "issuedAt", "type": "uint64" },
                { "name": "expiresAt", "type": "uint64" },
                { "name": "nonce", "type": "bytes32" },
            ],
        },
        "primaryType": "Consent",
        "domain": {
            "name": "Sealwatch",
            "version": "1",
            "chainId": chain_id,
            "verifyingContract": relay,
        },
        "message": message,
    })
}

//! EIP-712: types, domain, digest.

mod recent;

use std::cell::RefCell;
use std::sync::LazyLock;

use alloy_primitives::{Address, B256, U256, keccak256};
use serde_json::{Value, json};

use self::recent::Recent;
use super::{ConsentMessage, Purpose};
use crate::proof::V1_FIELDS;

const DOMAIN: &str =
    "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)";
const FIELD: &str = "Field(string name,string value)";
const PURPOSE: &str = "Purpose(string name,string lawfulBasis,bool granted)";
const CONSENT: &str = "Consent(string controller,bytes32 notice,Purpose[] purposes,Field[] fields,address wallet,\
    uint64 uid,uint32 version,bytes32 previousProof,uint64 issuedAt,uint64 expiresAt,bytes32 nonce)";
const NAME: &str = "Sealwatch";
const VERSION: &str = "1";

/// The hashes that are the same for every message. A sweep hashes millions of messages: a general encoder, which makes these anew
/// each time, spends half its time on them.
struct Constants {
    domain: B256,
    name: B256,
    version: B256,
    field: B256,
    purpose: B256,
    consent: B256,
    /// The names of the usual fields.
    names: [(&'static str, B256); V1_FIELDS.len()],
}

impl Constants {
    fn name(&self, name: &str) -> B256 {
        let known = self.names.iter().find(|(known, _)| *known == name);
        known.map_or_else(|| text(name), |(_, hash)| *hash)
    }
}

static CONSTANTS: LazyLock<Constants> = LazyLock::new(|| Constants {
    domain: keccak256(DOMAIN),
    name: keccak256(NAME),
    version: keccak256(VERSION),
    field: keccak256(FIELD),
    purpose: keccak256(PURPOSE),
    // The types that it refers to stand behind it, in the order of their names.
    consent: keccak256([CONSENT, FIELD, PURPOSE].concat()),
    names: V1_FIELDS.map(|name| (name, keccak256(name))),
});

thread_local! {
    // What the messages of one controller share, and with it two fifths of what there is to hash.
    static DOMAINS: RefCell<Recent<(u64, Address)>> = RefCell::default();
    static CONTROLLERS: RefCell<Recent<String>> = RefCell::default();
    static PURPOSES: RefCell<Recent<Purpose>> = RefCell::default();
}

/// What the owner signs of the details: each field's name and value, in their order, and the wallet.
pub(super) struct Details<F> {
    pub fields: F,
    pub wallet: Address,
}

/// The digest of a message with these details in the place of its own.
pub(super) fn digest<'f>(
    message: &ConsentMessage,
    details: Details<impl Iterator<Item = (&'f str, &'f str)>>,
    chain_id: u64,
    relay: Address,
) -> B256 {
    let constants = &*CONSTANTS;
    let field = |(name, value)| hash_struct([constants.field, constants.name(name), text(value)]);
    let consent = hash_struct([
        constants.consent,
        CONTROLLERS.with_borrow_mut(|recent| recent.hash(&message.controller, |name| text(name))),
        message.notice,
        PURPOSES.with_borrow_mut(|recent| {
            let purposes = message.purposes.iter();
            list(purposes.map(|one| recent.hash(one, purpose)))
        }),
        list(details.fields.map(field)),
        details.wallet.into_word(),
        number(message.uid),
        number(message.version.into()),
        message.previous_proof,
        number(message.issued_at),
        number(message.expires_at),
        message.nonce,
    ]);
    let domain = DOMAINS.with_borrow_mut(|recent| recent.hash(&(chain_id, relay), domain));
    let mut signed = [0; 66];
    signed[..2].copy_from_slice(b"\x19\x01");
    signed[2..34].copy_from_slice(domain.as_slice());
    signed[34..].copy_from_slice(consent.as_slice());
    keccak256(signed)
}

fn domain((chain_id, relay): &(u64, Address)) -> B256 {
    hash_struct([
        CONSTANTS.domain,
        CONSTANTS.name,
        CONSTANTS.version,
        number(*chain_id),
        relay.into_word(),
    ])
}

fn purpose(purpose: &Purpose) -> B256 {
    hash_struct([
        CONSTANTS.purpose,
        text(&purpose.name),
        text(&purpose.lawful_basis),
        number(purpose.granted.into()),
    ])
}

fn hash_struct<const N: usize>(words: [B256; N]) -> B256 {
    keccak256(words.map(|word| word.0).as_flattened())
}

fn list(words: impl Iterator<Item = B256>) -> B256 {
    let words: Vec<[u8; 32]> = words.map(|word| word.0).collect();
    keccak256(words.as_flattened())
}

fn text(text: &str) -> B256 {
    keccak256(text)
}

fn number(number: u64) -> B256 {
    U256::from(number).into()
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

//! The consent message as EIP-712 has it: types and digest.

mod recent;

use std::cell::RefCell;
use std::sync::LazyLock;

use alloy_primitives::{Address, B256, keccak256};
use serde_json::{Value, json};

use self::recent::Recent;
use super::{ConsentMessage, Purpose};
use crate::eip712::{self, domain, hash_struct, list, number, text};
use crate::proof::V1_FIELDS;

const FIELD: &str = "Field(string name,string value)";
const PURPOSE: &str = "Purpose(string name,string lawfulBasis,bool granted)";
const CONSENT: &str = "Consent(string controller,bytes32 notice,Purpose[] purposes,Field[] fields,address wallet,\
    uint64 uid,uint32 version,bytes32 previousProof,uint64 issuedAt,uint64 expiresAt,bytes32 nonce)";

/// The hashes that are the same for every message. A sweep hashes millions of messages: a general encoder, which makes these anew
/// each time, spends half its time on them.
struct Constants {
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
    eip712::digest(domain, consent)
}

fn purpose(purpose: &Purpose) -> B256 {
    hash_struct([
        CONSTANTS.purpose,
        text(&purpose.name),
        text(&purpose.lawful_basis),
        number(purpose.granted.into()),
    ])
}

pub(super) fn json(message: &ConsentMessage, chain_id: u64, relay: Address) -> Value {
    let types = json!({
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
    });
    eip712::json(types, "Consent", message, (chain_id, relay))
}

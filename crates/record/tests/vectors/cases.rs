//! Makes the cases. Keys, salts and nonces come from hashes of the case's name, so that the file is the same every time.

use std::collections::BTreeMap;

use alloy_primitives::Bytes;
use record::{
    Address, B256,
    consent::{ConsentMessage, Purpose, signed_fields},
    ids::{Uid, Version},
    proof::{FieldName, Fields, RecordProofInput, Salt, consent_hash},
    signature::ConsentSignature,
};
use secp256k1::{Message, PublicKey, SecretKey, ecdsa::RecoverableSignature};
use sha2::{Digest, Sha256};

use crate::case::Case;

const NOTICE: &[u8] = b"Example Clinic keeps your details to treat you and to bill you.";
const DAY: u64 = 86_400;
const NOON: u64 = 1_795_262_400; // 2026-11-21T12:00:00Z
const ORDINARY: [(&str, &str); 5] = [
    ("name", "Ann Lee"),
    ("email", "ann.lee@example.org"),
    ("phone", "+442079460018"),
    ("age", "34"),
    ("address", "1 Main Street, Springfield"),
];

/// What a case is about; the rest follows from it.
struct Plan {
    name: &'static str,
    chain_id: u64,
    uid: u64,
    version: u32,
    previous_proof: B256,
    timestamp: u64,
    issued_at: u64,
    expires_at: u64,
    controller: String,
    purposes: Vec<Purpose>,
    fields: Vec<(String, String)>,
    signature: Signed,
}

enum Signed {
    Key,
    /// By a key, with the first of the nonces n, n+1, … whose signature is as asked for.
    KeyWhere(fn(&[u8]) -> bool),
    Contract {
        signature: Vec<u8>,
        check_block: u64,
    },
}

fn plan(name: &'static str) -> Plan {
    Plan {
        name,
        chain_id: 31337,
        uid: 1,
        version: 1,
        previous_proof: B256::ZERO,
        timestamp: NOON,
        issued_at: NOON - DAY,
        expires_at: NOON + DAY,
        controller: "Example Clinic, 2 High Street, Springfield".into(),
        purposes: vec![
            purpose("Treatment", "Art. 6(1)(b) GDPR: contract", true),
            purpose("Newsletter", "Art. 6(1)(a) GDPR: consent", false),
        ],
        fields: pairs(&ORDINARY),
        signature: Signed::Key,
    }
}

fn purpose(name: &str, lawful_basis: &str, granted: bool) -> Purpose {
    Purpose {
        name: name.into(),
        lawful_basis: lawful_basis.into(),
        granted,
    }
}

fn pairs(fields: &[(&str, &str)]) -> Vec<(String, String)> {
    fields
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

fn with(field: &str, value: &str) -> Vec<(String, String)> {
    let mut fields = pairs(&ORDINARY);
    fields
        .iter_mut()
        .filter(|(name, _)| name == field)
        .for_each(|(_, v)| *v = value.to_owned());
    fields
}

pub fn all() -> Vec<Case> {
    let mut cases: Vec<Case> = plans().into_iter().map(made).collect();
    cases.extend(three_versions());
    cases.extend(contract_wallets());
    cases
}

fn plans() -> Vec<Plan> {
    let ordinary = || pairs(&ORDINARY);
    vec![
        plan("a first version"),
        Plan {
            uid: 2,
            ..plan("the same details under another UID")
        },
        Plan {
            timestamp: NOON + 1,
            ..plan("anchored a second later")
        },
        Plan {
            chain_id: 1,
            ..plan("on another chain")
        },
        Plan {
            chain_id: (1 << 52) + 1,
            ..plan("a chain id of more than 32 bits")
        },
        Plan {
            uid: (1 << 53) - 1,
            ..plan("the greatest UID that a JSON number holds")
        },
        Plan {
            timestamp: NOON - DAY,
            ..plan("anchored in the first second of the offer")
        },
        Plan {
            timestamp: NOON + DAY,
            ..plan("anchored in the last second of the offer")
        },
        Plan {
            fields: ordinary()
                .into_iter()
                .map(|(name, _)| (name, String::new()))
                .collect(),
            ..plan("all values empty")
        },
        Plan {
            fields: with("age", ""),
            ..plan("one value empty")
        },
        Plan {
            fields: vec![],
            ..plan("no field at all")
        },
        Plan {
            fields: pairs(&[("email", "ann@example.org")]),
            ..plan("one field")
        },
        Plan {
            fields: with("address", &"long ".repeat(13_108)),
            ..plan("a value longer than 65535 bytes")
        },
        Plan {
            fields: (0..300)
                .map(|n| (format!("field_{n}"), format!("value {n}")))
                .collect(),
            ..plan("300 fields")
        },
        Plan {
            fields: pairs(&[
                ("b", "1"),
                ("a_", "2"),
                ("a0", "3"),
                ("_", "4"),
                ("0", "5"),
                ("aa", "6"),
                ("a", "7"),
            ]),
            ..plan("names in byte order: digits, underscore, letters")
        },
        Plan {
            fields: vec![("n".repeat(64), "x".into())],
            ..plan("the longest name")
        },
        Plan {
            fields: pairs(&[("a", "bc")]),
            ..plan("boundaries: a = bc")
        },
        Plan {
            fields: pairs(&[("ab", "c")]),
            ..plan("boundaries: ab = c")
        },
        Plan {
            fields: with(
                "name",
                "J\u{fc}rgen Gro\u{df}mann \u{10d}\u{159}\u{142}\u{f8}",
            ),
            ..plan("Latin letters beyond ASCII")
        },
        Plan {
            fields: with(
                "name",
                "\u{738b}\u{5c0f}\u{660e} / \u{645}\u{6cc}\u{200c}\u{62e}\u{648}\u{627}\u{647}\u{645} / \u{395}\u{3bb}\u{3ad}\u{3bd}\u{3b7}",
            ),
            ..plan("Chinese, Persian with a joiner, Greek")
        },
        Plan {
            fields: with("name", "Zo\u{eb}"),
            ..plan("an accent as one character (NFC)")
        },
        Plan {
            fields: with("name", "Zoe\u{308}"),
            ..plan("the same accent as a combining character (NFD), kept as stored")
        },
        Plan {
            fields: with(
                "name",
                "\u{1d4d0}\u{1f469}\u{200d}\u{1f52c} \u{1f3f3}\u{fe0f}",
            ),
            ..plan("characters beyond 16 bits")
        },
        Plan {
            fields: with(
                "address",
                "\"quoted\" \\ back, <b>&amp; 'x'\n\ttab\u{0}\u{7f}",
            ),
            ..plan("characters that JSON escapes")
        },
        Plan {
            fields: with("name", "  blanks kept \u{a0}"),
            ..plan("blanks at both ends, kept as stored")
        },
        Plan {
            purposes: vec![],
            ..plan("no purpose")
        },
        Plan {
            purposes: (0..12)
                .map(|n| {
                    purpose(
                        &format!("Purpose {n} \u{2013} \u{e9}"),
                        "Art. 6(1)(a)",
                        n % 2 == 0,
                    )
                })
                .collect(),
            ..plan("twelve purposes, half of them refused")
        },
        Plan {
            controller: String::new(),
            ..plan("a controller without a name")
        },
        Plan {
            signature: Signed::KeyWhere(|s| s[64] == 27),
            ..plan("a signature with v 27")
        },
        Plan {
            signature: Signed::KeyWhere(|s| s[64] == 28),
            ..plan("a signature with v 28")
        },
        Plan {
            signature: Signed::KeyWhere(|s| s[0] == 0),
            ..plan("a signature whose r begins with a zero byte")
        },
        Plan {
            signature: Signed::KeyWhere(|s| s[32] == 0),
            ..plan("a signature whose s begins with a zero byte")
        },
    ]
}

/// One record's three versions, each following the one before, and a version far later.
fn three_versions() -> Vec<Case> {
    let version = |name, version, previous_proof, address: &str| {
        let days = u64::from(version) * 10 * DAY;
        made(Plan {
            uid: 12,
            version,
            previous_proof,
            fields: with("address", address),
            timestamp: NOON + days,
            issued_at: NOON + days - DAY,
            expires_at: NOON + days + DAY,
            ..plan(name)
        })
    };
    let first = version(
        "three versions: the first",
        1,
        B256::ZERO,
        "1 Main Street, Springfield",
    );
    let second = version(
        "three versions: the second",
        2,
        first.record_proof,
        "9 Elm Road, Shelbyville",
    );
    let third = version(
        "three versions: the third",
        3,
        second.record_proof,
        "1 Main Street, Springfield",
    );
    let last = made(Plan {
        uid: 12,
        version: u32::MAX,
        previous_proof: third.record_proof,
        ..plan("the last version that fits")
    });
    vec![first, second, third, last]
}

fn contract_wallets() -> Vec<Case> {
    let by = |signature: Vec<u8>, check_block| Signed::Contract {
        signature,
        check_block,
    };
    let two_owners = made(Plan {
        uid: 40,
        signature: by(seed("two owners").repeat(5)[..130].to_vec(), 21_000_000),
        ..plan("a contract wallet of two owners")
    });
    let later = made(Plan {
        uid: 40,
        version: 2,
        previous_proof: two_owners.record_proof,
        signature: by(
            seed("two owners, later").repeat(5)[..130].to_vec(),
            21_000_100,
        ),
        ..plan("a contract wallet's second version")
    });
    let silent = made(Plan {
        uid: 41,
        signature: by(vec![], 1),
        ..plan("a contract wallet that approved on chain and gives an empty signature")
    });
    vec![two_owners, later, silent]
}

fn made(plan: Plan) -> Case {
    let (chain_id, relay) = (plan.chain_id, Address::from_slice(&seed("relay")[..20]));
    let key = SecretKey::from_secret_bytes(seed("owner")).unwrap();
    let public = PublicKey::from_secret_key(&key).serialize_uncompressed();
    let wallet = match &plan.signature {
        Signed::Contract { .. } => Address::from_slice(&seed("contract wallet")[..20]),
        _ => Address::from_raw_public_key(&public[1..]),
    };
    let fields = salted(&plan);
    let mut message = ConsentMessage {
        controller: plan.controller,
        notice: B256::new(Sha256::digest(NOTICE).into()),
        purposes: plan.purposes,
        fields: signed_fields(&fields),
        wallet,
        uid: if plan.version == 1 { 0 } else { plan.uid },
        version: plan.version,
        previous_proof: plan.previous_proof,
        issued_at: plan.issued_at,
        expires_at: plan.expires_at,
        nonce: B256::new(seed(&format!("nonce of {}", plan.name))),
    };
    let signature = match plan.signature {
        Signed::Contract {
            signature,
            check_block,
        } => ConsentSignature::contract(signature, check_block).unwrap(),
        Signed::Key => signed(&key, &message.digest(chain_id, relay)),
        Signed::KeyWhere(wanted) => loop {
            let signature = signed(&key, &message.digest(chain_id, relay));
            if wanted(signature.bytes()) {
                break signature;
            }
            message.nonce = B256::new(Sha256::digest(message.nonce).into());
        },
    };
    let digest = message.digest(chain_id, relay);
    let input = RecordProofInput {
        chain_id,
        relay,
        wallet,
        uid: Uid::new(plan.uid).unwrap(),
        version: Version::new(plan.version).unwrap(),
        timestamp: plan.timestamp,
        consent_hash: consent_hash(&digest, &signature),
        leaves: fields.leaves(),
    };
    let by_name = |value: fn(&record::proof::SaltedValue) -> B256| -> BTreeMap<String, B256> {
        fields
            .iter()
            .map(|(name, field)| (name.to_string(), value(field)))
            .collect()
    };
    Case {
        name: plan.name.into(),
        chain_id,
        relay,
        wallet,
        uid: plan.uid,
        version: plan.version,
        timestamp: plan.timestamp,
        consent_kind: signature.kind(),
        consent_message: message,
        consent_digest: digest,
        consent_check_block: signature.check_block(),
        consent_signature: Bytes::copy_from_slice(signature.bytes()),
        consent_hash: input.consent_hash,
        fields: fields
            .iter()
            .map(|(n, f)| (n.to_string(), f.value().to_owned()))
            .collect(),
        salts: by_name(|field| B256::new(*field.salt().as_bytes())),
        leaves: fields
            .iter()
            .zip(input.leaves.as_slice())
            .map(|((name, _), leaf)| (name.to_string(), *leaf))
            .collect(),
        record_proof: input.record_proof(),
    }
}

fn salted(plan: &Plan) -> Fields {
    let mut fields = Fields::new();
    for (name, value) in &plan.fields {
        // The two cases about boundaries share a salt: only the lengths tell them apart.
        let salt = if plan.name.starts_with("boundaries") {
            seed("salt of boundaries")
        } else {
            seed(&format!("salt of {name} in {}", plan.name))
        };
        let name = FieldName::new(name.clone()).unwrap();
        fields
            .insert(name, Salt::from_bytes(salt), value.clone())
            .unwrap();
    }
    fields
}

fn signed(key: &SecretKey, digest: &B256) -> ConsentSignature {
    let signature =
        RecoverableSignature::sign_ecdsa_recoverable(Message::from_digest(digest.0), key);
    let (id, compact) = signature.serialize_compact();
    ConsentSignature::ecdsa(&[&compact[..], &[id.to_u8()]].concat()).unwrap()
}

fn seed(of: &str) -> [u8; 32] {
    Sha256::digest(format!("sealwatch test vectors: {of}")).into()
}

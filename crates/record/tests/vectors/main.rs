//! The published cases of `docs/RECORD_PROOF.md`: made here, and every one of their keys recomputed from the others.
//!
//! `UPDATE_VECTORS=1 cargo test -p record --test vectors` writes the file anew. A change of it is a change of the format.
#![expect(clippy::unwrap_used, reason = "a failed test may panic")]

mod case;
mod cases;

use std::{collections::HashSet, fs, path::PathBuf};

use case::Case;
use record::{
    B256,
    consent::Standing,
    ids::{Uid, Version},
    proof::{FieldName, Fields, RecordProofInput, Salt, consent_hash},
    signature::ConsentSignature,
};

const KEYS: [&str; 17] = [
    "name",
    "chain_id",
    "relay",
    "wallet",
    "uid",
    "version",
    "timestamp",
    "consent_kind",
    "consent_message",
    "consent_digest",
    "consent_check_block",
    "consent_signature",
    "consent_hash",
    "fields",
    "salts",
    "leaves",
    "record_proof",
];

fn file() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/vectors/record_proof.json")
}

fn committed() -> Vec<Case> {
    serde_json::from_str(&fs::read_to_string(file()).unwrap()).unwrap()
}

#[test]
fn the_committed_file_is_what_is_made_here() {
    let made = serde_json::to_string_pretty(&cases::all()).unwrap() + "\n";
    if std::env::var_os("UPDATE_VECTORS").is_some() {
        fs::write(file(), &made).unwrap();
    }
    let committed = fs::read_to_string(file()).unwrap();
    assert!(
        committed == made,
        "the file differs; UPDATE_VECTORS=1 writes it anew"
    );
}

#[test]
fn there_are_at_least_20_cases_with_exactly_the_published_keys() {
    let json: Vec<serde_json::Map<String, serde_json::Value>> =
        serde_json::from_str(&fs::read_to_string(file()).unwrap()).unwrap();
    assert!(json.len() >= 20, "{}", json.len());
    for case in &json {
        let mut keys: Vec<_> = case.keys().map(String::as_str).collect();
        let mut expected = KEYS;
        keys.sort_unstable();
        expected.sort_unstable();
        assert_eq!(keys, expected);
    }
    let names: HashSet<_> = json
        .iter()
        .map(|case| case["name"].as_str().unwrap())
        .collect();
    assert_eq!(names.len(), json.len(), "each case has a name of its own");
}

#[test]
fn every_case_recomputes() {
    for case in committed() {
        check(&case);
    }
}

fn check(case: &Case) {
    let name = &case.name;
    let mut fields = Fields::new();
    // From the last name to the first: the order in which fields come does not matter.
    for (field, value) in case.fields.iter().rev() {
        let salt = Salt::from_bytes(case.salts[field].0);
        fields
            .insert(FieldName::new(field).unwrap(), salt, value.clone())
            .unwrap();
    }
    let leaves: Vec<B256> = case.leaves.values().copied().collect();
    assert_eq!(fields.leaves().as_slice(), leaves, "{name}: leaves");
    assert!(case.salts.keys().eq(case.fields.keys()), "{name}: salts");
    assert!(case.leaves.keys().eq(case.fields.keys()), "{name}: leaves");

    let rebuilt = case.consent_message.rebuilt(&fields, case.wallet);
    assert!(rebuilt == case.consent_message, "{name}: consent_message");
    let digest = rebuilt.digest(case.chain_id, case.relay);
    assert_eq!(digest, case.consent_digest, "{name}: consent_digest");

    let signature = signature(case);
    assert_eq!(
        signature.bytes(),
        &case.consent_signature[..],
        "{name}: consent_signature"
    );
    if let ConsentSignature::Ecdsa(ecdsa) = &signature {
        assert_eq!(ecdsa.recover(&digest), Ok(case.wallet), "{name}: signer");
        assert_eq!(case.consent_check_block, 0, "{name}: consent_check_block");
    }
    assert_eq!(
        consent_hash(&digest, &signature),
        case.consent_hash,
        "{name}: consent_hash"
    );

    let uid = Uid::new(case.uid).unwrap();
    let version = Version::new(case.version).unwrap();
    let previous = [case.consent_message.previous_proof];
    let standing = Standing {
        uid,
        version,
        previous_proofs: &previous,
    };
    let terms = case.consent_message.check_terms(&standing, case.timestamp);
    assert_eq!(terms, Ok(()), "{name}: terms");

    let proof = RecordProofInput {
        chain_id: case.chain_id,
        relay: case.relay,
        wallet: case.wallet,
        uid,
        version,
        timestamp: case.timestamp,
        consent_hash: case.consent_hash,
        leaves: fields.leaves(),
    };
    assert_eq!(
        proof.record_proof(),
        case.record_proof,
        "{name}: record_proof"
    );
}

fn signature(case: &Case) -> ConsentSignature {
    match case.consent_kind {
        1 => ConsentSignature::ecdsa(&case.consent_signature).unwrap(),
        2 => ConsentSignature::contract(case.consent_signature.to_vec(), case.consent_check_block)
            .unwrap(),
        kind => panic!("{}: kind {kind}", case.name),
    }
}

#[test]
fn later_versions_follow_the_proofs_of_the_ones_before() {
    let cases = committed();
    let proofs: HashSet<_> = cases
        .iter()
        .map(|case| (case.uid, case.record_proof))
        .collect();
    let later: Vec<_> = cases
        .iter()
        .filter(|c| (2..=3).contains(&c.version))
        .collect();
    assert!(later.len() >= 3);
    for case in later {
        assert!(
            proofs.contains(&(case.uid, case.consent_message.previous_proof)),
            "{}",
            case.name
        );
    }
}

#[test]
fn the_page_s_worked_example_is_the_case_with_one_field() {
    let page = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/RECORD_PROOF.md");
    let page = fs::read_to_string(page).unwrap();
    let case = committed()
        .into_iter()
        .find(|case| case.name == "one field")
        .unwrap();
    let signature = alloy_primitives::hex::encode(&case.consent_signature);
    let leaf = &case.leaves["email"];
    let words = [
        &case.consent_digest,
        &case.consent_hash,
        &case.record_proof,
        leaf,
    ];
    let shown = words.map(ToString::to_string).into_iter().chain([
        case.fields["email"].clone(),
        alloy_primitives::hex::encode(case.salts["email"]),
        signature[..64].to_owned(),
        signature[64..128].to_owned(),
        case.consent_message.nonce.to_string(),
        format!("{:x}", case.relay),
        format!("{:x}", case.wallet),
    ]);
    for value in shown {
        assert!(page.contains(&value), "the page lacks {value}");
    }
}

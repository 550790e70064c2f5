//! A row as it was found, for the file of an incident: the sealed cells, as JSON with hexadecimal values.

use database::evidence::Evidence;
use database::sealed::SealedVersion;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// No cell of ours is as long. Whoever fills a row with more must not keep it from being filed.
const LONGEST_CELL: usize = 16 * 1024;
const MOST_VERSIONS: usize = 16;

/// The row's columns. The caller seals the whole.
pub fn to_json(evidence: &Evidence) -> Vec<u8> {
    let versions = &evidence.versions;
    let row = json!({
        "record_id": evidence.record_id.to_string(),
        "uid": evidence.claimed_uid,
        "entered_at": evidence.entered_at.0,
        "owner_key": evidence.owner_key.as_ref().map(|key| cell(&key.bytes)),
        "versions": versions.iter().take(MOST_VERSIONS).map(version).collect::<Vec<_>>(),
        "versions_left_out": versions.len().saturating_sub(MOST_VERSIONS),
    });
    row.to_string().into_bytes()
}

fn version(sealed: &SealedVersion) -> Value {
    let values = &sealed.values;
    let consent = sealed.consent.as_ref();
    json!({
        "version": values.version.get(),
        "draft": values.draft.get(),
        "name": cell(&values.name),
        "email": cell(&values.email),
        "phone": cell(&values.phone),
        "age": cell(&values.age),
        "address": cell(&values.address),
        "wallet": cell(&values.wallet),
        "relation": cell(&values.relation),
        "anchor": values.anchor.as_deref().map(cell),
        "message": consent.map(|consent| cell(&consent.message)),
        "signature": consent.map(|consent| cell(&consent.signature)),
    })
}

fn cell(bytes: &[u8]) -> Value {
    if bytes.len() <= LONGEST_CELL {
        return hex::encode(bytes).into();
    }
    json!({ "length": bytes.len(), "sha256": hex::encode(Sha256::digest(bytes)) })
}

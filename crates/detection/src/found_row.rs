//! A row as it was found, for the file of an incident: the sealed cells, as JSON with hexadecimal values.

use database::consents::Consent;
use database::evidence::Evidence;
use database::records::Head;
use database::sealed::SealedVersion;
use record::signature::MAX_CONTRACT_SIGNATURE;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// No cell of ours is as long: the longest is an order signed by a contract, in hexadecimal digits, with what a cell adds to it. Whoever fills a row with more must not keep it from being filed.
const LONGEST_CELL: usize = 2 * MAX_CONTRACT_SIGNATURE + 2048;
const MOST_VERSIONS: usize = 16;

/// The row's columns. The caller seals the whole.
pub fn to_json(evidence: &Evidence) -> Vec<u8> {
    let versions = &evidence.versions;
    let row = json!({
        "record_id": evidence.record_id.to_string(),
        "uid": evidence.claimed_uid,
        "entered_at": evidence.entered_at.0,
        "head": evidence.head.as_ref().map(head),
        "owner_key": evidence.owner_key.as_ref().map(|key| cell(&key.bytes)),
        "versions": versions.iter().take(MOST_VERSIONS).map(version).collect::<Vec<_>>(),
        "versions_left_out": versions.len().saturating_sub(MOST_VERSIONS),
    });
    row.to_string().into_bytes()
}

fn version(sealed: &SealedVersion) -> Value {
    let values = &sealed.values;
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
        "wallet_order": values.wallet_order.as_deref().map(cell),
        "consent": sealed.consent.as_ref().map(consent),
    })
}

fn head(head: &Head) -> Value {
    let row = &head.record;
    json!({
        "state": row.state.as_str(),
        "version": row.version.get(),
        "draft": row.draft.get(),
        "wallet_index": hex::encode(row.wallet_index),
        "email_index": hex::encode(row.email_index),
        "submission": row.submission.to_string(),
        "created_by": row.created_by.to_string(),
        "updated_at": row.updated_at.0,
        "mac": cell(&head.mac),
    })
}

fn consent(consent: &Consent) -> Value {
    json!({
        "draft": consent.draft.get(),
        "link_id": consent.link_id.to_string(),
        "message": cell(&consent.message),
        "signature": cell(&consent.signature),
        "nonce_index": hex::encode(consent.nonce_index),
        "received_at": consent.received_at.0,
        "mac": cell(&consent.mac),
    })
}

fn cell(bytes: &[u8]) -> Value {
    if bytes.len() <= LONGEST_CELL {
        return hex::encode(bytes).into();
    }
    json!({ "length": bytes.len(), "sha256": hex::encode(Sha256::digest(bytes)) })
}

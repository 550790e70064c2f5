//! A row as it was found, for the file of an incident: the sealed cells, as JSON with hexadecimal values.

use database::evidence::Evidence;
use serde_json::{Value, json};

/// The row's columns. The caller seals the whole.
pub fn to_json(evidence: &Evidence) -> Vec<u8> {
    let versions: Vec<Value> = evidence
        .versions
        .iter()
        .map(|sealed| {
            let values = &sealed.values;
            json!({
                "version": values.version.get(),
                "draft": values.draft.get(),
                "name": hex::encode(&values.name),
                "email": hex::encode(&values.email),
                "phone": hex::encode(&values.phone),
                "age": hex::encode(&values.age),
                "address": hex::encode(&values.address),
                "wallet": hex::encode(&values.wallet),
                "relation": hex::encode(&values.relation),
                "anchor": values.anchor.as_deref().map(hex::encode),
                "message": sealed.consent.as_ref().map(|consent| hex::encode(&consent.message)),
                "signature": sealed.consent.as_ref().map(|consent| hex::encode(&consent.signature)),
            })
        })
        .collect();
    let row = json!({
        "record_id": evidence.record_id.to_string(),
        "uid": evidence.claimed_uid,
        "entered_at": evidence.entered_at.0,
        "owner_key": evidence.owner_key.as_ref().map(|key| hex::encode(&key.bytes)),
        "versions": versions,
    });
    row.to_string().into_bytes()
}

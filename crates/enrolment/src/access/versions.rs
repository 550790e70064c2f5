//! The versions of a record in clear, with all that it takes to verify each without us.

use alloy_primitives::{Address, B256};
use database::evidence::Evidence;
use database::record_events::{RecordEvent, RecordEventKind};
use database::sealed::{Anchor as Place, KeptMessage, OpenedVersion, SealedVersion};
use keyring::{FrontKeys, OwnerKey};
use record::ids::Version as Number;
use record::proof::{Fields, Leaves, RecordProofInput, consent_hash};
use record::signature::ConsentSignature;
use record::time::UnixMillis;

use super::disclosure::{Anchor, Consent, Field, Signature, Version, WalletOrder};
use crate::EnrolmentError;

/// What it takes to open them.
pub(super) struct Opening<'a> {
    pub(super) key: &'a OwnerKey,
    pub(super) front: &'a FrontKeys,
    /// Chain and relay.
    pub(super) site: (u64, Address),
}

/// All of them, the oldest first. The values of one that another replaced are gone; when, the history tells, in the same order.
pub(super) fn versions(
    evidence: &Evidence,
    events: &[RecordEvent],
    opening: &Opening<'_>,
) -> Result<Vec<Version>, EnrolmentError> {
    let destroyed = |event: &&RecordEvent| event.kind == RecordEventKind::ValuesDestroyed;
    let mut destroyed = events.iter().filter(destroyed).map(|event| event.at);
    let mut versions = Vec::new();
    for sealed in &evidence.versions {
        let opened = sealed.open(opening.key);
        let destroyed_at = match opened.is_redacted {
            true => destroyed.next(),
            false => None,
        };
        versions.push(version(sealed, opened, opening, destroyed_at)?);
    }
    match versions.is_empty() {
        true => Err(EnrolmentError::unreadable("there is no version")),
        false => Ok(versions),
    }
}

fn version(
    sealed: &SealedVersion,
    mut opened: OpenedVersion,
    opening: &Opening<'_>,
    values_destroyed_at: Option<UnixMillis>,
) -> Result<Version, EnrolmentError> {
    let gone = || EnrolmentError::unreadable("a value does not open");
    let wallet = opened.wallet.clone().map_err(EnrolmentError::unreadable)?;
    let relation = opened
        .relation
        .clone()
        .map_err(EnrolmentError::unreadable)?;
    let fields = match opened.is_redacted {
        true => None,
        false => Some(opened.whole_fields().ok_or_else(gone)?),
    };
    let anchor = opened.anchor.take().transpose();
    let anchor = anchor.map_err(EnrolmentError::unreadable)?;
    let leaves = match (&fields, &anchor) {
        (Some(fields), _) => Some(fields.leaves().as_slice().to_vec()),
        (None, Some(anchor)) => Some(anchor.leaves.clone()),
        (None, None) => None,
    };
    let order = opened.wallet_order.take().transpose();
    let order = order.map_err(EnrolmentError::unreadable)?;
    let consent = consent(sealed, opened, fields.as_ref(), wallet, opening)?;
    let anchor = match anchor {
        Some(anchor) => {
            let (leaves, signed) = (leaves.clone(), consent.as_ref());
            let (leaves, signed) = leaves.zip(signed).ok_or_else(gone)?;
            let bound = (wallet, sealed.values.version, signed.consent_hash);
            Some(anchored(&anchor, leaves, bound, opening.site)?)
        }
        None => None,
    };
    Ok(Version {
        version: sealed.values.version.get(),
        is_anchored: anchor.is_some(),
        wallet,
        relation: relation.to_string(),
        fields: fields.as_ref().map(in_clear),
        values_destroyed_at,
        leaves,
        consent,
        anchor,
        wallet_order: order.map(|order| WalletOrder {
            digest: order.change.digest(opening.site),
            signature: in_hex(&order.signature),
            change: order.change,
        }),
    })
}

/// Its place on the chain, and the word that stands there if nobody has changed anything.
fn anchored(
    anchor: &Place,
    leaves: Vec<B256>,
    (wallet, version, consent_hash): (Address, Number, B256),
    (chain_id, relay): (u64, Address),
) -> Result<Anchor, EnrolmentError> {
    let input = RecordProofInput {
        chain_id,
        relay,
        wallet,
        uid: anchor.uid,
        version,
        timestamp: anchor.timestamp,
        consent_hash,
        leaves: Leaves::new(leaves)?,
    };
    Ok(Anchor {
        uid: anchor.uid.get(),
        timestamp: anchor.timestamp,
        record_proof: input.record_proof(),
        transaction: anchor.transaction,
        block: anchor.block,
    })
}

fn in_clear(fields: &Fields) -> Vec<Field> {
    let fields = fields.iter();
    let shown = fields.map(|(name, field)| Field {
        name: name.as_str().to_owned(),
        value: field.value().to_owned(),
        salt: B256::from(*field.salt().as_bytes()),
    });
    shown.collect()
}

/// What was signed; none while nobody has. A row that is not ours is no consent.
fn consent(
    sealed: &SealedVersion,
    opened: OpenedVersion,
    fields: Option<&Fields>,
    wallet: Address,
    opening: &Opening<'_>,
) -> Result<Option<Consent>, EnrolmentError> {
    let Some(row) = &sealed.consent else {
        return Ok(None);
    };
    if !row.is_ours(opening.front) || row.draft != sealed.values.draft {
        return Err(EnrolmentError::unreadable("a consent is not ours"));
    }
    let (Some(message), Some(signature)) = (opened.message, opened.signature) else {
        return Ok(None);
    };
    let message = message.map_err(EnrolmentError::unreadable)?;
    let signature = signature.map_err(EnrolmentError::unreadable)?;
    let (digest, message, terms) = match message {
        KeptMessage::Terms(terms) => (terms.digest, None, Some(terms)),
        KeptMessage::Whole(message) => {
            let fields = fields.ok_or_else(|| EnrolmentError::unreadable("a value is gone"))?;
            // As it is checked: made anew from the values themselves.
            let message = message.rebuilt(fields, wallet);
            let digest = message.digest(opening.site.0, opening.site.1);
            (digest, Some(message), None)
        }
    };
    Ok(Some(Consent {
        received_at: row.received_at,
        digest,
        consent_hash: consent_hash(&digest, &signature),
        signature: in_hex(&signature),
        message,
        terms,
    }))
}

fn in_hex(signature: &ConsentSignature) -> Signature {
    Signature {
        kind: signature.kind(),
        check_block: signature.check_block(),
        bytes: format!("0x{}", hex::encode(signature.bytes())),
    }
}

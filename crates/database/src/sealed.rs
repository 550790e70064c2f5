//! A record version between its sealed cells and its plain values. docs/SEALING.md tells what stands in which cell.

mod anchor;
mod anew;
mod opened;
mod predecessor;

use alloy_primitives::Address;
use keyring::{CellKind, FrontKeys, OpenError, Opened, OwnerKey, Place};
use rand::CryptoRng;
use record::consent::ConsentMessage;
use record::ids::{Draft, LinkId, Version};
use record::proof::{FieldName, Fields, ProofError, Salt};
use record::signature::ConsentSignature;
use record::time::UnixMillis;
use zeroize::Zeroizing;

use crate::consents::{Consent, nonce_index};
use crate::record_versions::RecordVersion;

pub use anchor::Anchor;
pub use anew::NotWhole;
pub(crate) use anew::cell_anew;
pub use opened::{
    Cell, CellProblem, KeptMessage, OpenedVersion, SealedVersion, open_field, open_message,
};
pub use predecessor::{Predecessor, PredecessorError};

/// The values of one record version in clear. Wiped when dropped; can't be printed.
pub struct PlainVersion {
    /// Which state of the record.
    pub version: Version,
    /// Which draft of it.
    pub draft: Draft,
    /// The five fields of v1, each with its salt.
    pub fields: Fields,
    /// The owner's wallet.
    pub wallet: Address,
    /// Whose wallet it is, as staff entered it.
    pub relation: Zeroizing<String>,
}

impl PlainVersion {
    /// A new draft: every field gets a fresh salt, so that no two drafts share a leaf.
    /// Refuses values that do not fit the proof's format (a name twice).
    pub fn with_fresh_salts(
        version: Version,
        draft: Draft,
        values: impl IntoIterator<Item = (FieldName, Zeroizing<String>)>,
        wallet: Address,
        relation: Zeroizing<String>,
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> Result<Self, ProofError> {
        let mut fields = Fields::new();
        for (name, value) in values {
            fields.insert(name, Salt::random(rng), value)?;
        }
        Ok(Self {
            version,
            draft,
            fields,
            wallet,
            relation,
        })
    }

    /// Seals every value into its cell; none when a field of v1 is absent.
    #[must_use]
    pub fn seal(
        &self,
        key: &OwnerKey,
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> Option<RecordVersion> {
        let mut field = |name| {
            let field = self.fields.get(name)?;
            let place = Place::field(self.version, self.draft, name);
            Some(key.seal(
                &place,
                field.salt().as_bytes(),
                field.value().as_bytes(),
                rng,
            ))
        };
        Some(RecordVersion {
            record_id: key.record_id(),
            version: self.version,
            draft: self.draft,
            name: field("name")?,
            email: field("email")?,
            phone: field("phone")?,
            age: field("age")?,
            address: field("address")?,
            wallet: self.cell(key, CellKind::Wallet, self.wallet.as_slice(), rng),
            relation: self.cell(key, CellKind::Relation, self.relation.as_bytes(), rng),
            anchor: None,
            wallet_order: None,
        })
    }

    fn cell(
        &self,
        key: &OwnerKey,
        kind: CellKind,
        value: &[u8],
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> Vec<u8> {
        seal_cell(key, self.version, self.draft, kind, value, rng)
    }
}

/// Seals a value that there is one of per version and draft; its salt serves no proof.
#[must_use]
pub fn seal_cell(
    key: &OwnerKey,
    version: Version,
    draft: Draft,
    kind: CellKind,
    value: &[u8],
    rng: &mut (impl CryptoRng + ?Sized),
) -> Vec<u8> {
    let salt = Salt::random(rng);
    key.seal(
        &Place::of(version, draft, kind),
        salt.as_bytes(),
        value,
        rng,
    )
}

/// Opens what [`seal_cell`] sealed for the same place.
pub fn open_cell(
    key: &OwnerKey,
    version: Version,
    draft: Draft,
    kind: CellKind,
    cell: &[u8],
) -> Result<Opened, OpenError> {
    key.open(cell, &Place::of(version, draft, kind))
}

/// Seals what the owner signed; [`crate::consents::insert`] writes it.
#[must_use]
pub fn seal_consent(
    key: &OwnerKey,
    front: &FrontKeys,
    signed: &SignedConsent<'_>,
    rng: &mut (impl CryptoRng + ?Sized),
    now: UnixMillis,
) -> Consent {
    let (version, draft) = (signed.version, signed.draft);
    let message = signed.message.to_json();
    let signature = signed.signature.to_stored();
    let consent = Consent {
        record_id: key.record_id(),
        version,
        draft,
        link_id: signed.link_id,
        message: seal_cell(key, version, draft, CellKind::ConsentMessage, &message, rng),
        signature: seal_cell(
            key,
            version,
            draft,
            CellKind::ConsentSignature,
            &signature,
            rng,
        ),
        nonce_index: nonce_index(front, &signed.message.nonce),
        received_at: now,
        mac: Vec::new(),
    };
    consent.with_mac(front)
}

/// What an owner signed, and where.
pub struct SignedConsent<'a> {
    /// The version signed.
    pub version: Version,
    /// The draft signed.
    pub draft: Draft,
    /// The link it came through.
    pub link_id: LinkId,
    /// The whole message.
    pub message: &'a ConsentMessage,
    /// The signature.
    pub signature: &'a ConsentSignature,
}

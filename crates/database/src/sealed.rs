//! A record version between its sealed cells and its plain values. docs/SEALING.md tells what stands in which cell.

use std::collections::BTreeMap;

use alloy_primitives::{Address, B256};
use keyring::{CellKind, FrontKeys, OpenError, Opened, OwnerKey, Place};
use rand::CryptoRng;
use record::consent::ConsentMessage;
use record::ids::{Draft, LinkId, Uid, Version};
use record::proof::{FieldName, Fields, ProofError, Salt};
use record::signature::ConsentSignature;
use record::time::UnixMillis;
use zeroize::Zeroizing;

use crate::consents::{Consent, nonce_index};
use crate::record_versions::RecordVersion;

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
    ///
    /// # Errors
    /// When `values` do not fit the proof's format (a name twice).
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
        now: UnixMillis,
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
            created_at: now,
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
///
/// # Errors
/// When the cell is not the one that belongs here.
pub fn open_cell(
    key: &OwnerKey,
    version: Version,
    draft: Draft,
    kind: CellKind,
    cell: &[u8],
) -> Result<Opened, OpenError> {
    key.open(cell, &Place::of(version, draft, kind))
}

/// What an anchored version knows of its place on the chain:
/// `u64 uid ‖ u64 timestamp ‖ transaction (32) ‖ u64 block ‖ u16 count ‖ leaves (32 each, in byte order of field names)`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Anchor {
    /// The UID.
    pub uid: Uid,
    /// The anchored timestamp, in Unix seconds.
    pub timestamp: u64,
    /// The transaction that wrote it.
    pub transaction: B256,
    /// The block that holds it.
    pub block: u64,
    /// The leaves that were anchored, to tell an altered field by name.
    pub leaves: Vec<B256>,
}

impl Anchor {
    /// Seals the anchor for its version; none when there are more leaves than the format carries.
    #[must_use]
    pub fn seal(
        &self,
        key: &OwnerKey,
        version: Version,
        draft: Draft,
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> Option<Vec<u8>> {
        let value = self.to_bytes()?;
        Some(seal_cell(
            key,
            version,
            draft,
            CellKind::Anchor,
            &value,
            rng,
        ))
    }

    fn to_bytes(&self) -> Option<Vec<u8>> {
        let count = u16::try_from(self.leaves.len()).ok()?;
        let mut bytes = Vec::with_capacity(58 + 32 * self.leaves.len());
        bytes.extend_from_slice(&self.uid.get().to_be_bytes());
        bytes.extend_from_slice(&self.timestamp.to_be_bytes());
        bytes.extend_from_slice(self.transaction.as_slice());
        bytes.extend_from_slice(&self.block.to_be_bytes());
        bytes.extend_from_slice(&count.to_be_bytes());
        for leaf in &self.leaves {
            bytes.extend_from_slice(leaf.as_slice());
        }
        Some(bytes)
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (uid, rest) = bytes.split_first_chunk::<8>()?;
        let (timestamp, rest) = rest.split_first_chunk::<8>()?;
        let (transaction, rest) = rest.split_first_chunk::<32>()?;
        let (block, rest) = rest.split_first_chunk::<8>()?;
        let (count, rest) = rest.split_first_chunk::<2>()?;
        let (leaves, remainder) = rest.as_chunks::<32>();
        if !remainder.is_empty() || leaves.len() != usize::from(u16::from_be_bytes(*count)) {
            return None;
        }
        Some(Self {
            uid: Uid::new(u64::from_be_bytes(*uid))?,
            timestamp: u64::from_be_bytes(*timestamp),
            transaction: B256::from(*transaction),
            block: u64::from_be_bytes(*block),
            leaves: leaves.iter().copied().map(B256::from).collect(),
        })
    }
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
    let message = Zeroizing::new(
        serde_json::to_vec(signed.message).expect("a message is made of texts and numbers only"),
    );
    let signature = signed.signature.to_stored();
    Consent {
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
    }
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

/// The sealed cells of one record version with its consent, as they stand in the tables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedVersion {
    /// The values.
    pub values: RecordVersion,
    /// What the owner signed, once they did.
    pub consent: Option<Consent>,
}

/// Why one cell gave no value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CellProblem {
    /// It is not the cell that belongs here, or was altered.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// It opened, and holds what a cell of its kind never holds.
    #[error("the cell does not hold what its kind says")]
    Content,
}

/// What one cell gave.
pub type Cell<T> = Result<T, CellProblem>;

/// A field's salt and value.
pub struct OpenedField {
    /// The salt of its leaf.
    pub salt: Salt,
    /// The value.
    pub value: Zeroizing<String>,
}

/// What each cell of a version gave. One that does not open says why, and hides no other.
pub struct OpenedVersion {
    /// Each field of v1.
    pub fields: BTreeMap<FieldName, Cell<OpenedField>>,
    /// The wallet.
    pub wallet: Cell<Address>,
    /// Whose wallet it is.
    pub relation: Cell<Zeroizing<String>>,
    /// The anchor, when there is a cell.
    pub anchor: Option<Cell<Anchor>>,
    /// The message, when there is a consent.
    pub message: Option<Cell<ConsentMessage>>,
    /// The signature, when there is a consent.
    pub signature: Option<Cell<ConsentSignature>>,
}

impl OpenedVersion {
    /// All fields with their salts, when every one of them opened.
    #[must_use]
    pub fn whole_fields(&self) -> Option<Fields> {
        let mut whole = Fields::new();
        for (name, cell) in &self.fields {
            let field = cell.as_ref().ok()?;
            whole
                .insert(name.clone(), field.salt.clone(), field.value.clone())
                .ok()?;
        }
        Some(whole)
    }
}

impl SealedVersion {
    /// Opens every cell at the place where it was found.
    #[must_use]
    pub fn open(&self, key: &OwnerKey) -> OpenedVersion {
        let values = &self.values;
        let at = |kind| Place::of(values.version, values.draft, kind);
        let consent = |cell: fn(&Consent) -> &Vec<u8>, kind| {
            self.consent.as_ref().map(|consent| {
                // A consent to another draft was given to other values.
                key.open(cell(consent), &at(kind))
                    .map_err(CellProblem::from)
            })
        };
        OpenedVersion {
            fields: open_fields(values, key),
            wallet: content(key.open(&values.wallet, &at(CellKind::Wallet)), |value| {
                Address::try_from(value).ok()
            }),
            relation: content(key.open(&values.relation, &at(CellKind::Relation)), text),
            anchor: values
                .anchor
                .as_deref()
                .map(|cell| content(key.open(cell, &at(CellKind::Anchor)), Anchor::from_bytes)),
            message: consent(|row| &row.message, CellKind::ConsentMessage).map(|opened| {
                opened.and_then(|opened| {
                    serde_json::from_slice(&opened.value).map_err(|_| CellProblem::Content)
                })
            }),
            signature: consent(|row| &row.signature, CellKind::ConsentSignature).map(|opened| {
                opened.and_then(|opened| {
                    ConsentSignature::from_stored(&opened.value).map_err(|_| CellProblem::Content)
                })
            }),
        }
    }
}

impl RecordVersion {
    /// Opens the values of a version that is taken to be whole; the first cell that does not open is the error.
    ///
    /// # Errors
    /// As above.
    pub fn open(&self, key: &OwnerKey) -> Result<PlainVersion, CellProblem> {
        let at = |kind| Place::of(self.version, self.draft, kind);
        let mut fields = Fields::new();
        for (name, cell) in open_fields(self, key) {
            let field = cell?;
            fields
                .insert(name, field.salt, field.value)
                .map_err(|_| CellProblem::Content)?;
        }
        Ok(PlainVersion {
            version: self.version,
            draft: self.draft,
            fields,
            wallet: content(key.open(&self.wallet, &at(CellKind::Wallet)), |value| {
                Address::try_from(value).ok()
            })?,
            relation: content(key.open(&self.relation, &at(CellKind::Relation)), text)?,
        })
    }
}

/// Opens one field's cell.
///
/// # Errors
/// When the cell is not the one that belongs here.
pub fn open_field(
    key: &OwnerKey,
    version: Version,
    draft: Draft,
    name: &str,
    cell: &[u8],
) -> Cell<OpenedField> {
    let opened = key.open(cell, &Place::field(version, draft, name))?;
    Ok(OpenedField {
        salt: Salt::from_bytes(opened.salt),
        value: text(&opened.value).ok_or(CellProblem::Content)?,
    })
}

fn open_fields(values: &RecordVersion, key: &OwnerKey) -> BTreeMap<FieldName, Cell<OpenedField>> {
    FieldName::v1()
        .into_iter()
        .map(|name| {
            let cell = values.field(name.as_str()).unwrap_or_default();
            let opened = open_field(key, values.version, values.draft, name.as_str(), cell);
            (name, opened)
        })
        .collect()
}

fn content<T>(opened: Result<Opened, OpenError>, read: impl FnOnce(&[u8]) -> Option<T>) -> Cell<T> {
    read(&opened?.value).ok_or(CellProblem::Content)
}

fn text(value: &[u8]) -> Option<Zeroizing<String>> {
    str::from_utf8(value)
        .ok()
        .map(|text| Zeroizing::new(text.to_owned()))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failed test may panic")]
    use super::*;

    #[test]
    fn an_anchor_reads_back_what_it_writes_and_nothing_else() {
        let anchor = Anchor {
            uid: Uid::new(7).unwrap(),
            timestamp: 1_700_000_000,
            transaction: B256::repeat_byte(3),
            block: 99,
            leaves: vec![B256::repeat_byte(1), B256::repeat_byte(2)],
        };
        let bytes = anchor.to_bytes().unwrap();
        assert_eq!(bytes.len(), 58 + 64);
        assert_eq!(Anchor::from_bytes(&bytes), Some(anchor));
        for length in 0..bytes.len() {
            assert_eq!(Anchor::from_bytes(&bytes[..length]), None, "{length} bytes");
        }
        let longer = [bytes, vec![0]].concat();
        assert_eq!(Anchor::from_bytes(&longer), None);
    }
}

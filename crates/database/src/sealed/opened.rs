//! Opening: each cell of a version says for itself what it gave.

use std::collections::BTreeMap;

use alloy_primitives::Address;
use keyring::{CellKind, OpenError, Opened, OwnerKey, Place};
use record::consent::ConsentMessage;
use record::ids::{Draft, Version};
use record::proof::{FieldName, Fields, Salt};
use record::signature::ConsentSignature;
use zeroize::Zeroizing;

use super::{Anchor, PlainVersion};
use crate::consents::Consent;
use crate::record_versions::RecordVersion;

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
                    ConsentMessage::from_json(&opened.value).map_err(|_| CellProblem::Content)
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

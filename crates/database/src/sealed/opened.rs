//! Opening: each cell of a version says for itself what it gave.

use std::collections::BTreeMap;

use alloy_primitives::Address;
use keyring::{CellKind, OpenError, Opened, OwnerKey, Place};
use record::consent::{ConsentMessage, ConsentTerms, Purpose};
use record::ids::{Draft, Version};
use record::proof::{FieldName, Fields, Salt, SaltedValue};
use record::signature::ConsentSignature;
use record::wallet_change::WalletOrder;
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
    /// There is no cell.
    #[error("the cell is empty")]
    Empty,
}

/// What one cell gave.
pub type Cell<T> = Result<T, CellProblem>;

/// What each cell of a version gave. One that does not open says why, and hides no other.
pub struct OpenedVersion {
    /// Each field of v1.
    pub fields: BTreeMap<FieldName, Cell<SaltedValue>>,
    /// The wallet.
    pub wallet: Cell<Address>,
    /// Whose wallet it is.
    pub relation: Cell<Zeroizing<String>>,
    /// The anchor, when there is a cell.
    pub anchor: Option<Cell<Anchor>>,
    /// The authority's order to change the wallet, when there is a cell.
    pub wallet_order: Option<Cell<WalletOrder>>,
    /// What is kept of the message, when there is a consent.
    pub message: Option<Cell<KeptMessage>>,
    /// The signature, when there is a consent.
    pub signature: Option<Cell<ConsentSignature>>,
    /// Whether its values were destroyed, as those of a version that another one replaced are. Then no field has a cell.
    pub is_redacted: bool,
}

/// What is kept of what the owner signed.
#[derive(Clone, PartialEq, Eq)]
pub enum KeptMessage {
    /// All of it.
    Whole(ConsentMessage),
    /// What stays when the values of the version are destroyed.
    Terms(ConsentTerms),
}

impl KeptMessage {
    /// What the owner was asked, and said. It stays in any case: it is how the controller shows that they agreed (GDPR Art. 7(1)).
    #[must_use]
    pub fn into_purposes(self) -> Vec<Purpose> {
        match self {
            Self::Whole(message) => message.purposes,
            Self::Terms(terms) => terms.purposes,
        }
    }
}

impl OpenedVersion {
    /// The message, when it opened and is whole.
    #[must_use]
    pub fn whole_message(&self) -> Option<&ConsentMessage> {
        match self.message.as_ref()? {
            Ok(KeptMessage::Whole(message)) => Some(message),
            _ => None,
        }
    }

    /// What stays of the message, when it opened and is no more than that.
    #[must_use]
    pub fn terms(&self) -> Option<&ConsentTerms> {
        match self.message.as_ref()? {
            Ok(KeptMessage::Terms(terms)) => Some(terms),
            _ => None,
        }
    }

    /// All fields, when every one of them opened.
    #[must_use]
    pub fn all_fields(&self) -> Option<Vec<(&FieldName, &SaltedValue)>> {
        let fields = self.fields.iter();
        fields
            .map(|(name, cell)| Some((name, cell.as_ref().ok()?)))
            .collect()
    }

    /// [`Self::all_fields`], to be kept.
    #[must_use]
    pub fn whole_fields(&self) -> Option<Fields> {
        let mut whole = Fields::new();
        for (name, field) in self.all_fields()? {
            whole.put(name.clone(), field.clone()).ok()?;
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
        let (message, is_redacted) = self.open_message(key);
        let mut fields = open_fields(values, key);
        if is_redacted {
            fields.values_mut().for_each(nothing_is_left);
        }
        OpenedVersion {
            fields,
            wallet: content(key.open(&values.wallet, &at(CellKind::Wallet)), |value| {
                Address::try_from(value).ok()
            }),
            relation: content(key.open(&values.relation, &at(CellKind::Relation)), text),
            anchor: values
                .anchor
                .as_deref()
                .map(|cell| content(key.open(cell, &at(CellKind::Anchor)), Anchor::from_bytes)),
            wallet_order: values.open_wallet_order(key),
            message,
            // A consent to another draft was given to other values.
            signature: self.consent.as_ref().map(|consent| {
                let opened = key.open(&consent.signature, &at(CellKind::ConsentSignature));
                content(opened, |value| ConsentSignature::from_stored(value).ok())
            }),
            is_redacted,
        }
    }

    /// What is kept of the message, and whether the values were destroyed. Where the message does not tell, the fields do: one
    /// cell that somebody broke must not make another kind of version of it.
    fn open_message(&self, key: &OwnerKey) -> (Option<Cell<KeptMessage>>, bool) {
        let values = &self.values;
        let has_no_values = !values.has_values();
        let Some(consent) = &self.consent else {
            return (None, has_no_values);
        };
        let place = (values.version, values.draft);
        let whole = whole_message(key, place, &consent.message);
        if whole.is_ok() {
            return (Some(whole), false);
        }
        let terms = terms_of_message(key, place, &consent.message);
        if terms.is_ok() || has_no_values {
            return (Some(terms), true);
        }
        (Some(whole), false)
    }
}

/// What is kept of the message of a consent, by the version and draft that the consent names.
pub fn open_message(key: &OwnerKey, consent: &Consent) -> Cell<KeptMessage> {
    let place = (consent.version, consent.draft);
    let whole = whole_message(key, place, &consent.message);
    whole.or_else(|_| terms_of_message(key, place, &consent.message))
}

fn whole_message(
    key: &OwnerKey,
    (version, draft): (Version, Draft),
    cell: &[u8],
) -> Cell<KeptMessage> {
    let opened = key.open(cell, &Place::of(version, draft, CellKind::ConsentMessage));
    content(opened, |value| {
        let message = ConsentMessage::from_json(value).ok();
        message.map(KeptMessage::Whole)
    })
}

fn terms_of_message(
    key: &OwnerKey,
    (version, draft): (Version, Draft),
    cell: &[u8],
) -> Cell<KeptMessage> {
    let opened = key.open(cell, &Place::of(version, draft, CellKind::ConsentTerms));
    content(opened, |value| {
        ConsentTerms::from_json(value).ok().map(KeptMessage::Terms)
    })
}

/// A value where there should be none any more is a fault, also when it opens.
fn nothing_is_left(field: &mut Cell<SaltedValue>) {
    if field.is_ok() {
        *field = Err(CellProblem::Content);
    }
}

impl RecordVersion {
    /// Opens the values of a version that is taken to be whole; the first cell that does not open is the error.
    pub fn open(&self, key: &OwnerKey) -> Result<PlainVersion, CellProblem> {
        let at = |kind| Place::of(self.version, self.draft, kind);
        let mut fields = Fields::new();
        for (name, cell) in open_fields(self, key) {
            let field = cell?;
            fields.put(name, field).map_err(|_| CellProblem::Content)?;
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

impl RecordVersion {
    /// What the cell of the authority's order gives, when there is one.
    #[must_use]
    pub fn open_wallet_order(&self, key: &OwnerKey) -> Option<Cell<WalletOrder>> {
        let place = Place::of(self.version, self.draft, CellKind::WalletOrder);
        let cell = self.wallet_order.as_deref()?;
        Some(content(key.open(cell, &place), WalletOrder::from_json))
    }
}

/// Opens one field's cell.
pub fn open_field(
    key: &OwnerKey,
    version: Version,
    draft: Draft,
    name: &str,
    cell: &[u8],
) -> Cell<SaltedValue> {
    if cell.is_empty() {
        return Err(CellProblem::Empty);
    }
    let opened = key.open(cell, &Place::field(version, draft, name))?;
    let value = text(&opened.value).ok_or(CellProblem::Content)?;
    SaltedValue::new(Salt::from_bytes(opened.salt), value).map_err(|_| CellProblem::Content)
}

fn open_fields(values: &RecordVersion, key: &OwnerKey) -> BTreeMap<FieldName, Cell<SaltedValue>> {
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

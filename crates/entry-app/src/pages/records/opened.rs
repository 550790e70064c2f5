//! A record with whatever of it opens.

use std::borrow::Cow;

use database::record_versions::RecordVersion;
use database::records::{self, Record, RecordState};
use database::{corrections, owner_keys, record_versions, sealed};
use enrolment::Details;
use keyring::{CellKind, OwnerKey};
use record::ids::RecordId;
use sqlx::MySqlConnection;
use web_kit::error::{Error, Result};
use zeroize::Zeroizing;

use super::explain_row;
use crate::state::Desk;

/// The record, and in clear what of it could be opened.
pub struct Opened {
    pub record: Record,
    /// None when a value, the key or the row is gone, or does not open.
    pub details: Option<Details>,
    /// What the owner signed before, while a correction is under way and as far as it opens.
    pub before: Option<Details>,
    /// What the owner wants corrected, while that is open.
    pub note: Option<Note>,
}

/// One detail on the page.
pub struct Fact<'a> {
    pub label: &'static str,
    pub value: Cow<'a, str>,
    /// What the owner signed before, where it is something else.
    pub before: Option<Cow<'a, str>>,
}

/// An owner's wish.
pub enum Note {
    /// In the owner's words.
    Text(Zeroizing<String>),
    /// It does not open.
    Tampered,
}

impl Opened {
    /// Reads the record and opens its values. A record whose own row is not ours is refused as such.
    pub async fn load(desk: &Desk, connection: &mut MySqlConnection, id: RecordId) -> Result<Self> {
        let record = load_record(desk, connection, id).await?;
        let wrapped = owner_keys::of_record(connection, id).await?;
        let key = wrapped.and_then(|wrapped| desk.keys.unwrap_owner_key(&wrapped).ok());
        let row = record_versions::load(connection, id, record.version).await?;
        let before = match record.has_correction_under_way() {
            true => record_versions::newest_anchored_below(connection, id, record.version).await?,
            false => None,
        };
        let details = open_details(key.as_ref(), row);
        let before = open_details(key.as_ref(), before);
        Ok(Self {
            details,
            before,
            note: open_note(connection, key.as_ref(), &record).await?,
            record,
        })
    }

    /// The details, as long as they may be changed.
    pub fn editable(&self) -> Result<&Details> {
        if !self.can_be_edited() {
            return Err(Error::conflict(
                "The details can't be changed any more: the owner has signed or declined.",
            ));
        }
        let details = self.details.as_ref();
        details.ok_or_else(|| Error::tampered(super::TAMPERED))
    }

    /// Whether the owner's answer is still to come.
    pub fn can_be_edited(&self) -> bool {
        matches!(
            self.record.state,
            RecordState::AwaitingConsent | RecordState::CorrectionRequested
        )
    }

    /// What the owner signed before the correction that is under way: its wallet stays. Without it there is nothing to correct.
    pub fn signed(&self) -> Result<Option<&Details>> {
        if !self.record.has_correction_under_way() {
            return Ok(None);
        }
        let before = self.before.as_ref();
        before
            .map(Some)
            .ok_or_else(|| Error::tampered(super::TAMPERED))
    }

    /// The details as the page shows them, each with what the owner signed before where that is something else.
    pub fn facts(&self) -> Vec<Fact<'_>> {
        let Some(details) = &self.details else {
            return Vec::new();
        };
        let before = self.before.as_ref().unwrap_or(details);
        let pairs = texts_of(details).into_iter().zip(texts_of(before));
        let fact = |((label, value), (_, before))| Fact {
            label,
            before: Some(before).filter(|before| *before != value),
            value,
        };
        pairs.map(fact).collect()
    }

    /// Whose wallet signs, in words.
    pub fn whose_wallet(&self) -> String {
        let relation = self
            .details
            .as_ref()
            .map(|details| details.relation.as_str());
        match relation.and_then(|relation| relation.split_once(": ")) {
            Some((signer, words)) => format!("A {signer}'s: {words}"),
            None => "The person's own".to_owned(),
        }
    }
}

/// The details in the order in which people read them, each with what it is called.
fn texts_of(details: &Details) -> [(&'static str, Cow<'_, str>); 5] {
    [
        ("Name", Cow::Borrowed(details.name.as_str())),
        ("E-mail", Cow::Borrowed(details.email.as_str())),
        ("Phone", Cow::Borrowed(details.phone.as_str())),
        ("Age", Cow::Owned(details.age.to_string())),
        ("Address", Cow::Borrowed(details.address.as_str())),
    ]
}

fn open_details(key: Option<&OwnerKey>, row: Option<RecordVersion>) -> Option<Details> {
    Details::of(&row?.open(key?).ok()?)
}

/// The record's own row.
pub async fn load_record(
    desk: &Desk,
    connection: &mut MySqlConnection,
    id: RecordId,
) -> Result<Record> {
    records::load(connection, &desk.keys.front(), id)
        .await
        .map_err(explain_row)?
        .ok_or(Error::NotFound)
}

async fn open_note(
    connection: &mut MySqlConnection,
    key: Option<&OwnerKey>,
    record: &Record,
) -> Result<Option<Note>> {
    let wishes = corrections::of_record(connection, record.id).await?;
    let open = wishes.into_iter().find(|wish| wish.resolved_at.is_none());
    Ok(open.map(|wish| {
        let (version, draft) = (wish.version, wish.draft);
        let text = key.and_then(|key| {
            let kind = CellKind::CorrectionNote;
            let opened = sealed::open_cell(key, version, draft, kind, &wish.note).ok()?;
            opened.text().map(|text| Zeroizing::new(text.to_owned()))
        });
        text.map_or(Note::Tampered, Note::Text)
    }))
}

//! A record with whatever of it opens.

use std::borrow::Cow;

use database::access_log::UseGround;
use database::corrections::{self, Correction};
use database::record_versions::RecordVersion;
use database::records::{self, Record, RecordState};
use database::{owner_keys, record_events, record_versions, sealed};
use enrolment::Details;
use enrolment::restriction::{self, Limits, Permit, Restricted};
use keyring::{CellKind, OwnerKey};
use record::ids::{CorrectionId, RecordId};
use record::time::UnixMillis;
use record::wallet_change::WalletChange;
use sqlx::MySqlConnection;
use web_kit::error::{Error, Result};
use web_kit::sign_in::{App, SignedIn};
use zeroize::Zeroizing;

use super::{explain, explain_row, place};
use crate::state::Desk;

const RESTRICTED: &str = "The use of this record is restricted. Open the record in another tab and state there on what you use it; then come back to this page \
                          and try again: what you typed is still there.";

/// The record, and in clear what of it could be opened.
pub struct Opened {
    pub record: Record,
    /// None when a value, the key or the row is gone, or does not open.
    pub details: Option<Details>,
    /// What the owner signed before, while a correction is under way and as far as it opens.
    pub before: Option<Details>,
    /// The newest change of the wallet, ordered by the authority.
    pub wallet_change: Option<WalletChange>,
    /// What the owner wants corrected, while that is open, the newest first.
    pub notes: Vec<Note>,
    /// What they wanted before, and staff did not correct.
    pub refused: Vec<Note>,
    /// Whether, and on what, this person may see the above; where they may not, nothing of it was opened.
    permit: Result<Permit, Restricted>,
}

/// One detail on the page.
pub struct Fact<'a> {
    pub label: &'static str,
    pub value: Cow<'a, str>,
    /// What the owner signed before, where it is something else.
    pub before: Option<Cow<'a, str>>,
}

/// An owner's wish.
pub struct Note {
    pub id: CorrectionId,
    /// In the owner's words; none when it does not open.
    pub text: Option<Zeroizing<String>>,
    /// What staff answered.
    pub answer: Option<Zeroizing<String>>,
    pub asked_at: UnixMillis,
}

impl Opened {
    /// Reads the record and opens its values. A record whose own row is not ours is refused as such, and one that has ended on
    /// the chain as well: its rows may be there still, or again.
    pub async fn load(
        desk: &Desk,
        connection: &mut MySqlConnection,
        person: &SignedIn,
        id: RecordId,
    ) -> Result<Self> {
        let record = load_record(desk, connection, id).await?;
        if place::has_ended(desk, &record).await {
            return Err(Error::conflict(ended(record.state)));
        }
        let limits = limits(desk, connection, &record).await?;
        let permit = permit_of(desk, connection, person, (id, &limits)).await?;
        if permit.is_err() {
            return Ok(Self::withheld(record));
        }
        let opened = Self::read(desk, connection, record, permit).await?;
        match opened.details {
            // Without a lock the owner's key may have been replaced between two of the reads.
            None => Self::read(desk, connection, opened.record, opened.permit).await,
            Some(_) => Ok(opened),
        }
    }

    async fn read(
        desk: &Desk,
        connection: &mut MySqlConnection,
        record: Record,
        permit: std::result::Result<Permit, Restricted>,
    ) -> Result<Self> {
        let id = record.id;
        let wrapped = owner_keys::of_record(connection, id).await?;
        let key = wrapped.and_then(|wrapped| desk.keys.unwrap_owner_key(&wrapped).ok());
        let row = record_versions::load(connection, id, record.version).await?;
        let before = match record.has_correction_under_way() {
            true => record_versions::newest_anchored_below(connection, id, record.version).await?,
            false => None,
        };
        let ordered = record_versions::newest_ordered(connection, id).await?;
        let ordered = ordered.zip(key.as_ref());
        let order = ordered.and_then(|(row, key)| row.open_wallet_order(key)?.ok());
        let details = open_details(key.as_ref(), row);
        let (notes, refused) = open_notes(connection, key.as_ref(), &record).await?;
        let before = open_details(key.as_ref(), before);
        Ok(Self {
            details,
            before,
            wallet_change: order.map(|order| order.change),
            notes,
            refused,
            record,
            permit,
        })
    }

    /// The same for a page that uses the details: of a restricted record only on a ground.
    pub async fn to_use(
        desk: &Desk,
        connection: &mut MySqlConnection,
        person: &SignedIn,
        id: RecordId,
    ) -> Result<Self> {
        let opened = Self::load(desk, connection, person, id).await?;
        match opened.permit {
            Ok(_) => Ok(opened),
            Err(Restricted) => Err(Error::conflict(RESTRICTED)),
        }
    }

    fn withheld(record: Record) -> Self {
        Self {
            record,
            details: None,
            before: None,
            wallet_change: None,
            notes: Vec::new(),
            refused: Vec::new(),
            permit: Err(Restricted),
        }
    }

    /// Whether nothing was opened, since the record is restricted.
    pub fn is_withheld(&self) -> bool {
        self.permit.is_err()
    }

    /// On what this person sees it, where it is restricted.
    pub fn ground(&self) -> Option<UseGround> {
        self.permit.ok().and_then(Permit::ground)
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

    /// What is to be signed in the place of what the owner signed before, where a correction is under way: whose wallet it names stays.
    /// Without what was signed before there is nothing to correct.
    pub fn signed(&self) -> Result<Option<&Details>> {
        if !self.record.has_correction_under_way() {
            return Ok(None);
        }
        let both = self.before.as_ref().and(self.details.as_ref());
        both.map(Some)
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

/// Nothing is destroyed that nobody asked for: whoever has the controller's key could end any record.
fn ended(state: RecordState) -> &'static str {
    match state {
        RecordState::Erasing => {
            "This record was erased on the chain. Nothing of it is shown any more; what is left of it is being destroyed."
        }
        _ => {
            "This record has ended on the chain, and nothing here says why. Tell your data-protection officer. Until that is clear, nothing of it is shown."
        }
    }
}

/// What a record may be used for.
pub async fn limits(
    desk: &Desk,
    connection: &mut MySqlConnection,
    record: &Record,
) -> Result<Limits> {
    let history = record_events::of_record(connection, &desk.keys.front(), record.id).await?;
    let basis = |purpose: &_| desk.profile.basis(purpose);
    Limits::load(connection, &desk.keys, record, &history, &basis)
        .await
        .map_err(explain)
}

/// Whether this person may see details now.
async fn permit_of(
    desk: &Desk,
    connection: &mut MySqlConnection,
    person: &SignedIn,
    (id, limits): (RecordId, &Limits),
) -> Result<Result<Permit, Restricted>> {
    let (who, now) = ((person.staff_id(), id, App::Entry), desk.clock.now());
    restriction::permit(connection, &desk.keys, limits, who, now)
        .await
        .map_err(explain)
}

/// For what uses a record's details without showing them: on what it may, where the record is restricted.
pub async fn ground_to_use(
    desk: &Desk,
    connection: &mut MySqlConnection,
    person: &SignedIn,
    record: &Record,
) -> Result<Option<UseGround>> {
    let limits = limits(desk, connection, record).await?;
    let permit = permit_of(desk, connection, person, (record.id, &limits)).await?;
    let permit = permit.map_err(|Restricted| Error::conflict(RESTRICTED))?;
    Ok(permit.ground())
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

/// Those that are open, and those that were answered in words.
async fn open_notes(
    connection: &mut MySqlConnection,
    key: Option<&OwnerKey>,
    record: &Record,
) -> Result<(Vec<Note>, Vec<Note>)> {
    let wishes = corrections::of_record(connection, record.id).await?;
    let (open, over): (Vec<_>, Vec<_>) = wishes
        .into_iter()
        .partition(|wish| wish.resolved_at.is_none());
    let read = |wishes: Vec<Correction>| wishes.iter().map(|wish| Note::of(wish, key)).collect();
    let refused = over.into_iter().filter(|wish| wish.answer.is_some());
    Ok((read(open), read(refused.collect())))
}

impl Note {
    fn of(wish: &Correction, key: Option<&OwnerKey>) -> Self {
        let open = |kind, cell: &[u8]| {
            let opened = sealed::open_cell(key?, wish.version, wish.draft, kind, cell).ok()?;
            opened.text().map(|text| Zeroizing::new(text.to_owned()))
        };
        let answer = wish.answer.as_deref();
        Self {
            id: wish.id,
            text: open(CellKind::CorrectionNote, &wish.note),
            answer: answer.and_then(|cell| open(CellKind::CorrectionAnswer, cell)),
            asked_at: wish.asked_at,
        }
    }
}

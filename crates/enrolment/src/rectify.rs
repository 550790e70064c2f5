//! Rectification (GDPR Art. 16): a further version of an anchored record, which its owner signs like the first. Until that is
//! anchored the version before stands; giving it up leaves no trace but in the history.

use keyring::FrontKeys;
use rand::CryptoRng;
use record::ids::{Draft, RecordId};
use record::time::UnixMillis;
use sqlx::MySqlConnection;

use database::record_events::{self, Actor, RecordEventKind};
use database::records::{self, Record, RecordState};
use database::{anchoring_jobs, consents, corrections, record_versions};

use crate::EnrolmentError;
use crate::details::Details;
use crate::link::{self, FreshLink, Sending};
use crate::office::Office;

/// Begins a further version with these details, and makes the link by which its owner signs it. The wallet stays the same:
/// nobody else could sign in the owner's place.
///
/// # Errors
/// [`EnrolmentError::State`] unless the record is anchored and nothing else is under way, [`EnrolmentError::OtherWallet`] and
/// [`EnrolmentError::Unchanged`] when the details are none that could follow.
pub async fn rectify(
    transaction: &mut MySqlConnection,
    office: &Office<'_>,
    id: RecordId,
    details: &Details,
    sending: Sending,
    rng: &mut (impl CryptoRng + Send),
) -> Result<FreshLink, EnrolmentError> {
    let front = office.keys.front();
    let mut record = records::lock(transaction, &front, id)
        .await?
        .ok_or(EnrolmentError::Unknown)?;
    if record.state != RecordState::Anchored {
        return Err(EnrolmentError::State(record.state));
    }
    let (key, anchored) = link::open(transaction, office, &record).await?;
    details.can_follow(&anchored)?;
    let full = || EnrolmentError::unreadable("the record has had all versions there are");
    record.version = record.version.next().ok_or_else(full)?;
    record.draft = fresh_draft(transaction, &front, id).await?;
    record.state = RecordState::AwaitingConsent;
    let sealed = details.seal(&key, record.version, record.draft, rng)?;
    record_versions::insert(transaction, &sealed).await?;
    records::update(transaction, &front, &mut record, office.now).await?;
    office
        .note(transaction, id, RecordEventKind::RectificationBegun)
        .await?;
    link::make(transaction, office, &record, &key, details, sending, rng).await
}

/// Gives up a further version: the staff's doing. Nothing of it may be on its way to the chain.
///
/// # Errors
/// [`EnrolmentError::State`] when there is none, or it is approved.
pub async fn drop_rectification(
    transaction: &mut MySqlConnection,
    office: &Office<'_>,
    id: RecordId,
) -> Result<(), EnrolmentError> {
    let front = office.keys.front();
    // The job before the record, as a round locks them: the other way about the two could wait for each other.
    let rejected = anchoring_jobs::lock_rejected(transaction, office.keys, id).await?;
    let mut record = records::lock(transaction, &front, id)
        .await?
        .ok_or(EnrolmentError::Unknown)?;
    let is_rejected = rejected.iter().any(|job| job.version == record.version);
    let is_waiting = match record.state {
        RecordState::AwaitingConsent
        | RecordState::CorrectionRequested
        | RecordState::Consented => true,
        RecordState::Approved => is_rejected,
        RecordState::Anchored | RecordState::Declined => false,
    };
    if !record.is_corrected() || !is_waiting {
        return Err(EnrolmentError::State(record.state));
    }
    link::end_all(transaction, &front, id).await?;
    consents::remove(transaction, id, record.version).await?;
    corrections::resolve(transaction, id, office.now).await?;
    let who = Actor::Staff(office.staff);
    step_back(transaction, &front, &mut record, who, office.now).await
}

/// Takes an unsigned further version out again; the record is what it was. `record` is locked, and its links are ended.
///
/// # Errors
/// [`EnrolmentError::State`] when it is a first version.
pub async fn step_back(
    transaction: &mut MySqlConnection,
    front: &FrontKeys,
    record: &mut Record,
    who: Actor,
    now: UnixMillis,
) -> Result<(), EnrolmentError> {
    let before = record.version.previous();
    let before = before.ok_or(EnrolmentError::State(record.state))?;
    let anchored = record_versions::load(transaction, record.id, before).await?;
    let anchored = anchored
        .ok_or_else(|| EnrolmentError::unreadable("the values of the version before are gone"))?;
    record_versions::remove(transaction, record.id, record.version).await?;
    (record.version, record.draft) = (before, anchored.draft);
    record.state = RecordState::Anchored;
    records::update(transaction, front, record, now).await?;
    let what = RecordEventKind::RectificationDropped;
    record_events::append(transaction, front, record.id, what, who, now).await?;
    Ok(())
}

/// A number that no draft of this record had before: whoever puts rows of a version that was given up back in the place of this
/// one is found out by it.
async fn fresh_draft(
    transaction: &mut MySqlConnection,
    front: &FrontKeys,
    id: RecordId,
) -> Result<Draft, EnrolmentError> {
    let history = record_events::of_record(transaction, front, id).await?;
    let makes_a_draft = |kind| {
        let kinds = [RecordEventKind::Edited, RecordEventKind::RectificationBegun];
        kinds.contains(&kind)
    };
    let drafts = history
        .rows
        .iter()
        .filter(|step| makes_a_draft(step.kind))
        .count();
    let full = |_| EnrolmentError::unreadable("the record has had all drafts there are");
    Ok(Draft::new(u32::try_from(drafts).map_err(full)?))
}

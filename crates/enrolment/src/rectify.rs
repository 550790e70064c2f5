//! Rectification (GDPR Art. 16): a further version of an anchored record, which its owner signs like the first. Until that is
//! anchored the version before stands; of one that is given up the history alone is left.

use keyring::{CellKind, FrontKeys, OwnerKey};
use rand::CryptoRng;
use record::ids::{Draft, RecordId, Version};
use record::time::UnixMillis;
use record::wallet_change::WalletOrder;
use sqlx::MySqlConnection;

use database::anchoring_jobs;
use database::record_events::{self, Actor, RecordEventKind};
use database::records::{self, Record, RecordState};
use database::sealed::seal_cell;
use database::{consent_links, consents, corrections, record_versions};
use notification::{EventKey, Mail};

use crate::EnrolmentError;
use crate::access;
use crate::details::Details;
use crate::link::{self, FreshLink, Sending};
use crate::office::Office;
use crate::place::Place;

/// Begins a further version with these details, and makes the link by which its owner signs it. The wallet stays the same:
/// nobody else could sign in the owner's place.
///
/// # Errors
/// [`EnrolmentError::State`] unless the record is anchored and nothing else is under way, [`EnrolmentError::OtherWallet`] and
/// [`EnrolmentError::Unchanged`] when the details are none that could follow, [`EnrolmentError::Overtaken`] when the place is
/// not above what stands here.
pub async fn rectify(
    transaction: &mut MySqlConnection,
    office: &Office<'_>,
    id: RecordId,
    place: &Place,
    details: &Details,
    sending: Sending,
    rng: &mut (impl CryptoRng + Send),
) -> Result<FreshLink, EnrolmentError> {
    let (mut record, key, anchored) = anchored(transaction, office, id, place).await?;
    details.can_follow(&anchored, anchored.wallet)?;
    corrections::resolve(transaction, id, Version::FIRST..=record.version, office.now).await?;
    begin(
        transaction,
        office,
        &mut record,
        place,
        (&key, details, None),
        rng,
    )
    .await?;
    if details.email != anchored.email {
        tell_address_before(transaction, office, &record, &anchored).await?;
    }
    let (place, opened) = (Some(place), (&key, details));
    link::make(transaction, office, &record, place, opened, sending, rng).await
}

/// Asks once more for the consents of a record: a further version with the details that are anchored, so that its owner answers
/// anew.
///
/// # Errors
/// Those of [`rectify`] but for the details.
pub async fn ask_again(
    transaction: &mut MySqlConnection,
    office: &Office<'_>,
    id: RecordId,
    place: &Place,
    sending: Sending,
    rng: &mut (impl CryptoRng + Send),
) -> Result<FreshLink, EnrolmentError> {
    let (mut record, key, anchored) = anchored(transaction, office, id, place).await?;
    let drafted = (&key, &anchored, None);
    begin(transaction, office, &mut record, place, drafted, rng).await?;
    let (place, opened) = (Some(place), (&key, &anchored));
    link::make(transaction, office, &record, place, opened, sending, rng).await
}

/// A record that a further version can follow, locked, with its key and what is anchored.
pub(crate) async fn anchored(
    transaction: &mut MySqlConnection,
    office: &Office<'_>,
    id: RecordId,
    place: &Place,
) -> Result<(Record, OwnerKey, Details), EnrolmentError> {
    let record = records::lock(transaction, &office.keys.front(), id)
        .await?
        .ok_or(EnrolmentError::Unknown)?;
    if record.state != RecordState::Anchored {
        return Err(EnrolmentError::State(record.state));
    }
    if place.version <= record.version {
        return Err(EnrolmentError::Overtaken);
    }
    let (key, anchored) = link::open(transaction, office, &record).await?;
    Ok((record, key, anchored))
}

/// Puts a further version with these details beside the one that is anchored; the record's head names it. Where its wallet is another
/// one, the authority's order stands beside it.
pub(crate) async fn begin(
    transaction: &mut MySqlConnection,
    office: &Office<'_>,
    record: &mut Record,
    place: &Place,
    (key, details, order): (&OwnerKey, &Details, Option<&WalletOrder>),
    rng: &mut (impl CryptoRng + Send),
) -> Result<(), EnrolmentError> {
    let (front, id) = (office.keys.front(), record.id);
    record.draft = fresh_draft(transaction, &front, record).await?;
    record.version = place.version;
    record.state = RecordState::AwaitingConsent;
    let mut sealed = details.seal(key, record.version, record.draft, rng)?;
    sealed.wallet_order = order.map(|order| seal_order(order, key, record, rng));
    record_versions::insert(transaction, &sealed).await?;
    // Of a version whose row somebody took away; the owner could not sign this one beside it.
    consents::remove(transaction, id, record.version).await?;
    records::update(transaction, &front, record, office.now).await?;
    let what = RecordEventKind::RectificationBegun;
    office.note(transaction, id, what).await?;
    Ok(())
}

/// The authority's order, for the draft that the head names.
pub(crate) fn seal_order(
    order: &WalletOrder,
    key: &OwnerKey,
    record: &Record,
    rng: &mut (impl CryptoRng + ?Sized),
) -> Vec<u8> {
    let (version, draft, kind) = (record.version, record.draft, CellKind::WalletOrder);
    seal_cell(key, version, draft, kind, &order.to_json(), rng)
}

/// Gives up a further version: the staff's doing. Nothing of it may be on its way to the chain.
///
/// # Errors
/// [`EnrolmentError::State`] when there is none, or it is approved and was not rejected since.
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
    let version = record.version;
    if !record.has_correction_under_way() {
        return Err(EnrolmentError::State(record.state));
    }
    // Whatever the record's state says: somebody may have put that back.
    let is_free = !has_job(transaction, office, id, version).await?
        || rejected.iter().any(|job| job.version == Some(version));
    if !is_free {
        return Err(EnrolmentError::State(RecordState::Approved));
    }
    link::end_all(transaction, &front, id).await?;
    consent_links::forget_used_for(transaction, &front, id, version).await?;
    if consents::remove(transaction, id, version).await? {
        tell_dropped(transaction, office, &record).await?;
    }
    corrections::resolve(transaction, id, version..=version, office.now).await?;
    let who = Actor::Staff(office.staff);
    step_back(transaction, &front, &mut record, who, office.now).await
}

/// To the address that is anchored: what was to follow it may be what somebody tampered with.
async fn tell_dropped(
    transaction: &mut MySqlConnection,
    office: &Office<'_>,
    record: &Record,
) -> Result<(), EnrolmentError> {
    let key = link::key_of(transaction, office.keys, record.id).await?;
    let anchored = link::anchored_below(transaction, record, &key).await?;
    let mail = Mail::CorrectionDropped {
        first_name: notification::first_name(&anchored.name),
        controller: office.controller.to_owned(),
        contact: office.contact.to_owned(),
        withdrawal_url: office.withdrawal_url(record.id),
    };
    tell(transaction, office, record, &anchored, &mail).await
}

/// Who takes over somebody's record begins with the address that is written to.
pub(crate) async fn tell_address_before(
    transaction: &mut MySqlConnection,
    office: &Office<'_>,
    record: &Record,
    anchored: &Details,
) -> Result<(), EnrolmentError> {
    let mail = Mail::AddressCorrected {
        first_name: notification::first_name(&anchored.name),
        controller: office.controller.to_owned(),
        contact: office.contact.to_owned(),
        withdrawal_url: office.withdrawal_url(record.id),
    };
    tell(transaction, office, record, anchored, &mail).await
}

/// Puts a mail about this draft into the outbox, to the address in these details.
async fn tell(
    transaction: &mut MySqlConnection,
    office: &Office<'_>,
    record: &Record,
    to: &Details,
    mail: &Mail,
) -> Result<(), EnrolmentError> {
    let front = office.keys.front();
    let event = EventKey::of_draft(mail.kind(), record.id, record.version, record.draft);
    notification::enqueue(transaction, &front, office.now, event, &to.email, mail).await?;
    Ok(())
}

/// Whether a version is, or was, on its way to the chain. One of whose jobs nobody can tell may be.
async fn has_job(
    transaction: &mut MySqlConnection,
    office: &Office<'_>,
    id: RecordId,
    version: Version,
) -> Result<bool, EnrolmentError> {
    let jobs = anchoring_jobs::of_record(transaction, office.keys, id).await?;
    if !jobs.tampered.is_empty() {
        return Err(EnrolmentError::unreadable("a job of it is not ours"));
    }
    Ok(jobs.rows.iter().any(|job| job.version == Some(version)))
}

/// Takes a further version out again; the record is what it was. `record` is locked, its links are ended, and nothing of the
/// version is on its way to the chain.
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
    if !record.has_correction_under_way() {
        return Err(EnrolmentError::State(record.state));
    }
    let (id, version) = (record.id, record.version);
    let anchored = record_versions::newest_anchored_below(transaction, id, version).await?;
    let anchored = anchored
        .ok_or_else(|| EnrolmentError::unreadable("the values of the version before are gone"))?;
    access::end_all(transaction, front, id).await?;
    record_versions::remove(transaction, id, version).await?;
    (record.version, record.draft) = (anchored.version, anchored.draft);
    record.state = RecordState::Anchored;
    records::update(transaction, front, record, now).await?;
    let what = RecordEventKind::RectificationDropped;
    record_events::append(transaction, front, id, what, who, now).await?;
    Ok(())
}

/// A number that no draft of this record had before: whoever puts rows of a version that was given up back in the place of this
/// one is found out by it.
async fn fresh_draft(
    transaction: &mut MySqlConnection,
    front: &FrontKeys,
    record: &Record,
) -> Result<Draft, EnrolmentError> {
    let full = || EnrolmentError::unreadable("the record has had all drafts there are");
    let so_far = record_events::drafts_of(transaction, front, record.id).await?;
    // Whoever takes lines out of the history lowers its count, and not what the head says.
    let next = record.draft.next().ok_or_else(full)?;
    Ok(next.max(Draft::new(so_far.count)))
}

//! A person decides about a request.

use database::erasures::{self, Erasure, ErasureState, Identity};
use database::record_events::RecordEventKind;
use database::records::{self, Record, RecordState};
use database::{MySqlConnection, consent_links};
use notification::{EventKey, Mail};
use rand::CryptoRng;
use record::erasure::ErasureEvidence;
use record::ids::RecordId;

use super::current;
use crate::EnrolmentError;
use crate::access;
use crate::letterhead::Reader;
use crate::office::Office;
use crate::signed::newest_signed;

/// What a record is erased on.
pub struct Granting {
    /// What shows that it is the owner who asked.
    pub identity: Identity,
    /// What the owner or the authority signed. Who grants has seen that it holds.
    pub evidence: ErasureEvidence,
}

/// Decides to erase: the record moves on, its links end, and what they hold of the owner goes. Its retirement is queued by the caller,
/// before, in the same transaction. Gives the request as it stands then, for its copy.
///
/// # Errors
/// [`EnrolmentError::State`] when nothing is asked, or a correction is under way.
pub async fn grant(
    transaction: &mut MySqlConnection,
    office: &Office<'_>,
    id: RecordId,
    granting: &Granting,
    rng: &mut (impl CryptoRng + Send),
) -> Result<Erasure, EnrolmentError> {
    let keys = office.keys;
    let (mut record, mut erasure) = open_request(transaction, office, id).await?;
    if record.state != RecordState::Anchored {
        return Err(EnrolmentError::State(record.state));
    }
    erasure.state = ErasureState::Granted;
    erasure.identity = Some(granting.identity);
    erasure.fill(keys, &granting.evidence.to_json(), rng);
    decided(&mut erasure, office);
    erasures::update(transaction, keys, &erasure).await?;
    move_on(transaction, office, &mut record).await?;
    office
        .note(transaction, id, RecordEventKind::ErasureGranted)
        .await?;
    Ok(erasure)
}

/// Nothing lets anybody in any more; the record waits for its end on the chain.
pub(crate) async fn move_on(
    transaction: &mut MySqlConnection,
    office: &Office<'_>,
    record: &mut Record,
) -> Result<(), EnrolmentError> {
    let (front, id) = (office.keys.front(), record.id);
    consent_links::revoke_open(transaction, &front, id).await?;
    consent_links::forget_all_of(transaction, &front, id).await?;
    access::end_all(transaction, &front, id).await?;
    record.state = RecordState::Erasing;
    records::update(transaction, &front, record, office.now).await?;
    Ok(())
}

/// Decides to keep the record, and tells the owner why; `officer` is how they reach the data-protection officer.
///
/// # Errors
/// [`EnrolmentError::State`] when nothing is asked; [`EnrolmentError::Unreadable`] when nobody can be told.
pub async fn refuse(
    transaction: &mut MySqlConnection,
    office: &Office<'_>,
    id: RecordId,
    officer: &str,
    reason: &str,
    rng: &mut (impl CryptoRng + Send),
) -> Result<(), EnrolmentError> {
    let (record, mut erasure) = open_request(transaction, office, id).await?;
    let signed = newest_signed(transaction, office.keys, &record).await?;
    let details = signed.and_then(|signed| signed.details);
    let details = details.ok_or_else(|| EnrolmentError::unreadable("the details do not open"))?;
    let reader = Reader::of(&details);
    erasure.state = ErasureState::Refused;
    erasure.fill(office.keys, reason.as_bytes(), rng);
    decided(&mut erasure, office);
    erasures::update(transaction, office.keys, &erasure).await?;
    let mail = Mail::ErasureRefused {
        first_name: reader.first_name.clone(),
        controller: office.controller.to_owned(),
        contact: office.contact.to_owned(),
        officer: officer.to_owned(),
        reason: reason.to_owned(),
        withdrawal_url: office.withdrawal_url(id),
    };
    let (front, now) = (office.keys.front(), office.now);
    let event = EventKey::of(mail.kind(), erasure.id.as_bytes());
    notification::enqueue(transaction, &front, now, event, &reader.email, &mail).await?;
    office
        .note(transaction, id, RecordEventKind::ErasureRefused)
        .await?;
    Ok(())
}

fn decided(erasure: &mut Erasure, office: &Office<'_>) {
    erasure.decided_by = Some(office.staff);
    erasure.decided_at = Some(office.now);
}

/// The record, locked, and the request that is open about it.
async fn open_request(
    transaction: &mut MySqlConnection,
    office: &Office<'_>,
    id: RecordId,
) -> Result<(Record, Erasure), EnrolmentError> {
    let record = records::lock(transaction, &office.keys.front(), id)
        .await?
        .ok_or(EnrolmentError::Unknown)?;
    let open = current(transaction, office.keys, id).await?;
    let open = open.filter(|one| one.state == ErasureState::Open);
    let state = record.state;
    open.map(|open| (record, open))
        .ok_or(EnrolmentError::State(state))
}

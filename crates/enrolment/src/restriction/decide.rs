//! A person decides about a request.

use database::MySqlConnection;
use database::records::{self, Record, RecordState};
use database::restriction_steps::{RestrictionStepKind as Kind, RestrictionSubject as Subject};
use notification::{Mail, RestrictionNews};
use rand::CryptoRng;
use record::ids::{RecordId, RestrictionId};

use super::requests::{Request, Requests};
use super::step::{NewStep, letter, make, tell};
use crate::EnrolmentError;
use crate::letterhead::Reader;
use crate::office::Office;
use crate::signed::newest_signed;

/// Decides that it is so: the record stays restricted, or the purposes have ended. False where the owner could not be told by mail.
///
/// # Errors
/// [`EnrolmentError::Decided`] when nothing is open.
pub async fn grant(
    transaction: &mut MySqlConnection,
    office: &Office<'_>,
    ids: (RecordId, RestrictionId),
    rng: &mut (impl CryptoRng + Send),
) -> Result<bool, EnrolmentError> {
    let (record, request) = load(transaction, office, ids).await?;
    if !request.is_open() {
        return Err(EnrolmentError::Decided);
    }
    let step = further(
        transaction,
        office,
        (&record, &request),
        (Kind::Granted, None),
        rng,
    )
    .await?;
    let news = match request.asked.subject {
        Subject::Restriction => RestrictionNews::Granted,
        Subject::Objection | Subject::Marketing => RestrictionNews::Upheld,
    };
    write(transaction, office, &record, (step, news)).await
}

/// Decides that it is not so, and tells the owner why; `officer` is how they reach the data-protection officer. The record stays
/// restricted until that is lifted.
///
/// # Errors
/// [`EnrolmentError::Decided`] when nothing is open; [`EnrolmentError::Unreadable`] when nobody can be told.
pub async fn refuse(
    transaction: &mut MySqlConnection,
    office: &Office<'_>,
    ids: (RecordId, RestrictionId),
    officer: &str,
    reason: &str,
    rng: &mut (impl CryptoRng + Send),
) -> Result<(), EnrolmentError> {
    let (record, request) = load(transaction, office, ids).await?;
    if !request.is_open() {
        return Err(EnrolmentError::Decided);
    }
    let reader = reader_of(transaction, office, &record).await?;
    let reader = reader.ok_or_else(|| EnrolmentError::unreadable("the details do not open"))?;
    let (of, what) = ((&record, &request), (Kind::Refused, Some(reason)));
    let step = further(transaction, office, of, what, rng).await?;
    let head = office.letterhead();
    let mail = Mail::RestrictionRefused {
        first_name: reader.first_name.clone(),
        controller: head.controller.to_owned(),
        contact: head.contact.to_owned(),
        officer: officer.to_owned(),
        is_objection: request.asked.subject != Subject::Restriction,
        reason: reason.to_owned(),
        withdrawal_url: head.withdrawal_address(&office.keys.front(), record.id),
    };
    tell(transaction, office.keys, &reader, (step, &mail), office.now).await
}

/// The record, locked, and the request about it.
pub(super) async fn load(
    transaction: &mut MySqlConnection,
    office: &Office<'_>,
    (record, request): (RecordId, RestrictionId),
) -> Result<(Record, Request), EnrolmentError> {
    let front = office.keys.front();
    let record = records::lock(transaction, &front, record)
        .await?
        .ok_or(EnrolmentError::Unknown)?;
    if record.state == RecordState::Erasing {
        return Err(EnrolmentError::State(record.state));
    }
    let requests = Requests::load(transaction, &front, record.id).await?;
    let request = requests.find(request).cloned();
    request
        .map(|request| (record, request))
        .ok_or(EnrolmentError::Unknown)
}

/// Makes a step of staff's, and gives its id.
pub(super) async fn further(
    transaction: &mut MySqlConnection,
    office: &Office<'_>,
    (record, request): (&Record, &Request),
    (kind, note): (Kind, Option<&str>),
    rng: &mut (impl CryptoRng + Send),
) -> Result<RestrictionId, EnrolmentError> {
    let id = RestrictionId::random(rng);
    let new = NewStep {
        id,
        request_id: request.id(),
        subject: request.asked.subject,
        kind,
        way: None,
        identity: None,
        staff: Some(office.staff),
        due_at: None,
        content: None,
        note,
        at: office.now,
    };
    make(transaction, office.keys, record, &new, rng).await?;
    Ok(id)
}

/// Whom to tell, where the details open.
pub(super) async fn reader_of(
    transaction: &mut MySqlConnection,
    office: &Office<'_>,
    record: &Record,
) -> Result<Option<Reader>, EnrolmentError> {
    let signed = newest_signed(transaction, office.keys, record).await?;
    Ok(signed.and_then(|signed| signed.details.as_ref().map(Reader::of)))
}

/// Tells the owner of a step; false where nobody can be told.
pub(super) async fn write(
    transaction: &mut MySqlConnection,
    office: &Office<'_>,
    record: &Record,
    (step, news): (RestrictionId, RestrictionNews),
) -> Result<bool, EnrolmentError> {
    let Some(reader) = reader_of(transaction, office, record).await? else {
        return Ok(false);
    };
    let (front, head) = (office.keys.front(), office.letterhead());
    let mail = letter(&front, &head, (record.id, &reader), news);
    tell(transaction, office.keys, &reader, (step, &mail), office.now).await?;
    Ok(true)
}

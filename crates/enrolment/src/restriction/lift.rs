//! The end of a restriction: its owner is told before (GDPR Art. 18(3)).

use database::outbox::{self, MailState};
use database::request_way::RequestWay;
use database::restriction_steps::{RestrictionStepKind as Kind, RestrictionSubject as Subject};
use database::{MySqlConnection, RowError};
use keyring::FrontKeys;
use notification::{EventKey, RestrictionNews};
use rand::CryptoRng;
use record::ids::{RecordId, RestrictionId};

use super::decide::{further, load, write};
use super::requests::Request;
use super::step::{NewStep, make};
use crate::EnrolmentError;
use crate::office::Office;

/// Tells the owner that a restriction that was granted is about to end, and why. False where no mail could be written.
///
/// # Errors
/// [`EnrolmentError::Decided`] when it was never granted, or they were told.
pub async fn announce(
    transaction: &mut MySqlConnection,
    office: &Office<'_>,
    ids: (RecordId, RestrictionId),
    reason: &str,
    rng: &mut (impl CryptoRng + Send),
) -> Result<bool, EnrolmentError> {
    let (record, request) = load(transaction, office, ids).await?;
    let is_granted = request.asked.subject == Subject::Restriction && request.has(Kind::Granted);
    if !is_granted || request.is_announced() || !request.restricts() {
        return Err(EnrolmentError::Decided);
    }
    let (of, what) = ((&record, &request), (Kind::Ending, Some(reason)));
    let step = further(transaction, office, of, what, rng).await?;
    let reason = reason.to_owned();
    let news = RestrictionNews::Ending { reason };
    write(transaction, office, &record, (step, news)).await
}

/// Ends it. The mail that said so has to have left; where it has not, `told` says how else the owner was told.
///
/// # Errors
/// [`EnrolmentError::Decided`] when it is not announced, or was lifted; [`EnrolmentError::Untold`] when the owner was not told.
pub async fn lift(
    transaction: &mut MySqlConnection,
    office: &Office<'_>,
    ids: (RecordId, RestrictionId),
    told: Option<RequestWay>,
    rng: &mut (impl CryptoRng + Send),
) -> Result<bool, EnrolmentError> {
    let (record, request) = load(transaction, office, ids).await?;
    if !request.is_announced() {
        return Err(EnrolmentError::Decided);
    }
    let sent = telling_mail(transaction, &office.keys.front(), &request).await?;
    let told = told.filter(|_| sent != Some(MailState::Sent));
    if sent != Some(MailState::Sent) && told.is_none() {
        return Err(EnrolmentError::Untold);
    }
    let id = RestrictionId::random(rng);
    let new = NewStep {
        id,
        request_id: request.id(),
        subject: request.asked.subject,
        kind: Kind::Lifted,
        way: told,
        identity: None,
        staff: Some(office.staff),
        due_at: None,
        content: None,
        note: None,
        at: office.now,
    };
    make(transaction, office.keys, &record, &new, rng).await?;
    write(transaction, office, &record, (id, RestrictionNews::Lifted)).await
}

/// What has become of the mail that tells the owner that a request is about to be lifted; none where there is none of ours.
///
/// # Errors
/// When the database can't be reached.
pub async fn telling_mail(
    connection: &mut MySqlConnection,
    front: &FrontKeys,
    request: &Request,
) -> Result<Option<MailState>, EnrolmentError> {
    let told_by = [Kind::Ending, Kind::Refused, Kind::Granted];
    let step = told_by.into_iter().find_map(|kind| request.step(kind));
    let Some(step) = step else {
        return Ok(None);
    };
    let kind = match step.kind {
        Kind::Refused => "restriction_refused",
        _ => "restriction",
    };
    let event = EventKey::of(kind, step.id.as_bytes());
    match outbox::by_event_key(connection, front, event.as_bytes()).await {
        Ok(mail) => Ok(mail.map(|mail| mail.state)),
        Err(error) if error.is_tampering() => Ok(None),
        Err(error) => Err(RowError::into(error)),
    }
}

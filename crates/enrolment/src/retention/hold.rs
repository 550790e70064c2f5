//! What keeps a record from being erased though its time may be over.

use database::anchoring_jobs::{self, JobState};
use database::erasures::ErasureState;
use database::records::{Record, RecordState};
use database::{MySqlConnection, access_copies, corrections};
use keyring::ApplicationKeys;
use record::time::UnixMillis;

use super::term::Term;
use crate::EnrolmentError;
use crate::erasure::current;
use crate::restriction::{Request, Requests};

/// What it is: the first that holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hold {
    /// It is being erased already.
    Erasing,
    /// Somebody changed, planted or took away what it rests on.
    Tampered,
    /// Nobody can tell until when it may be kept.
    Unknown,
    /// Something permits to keep it.
    NotDue,
    /// A further version, or the job that anchors one, is under way.
    Correction,
    /// The owner had its use restricted, or objects to one (GDPR Art. 18, 21): they may need it kept.
    Restricted,
    /// The owner waits for an answer about something that is wrong in it.
    CorrectionAsked,
    /// The owner asked to have it erased: that is decided by itself.
    ErasureAsked,
    /// The owner asked for a copy of everything, and has not had it yet.
    CopyAsked,
}

/// What holds this record, if anything does.
///
/// # Errors
/// When the database can't be reached.
pub async fn hold(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
    record: &Record,
    term: &Term,
    now: UnixMillis,
) -> Result<Option<Hold>, EnrolmentError> {
    if let Some(hold) = by_itself(record, term, now) {
        return Ok(Some(hold));
    }
    let id = record.id;
    match current(connection, keys, id).await? {
        Some(one) if one.state == ErasureState::Granted => return Ok(Some(Hold::Erasing)),
        Some(_) => return Ok(Some(Hold::ErasureAsked)),
        None => {}
    }
    let jobs = anchoring_jobs::of_record(connection, keys, id).await?;
    let is_over = |state| matches!(state, JobState::Anchored | JobState::Rejected);
    // The one without a version ends the record.
    let mut jobs = jobs.rows.iter().filter(|job| job.version.is_some());
    if jobs.any(|job| !is_over(job.state)) {
        return Ok(Some(Hold::Correction));
    }
    let asked = Requests::load(connection, &keys.front(), id).await?;
    if asked.tampered > 0 {
        return Ok(Some(Hold::Tampered));
    }
    if asked.all.iter().any(Request::restricts) {
        return Ok(Some(Hold::Restricted));
    }
    let wishes = corrections::of_record(connection, id).await?;
    if wishes.iter().any(|wish| wish.resolved_at.is_none()) {
        return Ok(Some(Hold::CorrectionAsked));
    }
    let copies = access_copies::of_record(connection, &keys.front(), id).await?;
    let is_waiting =
        |copy: &access_copies::AccessCopy| copy.is_open(now) && copy.opened_at.is_none();
    Ok(copies
        .rows
        .iter()
        .any(is_waiting)
        .then_some(Hold::CopyAsked))
}

/// What the record and its time say.
fn by_itself(record: &Record, term: &Term, now: UnixMillis) -> Option<Hold> {
    if record.state == RecordState::Erasing {
        return Some(Hold::Erasing);
    }
    if term.is_tampered {
        return Some(Hold::Tampered);
    }
    if record.state != RecordState::Anchored {
        return Some(Hold::Correction);
    }
    match term.due_at() {
        None => Some(Hold::Unknown),
        Some(due_at) if due_at > now => Some(Hold::NotDue),
        Some(_) => None,
    }
}

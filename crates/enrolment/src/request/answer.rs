//! The answer to a request: only who can open the record knows whom to write to and what was allowed, and can put a wish into it.

use std::time::Duration;

use database::corrections::{self, Correction};
use database::owner_requests::{self, OwnerRequest, RequestState};
use database::record_events::{self, Actor, RecordEventKind};
use database::records::{self, Record, RecordState};
use database::sealed::seal_cell;
use database::{MySqlPool, RowError};
use keyring::{ApplicationKeys, CellKind};
use notification::{EventKey, Mail};
use rand::CryptoRng;
use record::consent::Purpose;
use record::ids::RequestId;
use record::time::UnixMillis;
use sqlx::MySqlConnection;

use super::admission::{Admission, CODE_LIFETIME, Wish, fill, new_code, read};
use super::erasure::{file, offer};
use super::{copy, restriction};
use crate::EnrolmentError;
use crate::access::Particulars;
use crate::letterhead::Letterhead;
use crate::link::key_of;
use crate::signed::newest_signed;
use crate::withdrawal::Allowed;

/// Somebody waits for what is not answered after so long.
const PATIENCE: Duration = Duration::from_mins(2);

/// The clocks of two hosts may differ by so much.
const SKEW: Duration = Duration::from_mins(5);

/// Who answers.
pub struct Answering<'a> {
    /// The keys that open records.
    pub keys: &'a ApplicationKeys,
    /// Who writes the mail.
    pub letterhead: Letterhead<'a>,
    /// Who holds the records, as owners sign it: name and address.
    pub identity: &'a str,
    /// What a copy of everything says of controller and chain.
    pub particulars: Particulars<'a>,
    /// When.
    pub now: UnixMillis,
}

/// What came of a look at the requests.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Answered {
    /// So many got what they wait for, or nothing, since there is nothing for them.
    pub done: usize,
    /// So many wait on, since rows of their record are not ours, or are held by somebody.
    pub waiting: usize,
    /// So many of these for longer than anybody should.
    pub overdue: usize,
    /// So many rows are not ours.
    pub planted: usize,
}

/// Answers what owners ask for, each by itself: one that can't be answered holds up no other, and is tried again.
///
/// # Errors
/// When the database can't be reached.
pub async fn answer_requests(
    database: &MySqlPool,
    answering: &Answering<'_>,
    rng: &mut (impl CryptoRng + Send),
) -> Result<Answered, EnrolmentError> {
    let front = answering.keys.front();
    let mut connection = database.acquire().await.map_err(RowError::from)?;
    let waiting =
        owner_requests::unanswered(&mut connection, &front, answering.now.plus(SKEW)).await?;
    drop(connection);
    let mut answered = Answered {
        planted: waiting.tampered.len(),
        ..Answered::default()
    };
    for request in waiting.rows {
        let mut transaction = database.begin().await.map_err(RowError::from)?;
        match answer_one(&mut transaction, answering, request.id, rng).await {
            Ok(true) => {
                transaction.commit().await.map_err(RowError::from)?;
                answered.done += 1;
            }
            Ok(false) | Err(_) => {
                transaction.rollback().await.map_err(RowError::from)?;
                answered.waiting += 1;
                let is_overdue = answering.now >= request.asked_at.plus(PATIENCE);
                answered.overdue += usize::from(is_overdue);
            }
        }
    }
    Ok(answered)
}

/// False when another process, or somebody else, holds it.
async fn answer_one(
    transaction: &mut MySqlConnection,
    answering: &Answering<'_>,
    id: RequestId,
    rng: &mut (impl CryptoRng + Send),
) -> Result<bool, EnrolmentError> {
    let request = owner_requests::lock_free(transaction, &answering.keys.front(), id).await?;
    match request {
        Some(request) if request.state == RequestState::Asked => {
            make_code(transaction, answering, request, rng).await?;
        }
        Some(request) if request.state == RequestState::Wished => {
            take_wish(transaction, answering, request, rng).await?;
        }
        _ => return Ok(false),
    }
    Ok(true)
}

async fn make_code(
    transaction: &mut MySqlConnection,
    answering: &Answering<'_>,
    mut request: OwnerRequest,
    rng: &mut (impl CryptoRng + Send),
) -> Result<(), EnrolmentError> {
    let front = answering.keys.front();
    let is_late = answering.now >= request.asked_at.plus(CODE_LIFETIME);
    let admission = match is_late {
        true => None,
        false => admission(transaction, answering, &request, rng).await?,
    };
    let Some(admission) = admission else {
        request.end(RequestState::Void);
        owner_requests::update(transaction, &front, &request).await?;
        return Ok(());
    };
    fill(&mut request, &front, RequestState::Ready, &admission, rng)?;
    owner_requests::update(transaction, &front, &request).await?;
    tell(transaction, answering, &request, &admission).await
}

/// What the owner is let in to; none where nobody has signed anything that stands.
async fn admission(
    transaction: &mut MySqlConnection,
    answering: &Answering<'_>,
    request: &OwnerRequest,
    rng: &mut (impl CryptoRng + Send),
) -> Result<Option<Admission>, EnrolmentError> {
    let (front, id) = (answering.keys.front(), request.record_id);
    let Some(record) = records::load(transaction, &front, id).await? else {
        return Ok(None);
    };
    let keys = answering.keys;
    let basis = answering.particulars.basis;
    let is_choice = |purpose: &Purpose| basis(purpose).is_choice();
    let allowed = Allowed::load(transaction, keys, &record, is_choice).await?;
    let Some(allowed) = allowed else {
        return Ok(None);
    };
    let reader = allowed.reader.clone();
    let erasure = offer(transaction, answering, request, &record).await?;
    Ok(Some(Admission {
        code: new_code(rng),
        reader: reader.ok_or_else(|| EnrolmentError::unreadable("the details do not open"))?,
        draft: allowed.draft.get(),
        choices: allowed.signed,
        purposes: allowed.purposes,
        wish: None,
        has_wished: false,
        erasure,
        erase: None,
        has_asked_erasure: false,
        offers_copy: record.state != RecordState::Erasing,
        copy: None,
        has_asked_copy: false,
        restrict: None,
        unrestrict: None,
    }))
}

/// Puts what an owner wishes where it belongs: a note into the record, under the owner's own key, an erasure among those asked for; and
/// makes a copy for who wants one.
async fn take_wish(
    transaction: &mut MySqlConnection,
    answering: &Answering<'_>,
    mut request: OwnerRequest,
    rng: &mut (impl CryptoRng + Send),
) -> Result<(), EnrolmentError> {
    let (front, id) = (answering.keys.front(), request.record_id);
    let no_words = || EnrolmentError::unreadable("a wish without its words");
    let mut admission = read(&request, &front)?.ok_or_else(no_words)?;
    let (wish, erase) = (admission.wish.take(), admission.erase.take());
    let (copy, is_restricting) = (admission.copy.take(), admission.is_restricting());
    if wish.is_none() && erase.is_none() && copy.is_none() && !is_restricting {
        return Err(no_words());
    }
    // Locked, as by all who write something under the owner's key: it may be about to be replaced.
    let record = records::lock(transaction, &front, id).await?;
    let Some(record) = record.filter(|record| !record.state.is_empty()) else {
        // Destroyed since, and what was wished with it.
        request.end(RequestState::Void);
        owner_requests::update(transaction, &front, &request).await?;
        return Ok(());
    };
    if let Some(wish) = wish {
        note(transaction, answering, &record, &wish, rng).await?;
    }
    if let Some((erase, offer)) = erase.zip(admission.erasure.as_ref()) {
        file(transaction, answering, &record, (&erase, offer), rng).await?;
    }
    if let Some(wish) = admission.restrict.take() {
        restriction::file(transaction, answering, record.id, &wish, rng).await?;
    }
    if let Some(wish) = admission.unrestrict.take() {
        restriction::take_back(transaction, answering, record.id, &wish, rng).await?;
    }
    if let Some(asked_at) = copy {
        let asked = (request.id, asked_at);
        copy::make(transaction, answering, &record, asked, rng).await?;
    }
    fill(&mut request, &front, RequestState::Ready, &admission, rng)?;
    owner_requests::update(transaction, &front, &request).await?;
    Ok(())
}

async fn note(
    transaction: &mut MySqlConnection,
    answering: &Answering<'_>,
    record: &Record,
    wish: &Wish,
    rng: &mut (impl CryptoRng + Send),
) -> Result<(), EnrolmentError> {
    let front = answering.keys.front();
    let correction = correction(transaction, answering, record, wish, rng).await?;
    match corrections::insert(transaction, &correction).await {
        Ok(()) => {}
        // Put there before: somebody put the request back.
        Err(RowError::Duplicate { .. }) => return Ok(()),
        Err(error) => return Err(error.into()),
    }
    let (what, at) = (RecordEventKind::CorrectionRequested, wish.asked_at);
    record_events::append(transaction, &front, record.id, what, Actor::Owner, at).await?;
    Ok(())
}

/// The wish as a note about the newest version that is signed: a correction that is under way may be given up.
async fn correction(
    transaction: &mut MySqlConnection,
    answering: &Answering<'_>,
    record: &Record,
    wish: &Wish,
    rng: &mut (impl CryptoRng + Send),
) -> Result<Correction, EnrolmentError> {
    let key = key_of(transaction, answering.keys, record.id).await?;
    let signed = newest_signed(transaction, answering.keys, record).await?;
    let signed = signed.ok_or_else(|| EnrolmentError::unreadable("nothing is signed any more"))?;
    let (version, draft, kind) = (signed.version, signed.draft, CellKind::CorrectionNote);
    Ok(Correction {
        id: wish.id,
        record_id: record.id,
        version,
        draft,
        note: seal_cell(&key, version, draft, kind, wish.note.as_bytes(), rng),
        asked_at: wish.asked_at,
        resolved_at: None,
        answer: None,
    })
}

async fn tell(
    transaction: &mut MySqlConnection,
    answering: &Answering<'_>,
    request: &OwnerRequest,
    admission: &Admission,
) -> Result<(), EnrolmentError> {
    let head = &answering.letterhead;
    let mail = Mail::OwnerCode {
        first_name: admission.reader.first_name.clone(),
        controller: head.controller.to_owned(),
        contact: head.contact.to_owned(),
        code: admission.code.clone(),
        expires_at: request.asked_at.plus(CODE_LIFETIME),
    };
    let (front, now) = (answering.keys.front(), answering.now);
    let event = EventKey::of(mail.kind(), request.id.as_bytes());
    let to = &admission.reader.email;
    notification::enqueue(transaction, &front, now, event, to, &mail).await?;
    Ok(())
}

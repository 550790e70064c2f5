//! How an owner without a link is let in: by a code that goes to the address in their record.

use std::time::Duration;

use database::owner_requests::{self, OwnerRequest, RequestState};
use database::{RowError, records};
use keyring::FrontKeys;
use rand::{CryptoRng, RngExt};
use record::consent::{Choice, Purpose};
use record::ids::{CorrectionId, Draft, RecordId, RequestId};
use record::time::UnixMillis;
use record::wiped_json;
use serde::{Deserialize, Serialize};
use sqlx::{Connection, MySqlConnection};
use subtle::ConstantTimeEq;
use zeroize::ZeroizeOnDrop;

use super::erasure::{Erase, ErasureOffer};
use super::restriction::{Restrict, Unrestrict};
use crate::EnrolmentError;
use crate::letterhead::Reader;

const DAY: Duration = Duration::from_hours(24);
const PAUSE: Duration = Duration::from_mins(5);
/// Somebody else's mailbox is not to be filled by whoever has an old mail: after so many on a day they come less often. There
/// is always one that still works.
const FEW: usize = 5;
const LONG_PAUSE: Duration = Duration::from_mins(55);
/// So long a code lets its owner in.
pub(super) const CODE_LIFETIME: Duration = Duration::from_hours(1);
/// So long there is something to be let in to: who typed the code at the last moment has an hour.
const LIFETIME: Duration = Duration::from_hours(2);

/// Without what people take for each other. Nobody guesses ten of them, so that wrong ones need not lock anybody out.
const LETTERS: &[u8; 30] = b"23456789ABCDEFGHJKMNPQRSTVWXYZ";
const CODE_LETTERS: usize = 10;

/// What a request holds once it is answered. It can't be printed.
#[derive(Serialize, Deserialize, ZeroizeOnDrop)]
#[serde(deny_unknown_fields)]
pub struct Admission {
    /// [`new_code`].
    pub(super) code: String,
    /// Whom to tell; wiped by itself.
    #[zeroize(skip)]
    pub(crate) reader: Reader,
    /// The newest draft that they had signed then.
    pub(super) draft: u32,
    /// What they had allowed by it, taken back or not.
    #[zeroize(skip)]
    pub choices: Vec<Choice>,
    /// All that they signed, chosen or not.
    #[serde(default)]
    #[zeroize(skip)]
    pub purposes: Vec<Purpose>,
    /// What is still to be put into the record.
    #[zeroize(skip)]
    pub(super) wish: Option<Wish>,
    /// Whether the owner has asked for a correction.
    pub has_wished: bool,
    /// What they may sign to have everything erased; none of a record that is not on the chain, or is being erased.
    #[serde(default)]
    #[zeroize(skip)]
    pub erasure: Option<ErasureOffer>,
    /// What is still to be noted about that.
    #[serde(default)]
    #[zeroize(skip)]
    pub(super) erase: Option<Erase>,
    /// Whether they have asked for it.
    #[serde(default)]
    pub has_asked_erasure: bool,
    /// Whether they may have a copy of everything: not of what is being erased.
    #[serde(default)]
    pub offers_copy: bool,
    /// Since when a copy of everything is still to be made.
    #[serde(default)]
    #[zeroize(skip)]
    pub(super) copy: Option<UnixMillis>,
    /// Whether they have asked for one.
    #[serde(default)]
    pub has_asked_copy: bool,
    /// That the use of the record is to be restricted, or an objection, as long as that is still to be noted.
    #[serde(default)]
    #[zeroize(skip)]
    pub(super) restrict: Option<Restrict>,
    /// That they take back what they asked to have restricted, as long as that is still to be noted.
    #[serde(default)]
    #[zeroize(skip)]
    pub(super) unrestrict: Option<Unrestrict>,
}

impl Admission {
    /// The draft that its owner had signed when the code was made.
    #[must_use]
    pub const fn draft(&self) -> Draft {
        Draft::new(self.draft)
    }

    /// Whether a restriction or an objection, or that one is taken back, is still to be noted.
    #[must_use]
    pub const fn is_restricting(&self) -> bool {
        self.restrict.is_some() || self.unrestrict.is_some()
    }
}

/// A correction that an owner asks for.
#[derive(Serialize, Deserialize, ZeroizeOnDrop)]
#[serde(deny_unknown_fields)]
pub(super) struct Wish {
    #[zeroize(skip)]
    pub(super) id: CorrectionId,
    pub(super) note: String,
    #[zeroize(skip)]
    pub(super) asked_at: UnixMillis,
}

/// A fresh code, in two halves that are easy to read: `7KQ4M-2XHFP`.
pub(super) fn new_code(rng: &mut (impl CryptoRng + ?Sized)) -> String {
    let mut code = String::with_capacity(CODE_LETTERS + 1);
    for place in 0..CODE_LETTERS {
        if place == CODE_LETTERS / 2 {
            code.push('-');
        }
        code.push(char::from(LETTERS[rng.random_range(0..LETTERS.len())]));
    }
    code
}

/// A code as people type it: in small letters, with blanks, without the hyphen. None of what can be no code.
#[must_use]
pub fn clean_code(typed: &str) -> Option<String> {
    let letters: String = typed
        .chars()
        .filter(|c| !c.is_whitespace() && *c != '-')
        .map(|c| c.to_ascii_uppercase())
        .collect();
    let is_one = letters.len() == CODE_LETTERS && letters.bytes().all(|b| LETTERS.contains(&b));
    is_one.then(|| {
        let (first, second) = letters.split_at(CODE_LETTERS / 2);
        format!("{first}-{second}")
    })
}

/// Asks for a code, unless one was asked for a moment ago: that works as well. Of a record that is gone nobody learns so.
///
/// # Errors
/// When the database can't be reached, or the record's row is not ours.
pub async fn ask(
    transaction: &mut MySqlConnection,
    front: &FrontKeys,
    record: RecordId,
    now: UnixMillis,
    rng: &mut (impl CryptoRng + Send),
) -> Result<(), EnrolmentError> {
    // Two at once are one after the other.
    records::lock(transaction, front, record).await?;
    let today = owner_requests::since(transaction, front, record, now.minus(DAY)).await?;
    let pause = match today.rows.len() {
        0..FEW => PAUSE,
        _ => LONG_PAUSE,
    };
    let newest = today.rows.first();
    if newest.is_some_and(|request| now < request.asked_at.plus(pause)) {
        return Ok(());
    }
    let request = OwnerRequest::new(record, now, rng);
    owner_requests::insert(transaction, front, &request).await?;
    Ok(())
}

/// The requests about a record that somebody may be in the midst of, newest first, each with whether a code for it may still be
/// on its way.
///
/// # Errors
/// When the database can't be reached.
pub async fn recent(
    connection: &mut MySqlConnection,
    front: &FrontKeys,
    record: RecordId,
    now: UnixMillis,
) -> Result<Vec<(RequestId, bool)>, EnrolmentError> {
    let then = now.minus(LIFETIME);
    let found = owner_requests::since(connection, front, record, then).await?;
    let takes_code = |request: &OwnerRequest| now < request.asked_at.plus(CODE_LIFETIME);
    let recent = found.rows.iter();
    Ok(recent
        .map(|request| (request.id, takes_code(request)))
        .collect())
}

/// The request that this code is for, of those about a record whose time is not over; a code of any of them lets in.
///
/// # Errors
/// When the database can't be reached, or what a request holds is not ours.
pub async fn admit(
    connection: &mut MySqlConnection,
    front: &FrontKeys,
    record: RecordId,
    code: &str,
    now: UnixMillis,
) -> Result<Option<RequestId>, EnrolmentError> {
    let mut admitted = None;
    let then = now.minus(CODE_LIFETIME);
    let found = owner_requests::since(connection, front, record, then).await?;
    for request in found.rows {
        let is_in_time = now < request.asked_at.plus(CODE_LIFETIME);
        let Some(admission) = held_by(&request, front, now)?.filter(|_| is_in_time) else {
            continue;
        };
        if bool::from(admission.code.as_bytes().ct_eq(code.as_bytes())) {
            admitted = Some(request.id);
        }
    }
    Ok(admitted)
}

/// What the owner who was let in may do; none once that is over.
///
/// # Errors
/// When the database can't be reached, or the row is not ours.
pub async fn open(
    connection: &mut MySqlConnection,
    front: &FrontKeys,
    id: RequestId,
    now: UnixMillis,
) -> Result<Option<Admission>, EnrolmentError> {
    match owner_requests::load(connection, front, id).await? {
        Some(request) => held_by(&request, front, now),
        None => Ok(None),
    }
}

/// A request that is not over, locked, and what it holds.
pub(crate) async fn open_locked(
    transaction: &mut MySqlConnection,
    front: &FrontKeys,
    id: RequestId,
    now: UnixMillis,
) -> Result<Option<(OwnerRequest, Admission)>, EnrolmentError> {
    let Some(request) = owner_requests::lock(transaction, front, id).await? else {
        return Ok(None);
    };
    let admission = held_by(&request, front, now)?;
    Ok(admission.map(|admission| (request, admission)))
}

fn held_by(
    request: &OwnerRequest,
    front: &FrontKeys,
    now: UnixMillis,
) -> Result<Option<Admission>, EnrolmentError> {
    let is_open = matches!(request.state, RequestState::Ready | RequestState::Wished);
    if !is_open || now >= request.asked_at.plus(LIFETIME) {
        return Ok(None);
    }
    read(request, front)
}

/// What a request holds, whether it is over or not.
pub(super) fn read(
    request: &OwnerRequest,
    front: &FrontKeys,
) -> Result<Option<Admission>, EnrolmentError> {
    let opened = request.open(front).map_err(EnrolmentError::unreadable)?;
    opened
        .map(|json| serde_json::from_slice(&json).map_err(EnrolmentError::unreadable))
        .transpose()
}

/// Notes that the owner who was let in wants something corrected; [`super::answer_requests`] puts it into the record. Gives the
/// wish's id; none when the request is over, or one was made by it before.
///
/// # Errors
/// When the database can't be reached, or the row is not ours.
pub async fn wish(
    transaction: &mut MySqlConnection,
    front: &FrontKeys,
    id: RequestId,
    note: &str,
    now: UnixMillis,
    rng: &mut (impl CryptoRng + Send),
) -> Result<Option<CorrectionId>, EnrolmentError> {
    let Some((mut request, mut admission)) = open_locked(transaction, front, id, now).await? else {
        return Ok(None);
    };
    if admission.has_wished {
        return Ok(None);
    }
    let wish = CorrectionId::random(rng);
    admission.has_wished = true;
    admission.wish = Some(Wish {
        id: wish,
        note: note.to_owned(),
        asked_at: now,
    });
    fill(&mut request, front, RequestState::Wished, &admission, rng)?;
    owner_requests::update(transaction, front, &request).await?;
    Ok(Some(wish))
}

/// Puts into a request what its owner is let in to.
pub(super) fn fill(
    request: &mut OwnerRequest,
    front: &FrontKeys,
    to: RequestState,
    admission: &Admission,
    rng: &mut (impl CryptoRng + ?Sized),
) -> Result<(), EnrolmentError> {
    let json = wiped_json(admission).map_err(EnrolmentError::unreadable)?;
    request.fill(front, to, &json, rng);
    Ok(())
}

/// Wipes what nobody can use any more, and deletes what is older than a day; tells how many. A wish that is not in its record yet
/// stays.
///
/// # Errors
/// When the database can't be reached.
pub async fn tidy(
    connection: &mut MySqlConnection,
    front: &FrontKeys,
    now: UnixMillis,
) -> Result<usize, RowError> {
    let mut transaction = connection.begin().await?;
    let wiped = owner_requests::wipe(&mut transaction, front, now.minus(LIFETIME)).await?;
    let removed = owner_requests::remove(&mut transaction, front, now.minus(DAY)).await?;
    transaction.commit().await?;
    Ok(wiped + removed)
}

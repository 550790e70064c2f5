//! An owner who was let in wants the use of their record restricted, objects to uses of it, or takes back what they had restricted
//! (docs/RESTRICTION.md).

use database::erasures::Identity;
use database::owner_requests::{self, RequestState};
use database::request_way::RequestWay;
use keyring::FrontKeys;
use rand::CryptoRng;
use record::ids::{RecordId, RequestId, RestrictionId};
use record::time::UnixMillis;
use serde::{Deserialize, Serialize};
use sqlx::MySqlConnection;
use zeroize::ZeroizeOnDrop;

use super::Answering;
use super::admission::{fill, open_locked};
use crate::EnrolmentError;
use crate::restriction::{Asking, Wanted, Withdrawing, ask, withdraw};

/// What they want, with their words.
#[derive(Serialize, Deserialize, ZeroizeOnDrop)]
#[serde(deny_unknown_fields)]
pub(super) struct Restrict {
    /// What it is to be called: a request that somebody puts back is known by it.
    #[zeroize(skip)]
    ids: [RestrictionId; 2],
    #[zeroize(skip)]
    wanted: Wanted,
    note: Option<String>,
    #[zeroize(skip)]
    asked_at: UnixMillis,
}

/// Which of their requests they take back.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Unrestrict {
    requests: Vec<RestrictionId>,
    at: UnixMillis,
}

/// Notes what the owner who was let in wants; [`super::answer_requests`] files it. False when the request is over, or what they asked by it
/// before is not filed yet.
///
/// # Errors
/// When the database can't be reached, or the row is not ours.
pub async fn wish_restriction(
    transaction: &mut MySqlConnection,
    front: &FrontKeys,
    id: RequestId,
    (wanted, note): (Wanted, Option<String>),
    now: UnixMillis,
    rng: &mut (impl CryptoRng + Send),
) -> Result<bool, EnrolmentError> {
    let Some((mut request, mut admission)) = open_locked(transaction, front, id, now).await? else {
        return Ok(false);
    };
    if admission.is_restricting() {
        return Ok(false);
    }
    admission.restrict = Some(Restrict {
        ids: [RestrictionId::random(rng), RestrictionId::random(rng)],
        wanted,
        note,
        asked_at: now,
    });
    fill(&mut request, front, RequestState::Wished, &admission, rng)?;
    owner_requests::update(transaction, front, &request).await?;
    Ok(true)
}

/// The same for requests that they take back.
///
/// # Errors
/// When the database can't be reached, or the row is not ours.
pub async fn wish_unrestriction(
    transaction: &mut MySqlConnection,
    front: &FrontKeys,
    id: RequestId,
    requests: Vec<RestrictionId>,
    now: UnixMillis,
    rng: &mut (impl CryptoRng + Send),
) -> Result<bool, EnrolmentError> {
    let Some((mut request, mut admission)) = open_locked(transaction, front, id, now).await? else {
        return Ok(false);
    };
    if admission.is_restricting() {
        return Ok(false);
    }
    admission.unrestrict = Some(Unrestrict { requests, at: now });
    fill(&mut request, front, RequestState::Wished, &admission, rng)?;
    owner_requests::update(transaction, front, &request).await?;
    Ok(true)
}

/// Files it, once.
pub(super) async fn file(
    transaction: &mut MySqlConnection,
    answering: &Answering<'_>,
    record: RecordId,
    wish: &Restrict,
    rng: &mut (impl CryptoRng + Send),
) -> Result<(), EnrolmentError> {
    let asking = Asking {
        ids: wish.ids,
        record,
        wanted: wish.wanted.clone(),
        note: wish.note.as_deref(),
        way: RequestWay::Link,
        identity: Some(Identity::Code),
        staff: None,
        letterhead: answering.letterhead,
        basis: answering.particulars.basis,
        at: wish.asked_at,
    };
    match ask(transaction, answering.keys, &asking, rng).await {
        // It is being erased by now.
        Ok(_) | Err(EnrolmentError::State(_)) => Ok(()),
        Err(error) => Err(error),
    }
}

/// Takes back what still restricts the record. Whoever puts the request back takes back nothing that was asked for since: each
/// is named.
pub(super) async fn take_back(
    transaction: &mut MySqlConnection,
    answering: &Answering<'_>,
    record: RecordId,
    wish: &Unrestrict,
    rng: &mut (impl CryptoRng + Send),
) -> Result<(), EnrolmentError> {
    let withdrawing = Withdrawing {
        record,
        requests: &wish.requests,
        way: RequestWay::Link,
        identity: Identity::Code,
        staff: None,
        letterhead: answering.letterhead,
        at: wish.at,
    };
    match withdraw(transaction, answering.keys, &withdrawing, rng).await {
        // It is being erased by now.
        Ok(_) | Err(EnrolmentError::State(_)) => Ok(()),
        Err(error) => Err(error),
    }
}

//! An owner who was let in wants a copy of everything that is held about them (docs/ACCESS.md).

use database::access_copies;
use database::owner_requests::{self, RequestState};
use database::records::Record;
use database::request_way::RequestWay;
use keyring::FrontKeys;
use rand::CryptoRng;
use record::ids::{LinkId, RequestId};
use record::time::UnixMillis;
use sqlx::MySqlConnection;

use super::Answering;
use super::admission::{fill, open_locked};
use crate::EnrolmentError;
use crate::access::{self, Asking};

/// Notes that the owner who was let in wants a copy; [`super::answer_requests`] makes it. False when the request is over, or they asked by
/// it before, or it is being erased.
///
/// # Errors
/// When the database can't be reached, or the row is not ours.
pub async fn wish_copy(
    transaction: &mut MySqlConnection,
    front: &FrontKeys,
    id: RequestId,
    now: UnixMillis,
    rng: &mut (impl CryptoRng + Send),
) -> Result<bool, EnrolmentError> {
    let Some((mut request, mut admission)) = open_locked(transaction, front, id, now).await? else {
        return Ok(false);
    };
    if admission.has_asked_copy || !admission.offers_copy {
        return Ok(false);
    }
    admission.has_asked_copy = true;
    admission.copy = Some(now);
    fill(&mut request, front, RequestState::Wished, &admission, rng)?;
    owner_requests::update(transaction, front, &request).await?;
    Ok(true)
}

/// Makes it, once: it is called by the request, which somebody may put back. The code that let its owner in came to a mailbox, and
/// lets nobody see anything.
pub(super) async fn make(
    transaction: &mut MySqlConnection,
    answering: &Answering<'_>,
    record: &Record,
    (request, asked_at): (RequestId, UnixMillis),
    rng: &mut (impl CryptoRng + Send),
) -> Result<(), EnrolmentError> {
    let id = LinkId::from_bytes(*request.as_bytes());
    let before = access_copies::lock(transaction, &answering.keys.front(), id).await?;
    if before.is_some() {
        return Ok(());
    }
    let asking = Asking {
        id,
        record: record.id,
        way: RequestWay::Link,
        identity: None,
        staff: None,
        letterhead: answering.letterhead,
        particulars: &answering.particulars,
        asked_at,
        now: answering.now,
    };
    match access::make(transaction, answering.keys, &asking, rng).await {
        // It is being erased by now.
        Ok(()) | Err(EnrolmentError::State(_)) => Ok(()),
        Err(error) => Err(error),
    }
}

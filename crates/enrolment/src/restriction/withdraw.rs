//! An owner takes back that they asked to have the use of their record restricted. It is theirs to end: nobody has to tell them before.
//! What restricts the record for another reason goes on, as an objection that nobody has decided.

use database::MySqlConnection;
use database::erasures::Identity;
use database::request_way::RequestWay;
use database::restriction_steps::{RestrictionStepKind as Kind, RestrictionSubject as Subject};
use keyring::ApplicationKeys;
use notification::RestrictionNews;
use rand::CryptoRng;
use record::ids::{RecordId, RestrictionId, StaffId};
use record::time::UnixMillis;

use super::requests::{Request, Requests};
use super::step::{NewStep, letter, make, tell};
use crate::EnrolmentError;
use crate::letterhead::{Letterhead, Reader};
use crate::lock::lock_held;
use crate::signed::newest_signed;

/// What is taken back, and how.
pub struct Withdrawing<'a> {
    /// Whose.
    pub record: RecordId,
    /// Which requests.
    pub requests: &'a [RestrictionId],
    /// How it came.
    pub way: RequestWay,
    /// What shows that it is the owner: for anybody else it would end their protection.
    pub identity: Identity,
    /// Who at the desk wrote it down; none where the owner did it.
    pub staff: Option<StaffId>,
    /// Who writes to the owner.
    pub letterhead: Letterhead<'a>,
    /// When.
    pub at: UnixMillis,
}

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Withdrawn {
    /// It is taken back, and the owner was written to, or could not be.
    Now {
        /// Whether they were.
        is_told: bool,
    },
    /// None of it restricted the record any more, or none is the owner's to take back.
    NothingLeft,
}

/// Takes back those of the requests that are the owner's to take back and still restrict the record, and tells the owner.
///
/// # Errors
/// [`EnrolmentError::Unknown`] when there is no such record, [`EnrolmentError::State`] when nothing is held of it, or it is being erased.
pub async fn withdraw(
    transaction: &mut MySqlConnection,
    keys: &ApplicationKeys,
    withdrawing: &Withdrawing<'_>,
    rng: &mut (impl CryptoRng + Send),
) -> Result<Withdrawn, EnrolmentError> {
    let (front, id) = (keys.front(), withdrawing.record);
    let record = lock_held(transaction, &front, id).await?;
    let before = Requests::load(transaction, &front, id).await?;
    let is_meant =
        |one: &&Request| one.can_be_withdrawn() && withdrawing.requests.contains(&one.id());
    let meant: Vec<&Request> = before.all.iter().filter(is_meant).collect();
    let mut newest = None;
    for request in meant {
        let step = NewStep {
            id: RestrictionId::random(rng),
            request_id: request.id(),
            subject: Subject::Restriction,
            kind: Kind::Withdrawn,
            way: Some(withdrawing.way),
            identity: Some(withdrawing.identity),
            staff: withdrawing.staff,
            due_at: None,
            content: None,
            note: None,
            at: withdrawing.at,
        };
        make(transaction, keys, &record, &step, rng).await?;
        newest = Some(step.id);
    }
    let Some(step) = newest else {
        return Ok(Withdrawn::NothingLeft);
    };
    let signed = newest_signed(transaction, keys, &record).await?;
    let reader = signed.and_then(|signed| signed.details.as_ref().map(Reader::of));
    let is_told = reader.is_some();
    if let Some(reader) = reader {
        let (head, news) = (&withdrawing.letterhead, RestrictionNews::Withdrawn);
        let mail = letter(&front, head, (id, &reader), news);
        tell(transaction, keys, &reader, (step, &mail), withdrawing.at).await?;
    }
    Ok(Withdrawn::Now { is_told })
}

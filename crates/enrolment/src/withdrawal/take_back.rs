//! The withdrawal: what was signed stays as it is, and is no longer relied on.

use database::consents;
use database::record_events::{self, Actor, RecordEventKind};
use database::records::{self, Record};
use database::request_way::RequestWay;
use database::withdrawals::{self, Withdrawal};
use keyring::FrontKeys;
use notification::{EventKey, Mail};
use rand::CryptoRng;
use record::consent::Choice;
use record::ids::{Draft, RecordId, RequestId, StaffId};
use record::time::UnixMillis;
use record::wiped_json;
use sqlx::MySqlConnection;

use super::taken_back::TakenBack;
use crate::EnrolmentError;
use crate::letterhead::{Letterhead, Reader};
use crate::request::open_locked;

/// What is taken back, and how.
pub struct Taking<'a> {
    /// Whose.
    pub record: RecordId,
    /// The draft that they signed last, as far as who asks knows.
    pub draft: Draft,
    /// The purposes.
    pub choices: Vec<Choice>,
    /// How it came.
    pub way: RequestWay,
    /// Who at the desk wrote it down; none where the owner did it.
    pub staff: Option<StaffId>,
    /// Whom the mail that confirms it is to; none where nobody can be told.
    pub reader: Option<&'a Reader>,
    /// Who writes it.
    pub letterhead: Letterhead<'a>,
    /// When.
    pub now: UnixMillis,
}

/// Notes that consent is taken back, in the history as well, and tells the owner. Gives the name of the event, for a mail to the desk;
/// none when all of it was taken back before.
///
/// # Errors
/// [`EnrolmentError::Unknown`] when there is no such record.
pub async fn take_back(
    transaction: &mut MySqlConnection,
    front: &FrontKeys,
    taking: &Taking<'_>,
    rng: &mut (impl CryptoRng + Send),
) -> Result<Option<EventKey>, EnrolmentError> {
    let (record, now) = (taking.record, taking.now);
    // Two at once are one after the other.
    let head = records::lock(transaction, front, record)
        .await?
        .ok_or(EnrolmentError::Unknown)?;
    let draft = newest_draft(transaction, front, &head, taking.draft).await?;
    let before = TakenBack::load(transaction, front, record, draft).await?;
    let mut choices = taking.choices.clone();
    choices.retain(|choice| before.since(choice).is_none());
    if choices.is_empty() {
        return Ok(None);
    }
    let json = wiped_json(&choices).expect("text always becomes JSON");
    let withdrawal = Withdrawal {
        record_id: record,
        draft,
        choices: Withdrawal::seal(front, record, draft, &json, rng),
        way: taking.way,
        actor: taking.staff,
        at: now,
    };
    withdrawals::append(transaction, front, &withdrawal).await?;
    let who = taking.staff.map_or(Actor::Owner, Actor::Staff);
    let what = RecordEventKind::ConsentWithdrawn;
    record_events::append(transaction, front, record, what, who, now).await?;
    // Nobody can take the name before: the seal is as good as random.
    let subject = withdrawal.choices.as_slice();
    if let Some(reader) = taking.reader {
        tell(transaction, front, taking, reader, subject).await?;
    }
    Ok(Some(EventKey::of("withdrawal_noted", subject)))
}

/// Whatever was signed meanwhile, in another tab or by another link, is taken back as well.
async fn newest_draft(
    transaction: &mut MySqlConnection,
    front: &FrontKeys,
    record: &Record,
    known: Draft,
) -> Result<Draft, EnrolmentError> {
    let newest = consents::load(transaction, record.id, record.version).await?;
    let newest = newest.filter(|consent| consent.is_ours(front));
    Ok(newest.map_or(known, |consent| consent.draft.max(known)))
}

async fn tell(
    transaction: &mut MySqlConnection,
    front: &FrontKeys,
    taking: &Taking<'_>,
    reader: &Reader,
    subject: &[u8],
) -> Result<(), EnrolmentError> {
    let head = &taking.letterhead;
    let mail = Mail::ConsentWithdrawn {
        first_name: reader.first_name.clone(),
        controller: head.controller.to_owned(),
        contact: head.contact.to_owned(),
        at: taking.now,
        withdrawal_url: head.withdrawal_address(front, taking.record),
    };
    let (event, to) = (EventKey::of(mail.kind(), subject), &reader.email);
    notification::enqueue(transaction, front, taking.now, event, to, &mail).await?;
    Ok(())
}

/// Takes back what its owner chose (by [`Choice::mark`]) of what a request lets them choose from. Gives what [`take_back`] does; none
/// when the request is over, or nothing was chosen that is not taken back.
///
/// # Errors
/// When the database can't be reached, or the record is gone.
pub async fn take_back_by_request(
    transaction: &mut MySqlConnection,
    front: &FrontKeys,
    (record, id): (RecordId, RequestId),
    letterhead: Letterhead<'_>,
    marks: &[String],
    now: UnixMillis,
    rng: &mut (impl CryptoRng + Send),
) -> Result<Option<EventKey>, EnrolmentError> {
    records::lock(transaction, front, record)
        .await?
        .ok_or(EnrolmentError::Unknown)?;
    let Some((request, admission)) = open_locked(transaction, front, id, now).await? else {
        return Ok(None);
    };
    let mut choices = admission.choices.clone();
    choices.retain(|choice| marks.contains(&choice.mark()));
    if choices.is_empty() || request.record_id != record {
        return Ok(None);
    }
    let taking = Taking {
        record,
        draft: admission.draft(),
        choices,
        way: RequestWay::Link,
        staff: None,
        reader: Some(&admission.reader),
        letterhead,
        now,
    };
    take_back(transaction, front, &taking, rng).await
}

//! An owner asks to have their record erased.

use database::MySqlConnection;
use database::erasures::{self, Erasure, ErasureState, Identity};
use database::record_events::{self, Actor, RecordEventKind};
use database::records::{self, RecordState};
use database::request_way::RequestWay;
use keyring::ApplicationKeys;
use notification::{EventKey, Mail};
use rand::CryptoRng;
use record::erasure::ErasureEvidence;
use record::ids::{ErasureId, RecordId, StaffId};
use record::time::UnixMillis;

use super::current;
use crate::EnrolmentError;
use crate::due::a_month_after;
use crate::letterhead::{Letterhead, Reader};
use crate::signed::newest_signed;

/// What is asked, and how.
pub struct Asking<'a> {
    /// Whose.
    pub record: RecordId,
    /// How it came.
    pub way: RequestWay,
    /// What shows that it is the owner, where anything does.
    pub identity: Option<Identity>,
    /// What the owner signed, where they did.
    pub evidence: Option<ErasureEvidence>,
    /// Who at the desk wrote it down; none where the owner did it.
    pub staff: Option<StaffId>,
    /// Who writes to the owner.
    pub letterhead: Letterhead<'a>,
    /// When they asked.
    pub at: UnixMillis,
}

/// Notes the request, in the history as well, and tells the owner until when they have an answer. Where one is open already it gets
/// the signature, if it had none. Gives its id; none where there was nothing to add to it.
///
/// # Errors
/// [`EnrolmentError::Unknown`] when there is no such record, [`EnrolmentError::State`] when it was never anchored or is being erased.
pub async fn ask(
    transaction: &mut MySqlConnection,
    keys: &ApplicationKeys,
    asking: &Asking<'_>,
    rng: &mut (impl CryptoRng + Send),
) -> Result<Option<ErasureId>, EnrolmentError> {
    let (front, id) = (keys.front(), asking.record);
    // Two at once are one after the other.
    let record = records::lock(transaction, &front, id)
        .await?
        .ok_or(EnrolmentError::Unknown)?;
    let Some(uid) = record.uid.filter(|_| record.state != RecordState::Erasing) else {
        return Err(EnrolmentError::State(record.state));
    };
    if let Some(open) = current(transaction, keys, id).await? {
        return sign(transaction, keys, open, asking, rng).await;
    }
    let mut erasure = Erasure {
        id: ErasureId::random(rng),
        record_id: id,
        uid,
        state: ErasureState::Open,
        way: asking.way,
        identity: asking.identity,
        asked_at: asking.at,
        due_at: a_month_after(asking.at),
        decided_by: None,
        decided_at: None,
        content: None,
        destroyed_at: None,
        key_version: None,
    };
    if let Some(evidence) = &asking.evidence {
        erasure.fill(keys, &evidence.to_json(), rng);
    }
    erasures::insert(transaction, keys, &erasure).await?;
    let who = asking.staff.map_or(Actor::Owner, Actor::Staff);
    let what = RecordEventKind::ErasureAsked;
    record_events::append(transaction, &front, id, what, who, asking.at).await?;
    let signed = newest_signed(transaction, keys, &record).await?;
    let reader = signed.and_then(|signed| signed.details.as_ref().map(Reader::of));
    if let Some(reader) = reader {
        tell(transaction, keys, asking, &erasure, &reader).await?;
    }
    Ok(Some(erasure.id))
}

async fn sign(
    transaction: &mut MySqlConnection,
    keys: &ApplicationKeys,
    mut open: Erasure,
    asking: &Asking<'_>,
    rng: &mut (impl CryptoRng + Send),
) -> Result<Option<ErasureId>, EnrolmentError> {
    let is_open = open.state == ErasureState::Open && open.content.is_none();
    let Some(evidence) = asking.evidence.as_ref().filter(|_| is_open) else {
        return Ok(None);
    };
    open.fill(keys, &evidence.to_json(), rng);
    open.identity = Some(Identity::Wallet);
    erasures::update(transaction, keys, &open).await?;
    Ok(Some(open.id))
}

async fn tell(
    transaction: &mut MySqlConnection,
    keys: &ApplicationKeys,
    asking: &Asking<'_>,
    erasure: &Erasure,
    reader: &Reader,
) -> Result<(), EnrolmentError> {
    let head = &asking.letterhead;
    let mail = Mail::ErasureReceived {
        first_name: reader.first_name.clone(),
        controller: head.controller.to_owned(),
        contact: head.contact.to_owned(),
        due_at: erasure.due_at,
        is_signed: asking.evidence.is_some(),
        withdrawal_url: head.withdrawal_address(&keys.front(), asking.record),
    };
    let (front, at) = (keys.front(), asking.at);
    let event = EventKey::of(mail.kind(), erasure.id.as_bytes());
    notification::enqueue(transaction, &front, at, event, &reader.email, &mail).await?;
    Ok(())
}

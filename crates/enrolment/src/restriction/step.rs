//! A further step of a request.

use database::MySqlConnection;
use database::erasures::Identity;
use database::record_events::{self, Actor, RecordEventKind};
use database::records::Record;
use database::request_way::RequestWay;
use database::restriction_steps::{
    self, RestrictionStep, RestrictionStepKind as Kind, RestrictionSubject as Subject,
};
use database::sealed::seal_cell;
use keyring::{ApplicationKeys, CellKind, FrontKeys};
use notification::{EventKey, Mail, RestrictionNews};
use rand::CryptoRng;
use record::ids::{RecordId, RestrictionId, StaffId};
use record::time::UnixMillis;

use crate::EnrolmentError;
use crate::letterhead::{Letterhead, Reader};
use crate::link::key_of;

/// A step about to be made.
pub(super) struct NewStep<'a> {
    pub(super) id: RestrictionId,
    pub(super) request_id: RestrictionId,
    pub(super) subject: Subject,
    pub(super) kind: Kind,
    pub(super) way: Option<RequestWay>,
    pub(super) identity: Option<Identity>,
    pub(super) staff: Option<StaffId>,
    pub(super) due_at: Option<UnixMillis>,
    /// Ground and purposes, as JSON.
    pub(super) content: Option<&'a [u8]>,
    /// Words of the owner, or of staff.
    pub(super) note: Option<&'a str>,
    pub(super) at: UnixMillis,
}

/// Writes it down, in the history as well. The record is locked.
pub(super) async fn make(
    transaction: &mut MySqlConnection,
    keys: &ApplicationKeys,
    record: &Record,
    new: &NewStep<'_>,
    rng: &mut (impl CryptoRng + Send),
) -> Result<(), EnrolmentError> {
    let (front, version, draft) = (keys.front(), record.version, record.draft);
    let note = match new.note {
        Some(text) => {
            let key = key_of(transaction, keys, record.id).await?;
            let kind = CellKind::RestrictionNote;
            Some(seal_cell(&key, version, draft, kind, text.as_bytes(), rng))
        }
        None => None,
    };
    let mut step = RestrictionStep {
        id: new.id,
        request_id: new.request_id,
        record_id: record.id,
        subject: new.subject,
        kind: new.kind,
        way: new.way,
        identity: new.identity,
        actor: new.staff,
        at: new.at,
        due_at: new.due_at,
        content: None,
        version,
        draft,
        note,
    };
    if let Some(content) = new.content {
        step.fill(&front, content, rng);
    }
    restriction_steps::append(transaction, &front, &step).await?;
    let who = new.staff.map_or(Actor::Owner, Actor::Staff);
    let what = happened(new.subject, new.kind);
    record_events::append(transaction, &front, record.id, what, who, new.at).await?;
    Ok(())
}

const fn happened(subject: Subject, kind: Kind) -> RecordEventKind {
    match (kind, subject) {
        (Kind::Asked, Subject::Restriction) => RecordEventKind::RestrictionAsked,
        (Kind::Asked, _) => RecordEventKind::ObjectionMade,
        (Kind::Granted, Subject::Restriction) => RecordEventKind::RestrictionGranted,
        (Kind::Granted, _) => RecordEventKind::ObjectionUpheld,
        (Kind::Refused, Subject::Restriction) => RecordEventKind::RestrictionRefused,
        (Kind::Refused, _) => RecordEventKind::ObjectionRefused,
        (Kind::Ending, _) => RecordEventKind::RestrictionEnding,
        (Kind::Lifted, _) => RecordEventKind::RestrictionLifted,
        (Kind::Withdrawn, _) => RecordEventKind::RestrictionWithdrawn,
    }
}

/// Names the mail that tells a step.
pub(super) fn event_of(mail: &Mail, step: RestrictionId) -> EventKey {
    EventKey::of(mail.kind(), step.as_bytes())
}

/// What the owner is written about a step.
pub(super) fn letter(
    front: &FrontKeys,
    head: &Letterhead<'_>,
    (record, reader): (RecordId, &Reader),
    news: RestrictionNews,
) -> Mail {
    Mail::Restriction {
        first_name: reader.first_name.clone(),
        controller: head.controller.to_owned(),
        contact: head.contact.to_owned(),
        news,
        withdrawal_url: head.withdrawal_address(front, record),
    }
}

/// Tells the owner of a step.
pub(super) async fn tell(
    transaction: &mut MySqlConnection,
    keys: &ApplicationKeys,
    reader: &Reader,
    (step, mail): (RestrictionId, &Mail),
    now: UnixMillis,
) -> Result<(), EnrolmentError> {
    let (front, event) = (keys.front(), event_of(mail, step));
    notification::enqueue(transaction, &front, now, event, &reader.email, mail).await?;
    Ok(())
}

//! The history of a record in words.

use database::record_events::{Actor, RecordEvent, RecordEventKind};
use record::time::UnixMillis;
use sqlx::MySqlConnection;
use web_kit::error::Result;

use super::staff_names::StaffNames;
use crate::state::Desk;

/// One line of the history.
pub struct Step {
    pub what: &'static str,
    pub who: String,
    /// What came of it.
    pub then: &'static str,
    pub at: UnixMillis,
}

/// The history in words, newest first.
pub async fn steps(
    desk: &Desk,
    connection: &mut MySqlConnection,
    events: &[RecordEvent],
) -> Result<Vec<Step>> {
    let names = StaffNames::load(desk, connection).await?;
    let steps = events.iter().rev().map(|event| Step {
        what: words(event.kind),
        who: match event.actor {
            Actor::Staff(staff) => format!("by {}", names.of(staff)),
            Actor::Owner => "by the data owner".to_owned(),
            Actor::System => String::new(),
        },
        then: match event.kind {
            RecordEventKind::Declined | RecordEventKind::Lapsed => {
                "; details and key were destroyed"
            }
            _ => "",
        },
        at: event.at,
    });
    Ok(steps.collect())
}

const fn words(kind: RecordEventKind) -> &'static str {
    match kind {
        RecordEventKind::Entered => "Entered",
        RecordEventKind::Edited => "Details changed",
        RecordEventKind::LinkCreated => "Consent link made",
        RecordEventKind::LinkSent => "Consent link sent by mail",
        RecordEventKind::LinkRevoked => "Consent link taken back",
        RecordEventKind::LinkOpened => "Details seen",
        RecordEventKind::LinkLocked => "Consent link locked after wrong codes",
        RecordEventKind::CorrectionRequested => "Correction asked for",
        RecordEventKind::CorrectionRefused => "Told why it is not corrected",
        RecordEventKind::Declined => "Declined",
        RecordEventKind::Lapsed => "Not signed in time",
        RecordEventKind::Consented => "Signed",
        RecordEventKind::ConsentWithdrawn => "Consent taken back",
        RecordEventKind::Approved => "Approved",
        RecordEventKind::AnchoringPlanned => "Transaction prepared",
        RecordEventKind::AnchoringSent => "Transaction sent",
        RecordEventKind::AnchoringMined => "Transaction in a block",
        RecordEventKind::AnchoringRejected => "Not anchored",
        RecordEventKind::Anchored => "Anchored",
        RecordEventKind::Restored => "Restored from a verified copy",
        RecordEventKind::RectificationBegun => "Correction begun",
        RecordEventKind::RectificationDropped => "Correction given up",
        RecordEventKind::ValuesDestroyed => "Values before the correction destroyed",
        RecordEventKind::ErasureAsked => "Erasure asked for",
        RecordEventKind::ErasureRefused => "Told why it is not erased",
        RecordEventKind::ErasureGranted => "Erasure granted",
        RecordEventKind::ErasureReleased => "Erasure released: its time was over",
        RecordEventKind::RetentionProlonged => "Kept for longer, for a reason",
        RecordEventKind::Retired => "Ended on the chain",
        RecordEventKind::Destroyed => "Everything destroyed",
        RecordEventKind::CopyAsked => "Copy of everything asked for, and made",
        RecordEventKind::CopyIdentified => "Written down how the owner is known",
        RecordEventKind::CopyGiven => "Copy of everything handed over",
        RecordEventKind::CopyRevoked => "Copy of everything taken back",
        RecordEventKind::CopyLocked => "Copy of everything locked after wrong codes",
        RecordEventKind::WalletChangeAsked => "Another wallet asked for",
        RecordEventKind::WalletChangeConfirmed => "Another wallet confirmed",
        RecordEventKind::WalletChangeOrdered => "Another wallet ordered by the authority",
        RecordEventKind::WalletChangeBegun => "Version with another wallet begun",
        RecordEventKind::WalletChangeGivenUp => "Another wallet given up",
        RecordEventKind::RestrictionAsked => "Restriction asked for",
        RecordEventKind::RestrictionGranted => "Stays restricted",
        RecordEventKind::RestrictionRefused => "Told why it is not restricted",
        RecordEventKind::ObjectionMade => "Objected to a use",
        RecordEventKind::ObjectionUpheld => "Use that was objected to ended",
        RecordEventKind::ObjectionRefused => "Told why a use goes on",
        RecordEventKind::RestrictionEnding => "Told that the restriction ends",
        RecordEventKind::RestrictionLifted => "Restriction lifted",
        RecordEventKind::RestrictionWithdrawn => "Request to restrict taken back",
    }
}

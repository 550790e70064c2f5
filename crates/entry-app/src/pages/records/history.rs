//! The history of a record in words.

use database::record_events::{self, Actor, RecordEventKind};
use record::ids::RecordId;
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

/// The history, newest first, and how many lines of it somebody else wrote.
pub async fn load(
    desk: &Desk,
    connection: &mut MySqlConnection,
    id: RecordId,
) -> Result<(Vec<Step>, usize)> {
    let names = StaffNames::load(desk, connection).await?;
    let events = record_events::of_record(connection, &desk.keys.front(), id).await?;
    let steps = events.rows.iter().rev().map(|event| Step {
        what: words(event.kind),
        who: match event.actor {
            Actor::Staff(staff) => format!("by {}", names.of(staff)),
            Actor::Owner => "by the data owner".to_owned(),
            Actor::System => String::new(),
        },
        then: match event.kind {
            RecordEventKind::Declined => "; details and key were destroyed",
            _ => "",
        },
        at: event.at,
    });
    Ok((steps.collect(), events.tampered.len()))
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
        RecordEventKind::Declined => "Declined",
        RecordEventKind::Consented => "Signed",
        RecordEventKind::Approved => "Approved",
        RecordEventKind::AnchoringPlanned => "Transaction prepared",
        RecordEventKind::AnchoringSent => "Transaction sent",
        RecordEventKind::AnchoringMined => "Transaction in a block",
        RecordEventKind::AnchoringRejected => "Not anchored",
        RecordEventKind::Anchored => "Anchored",
        RecordEventKind::Restored => "Restored from the verified backup",
        RecordEventKind::RectificationBegun => "Correction begun",
        RecordEventKind::RectificationDropped => "Correction given up",
    }
}

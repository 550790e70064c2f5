//! Approving what the owner signed: from here on the anchoring job does the rest.

use anchoring::ApprovalError;
use axum::extract::{Path, State};
use axum::response::Redirect;
use database::operations_alarms::{self, AlarmKind};
use web_kit::components::Tone;
use web_kit::error::{Error, Result};
use web_kit::sign_in::SignedIn;

use super::{TAMPERED, explain_row, parse_id};
use crate::state::Desk;
use crate::urls;

/// Approves one record.
pub async fn submit(
    person: SignedIn,
    State(desk): State<Desk>,
    Path(id): Path<String>,
) -> Result<Redirect> {
    let id = parse_id(&id)?;
    let mut transaction = desk.pool.begin().await?;
    let approval = anchoring::approve(
        &mut transaction,
        &desk.keys,
        id,
        person.staff_id(),
        desk.clock.now(),
    )
    .await;
    let Err(error) = approval else {
        transaction.commit().await?;
        // The page goes on by itself: this must be true of its last state as well.
        let text = "Approved. This page shows how its proof gets to the chain.";
        person.leave_notice(Tone::Good, text).await?;
        return Ok(Redirect::to(&urls::record(id)));
    };
    drop(transaction);
    Err(match error {
        ApprovalError::Unknown => Error::NotFound,
        ApprovalError::NotWaiting => Error::conflict(
            "The record does not wait for approval any more. Open it again to see why.",
        ),
        ApprovalError::PutBack => {
            put_back(&desk).await?;
            Error::tampered(TAMPERED)
        }
        ApprovalError::Row(error) => explain_row(error),
    })
}

/// Somebody put a correction back that was given up: the officer hears of it.
pub async fn put_back(desk: &Desk) -> Result<()> {
    tracing::error!("ALARM: a correction that was given up was put back, and refused");
    let mut connection = desk.pool.acquire().await?;
    let (kind, now) = (AlarmKind::RowTampered, desk.clock.now());
    operations_alarms::raise(&mut connection, kind, now).await?;
    Ok(())
}

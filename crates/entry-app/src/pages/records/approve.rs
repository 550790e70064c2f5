//! Approving what the owner signed: from here on the anchoring job does the rest.

use anchoring::ApprovalError;
use axum::extract::{Path, State};
use axum::response::Redirect;
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
    approval.map_err(|error| match error {
        ApprovalError::Unknown => Error::NotFound,
        ApprovalError::NotWaiting => Error::conflict(
            "The record does not wait for approval any more. Open it again to see why.",
        ),
        ApprovalError::PutBack => {
            tracing::error!("ALARM: a correction that was given up was put back, and refused");
            Error::tampered(TAMPERED)
        }
        ApprovalError::Row(error) => explain_row(error),
    })?;
    transaction.commit().await?;
    person
        .leave_notice(
            Tone::Good,
            "Approved. Its proof is on the way to the chain.",
        )
        .await?;
    Ok(Redirect::to(&urls::record(id)))
}

//! Taking a consent link back.

use axum::extract::{Path, State};
use axum::response::Redirect;
use sqlx::Connection;
use web_kit::components::Tone;
use web_kit::error::Result;
use web_kit::sign_in::SignedIn;

use super::{explain, parse_id};
use crate::state::Desk;
use crate::urls;

/// Revokes whatever link is open.
pub async fn submit(
    person: SignedIn,
    State(desk): State<Desk>,
    Path(id): Path<String>,
) -> Result<Redirect> {
    let id = parse_id(&id)?;
    let mut connection = desk.pool.acquire().await?;
    let mut transaction = connection.begin().await?;
    let revoked = enrolment::revoke(&mut transaction, &desk.office(&person), id)
        .await
        .map_err(explain)?;
    transaction.commit().await?;
    // The notice takes a connection of its own.
    drop(connection);
    let (tone, text) = match revoked {
        0 => (Tone::Neutral, "There was no open link to take back."),
        _ => (
            Tone::Good,
            "The link is taken back. Whoever opens it reads that it was.",
        ),
    };
    person.leave_notice(tone, text).await?;
    Ok(Redirect::to(&urls::record(id)))
}

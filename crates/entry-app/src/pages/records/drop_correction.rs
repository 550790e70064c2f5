//! Giving up a correction before it is anchored: the record stays as its owner signed it.

use axum::extract::{Path, State};
use axum::response::Redirect;
use sqlx::Connection;
use web_kit::components::Tone;
use web_kit::error::Result;
use web_kit::sign_in::SignedIn;

use super::{explain, parse_id};
use crate::state::Desk;
use crate::urls;

/// Takes the further version out.
pub async fn submit(
    person: SignedIn,
    State(desk): State<Desk>,
    Path(id): Path<String>,
) -> Result<Redirect> {
    let id = parse_id(&id)?;
    let mut connection = desk.pool.acquire().await?;
    let mut transaction = connection.begin().await?;
    enrolment::drop_rectification(&mut transaction, &desk.office(&person), id)
        .await
        .map_err(explain)?;
    transaction.commit().await?;
    // The notice takes a connection of its own.
    drop(connection);
    let text = "The correction is given up. The record stays as its owner signed it.";
    person.leave_notice(Tone::Good, text).await?;
    Ok(Redirect::to(&urls::record(id)))
}

//! Giving up a correction before it is anchored: the record stays as its owner signed it.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::{Html, Redirect};
use database::consents;
use sqlx::Connection;
use web_kit::components::Tone;
use web_kit::error::{Error, Result};
use web_kit::page::{Page, html};
use web_kit::sign_in::SignedIn;

use super::opened::load_record;
use super::{explain, parse_id};
use crate::state::Desk;
use crate::urls;

#[derive(Template)]
#[template(path = "records/drop_correction.html")]
struct DropCorrectionPage {
    page: Page,
    record_address: String,
    /// Whether its owner has signed it.
    is_signed: bool,
}

/// Asks, and says what is deleted.
pub async fn show(
    page: Page,
    State(desk): State<Desk>,
    Path(id): Path<String>,
) -> Result<Html<String>> {
    let id = parse_id(&id)?;
    let mut connection = desk.pool.acquire().await?;
    let record = load_record(&desk, &mut connection, id).await?;
    if !record.has_correction_under_way() {
        return Err(Error::conflict(
            "No correction of this record is under way.",
        ));
    }
    let consent = consents::load(&mut connection, id, record.version).await?;
    html(&DropCorrectionPage {
        page: page.titled("Give the correction up?"),
        record_address: urls::record(id),
        is_signed: consent.is_some(),
    })
}

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

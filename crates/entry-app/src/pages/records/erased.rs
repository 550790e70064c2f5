//! What can be told of a record that was erased: when, and who did what, of a number.

use askama::Template;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use database::erasures::{self, Erasure, ErasureState};
use database::record_events;
use record::ids::{RecordId, Uid};
use sqlx::MySqlConnection;
use web_kit::components::{Badge, Moment, Tone};
use web_kit::error::Result;
use web_kit::page::{Page, html};

use super::erasure_view::ErasureView;
use super::history::{self, Step};
use crate::state::Desk;

/// What the history shows of it.
struct Told {
    history: Vec<Step>,
    history_tampered: usize,
}

#[derive(Template)]
#[template(path = "records/erased.html")]
struct ErasedPage {
    page: Page,
    uid: Uid,
    view: ErasureView,
    key_version: Option<u32>,
    /// Whether nobody can unwrap what that version and those before it wrapped.
    is_final: bool,
    standing: Told,
}

/// The page, with 410: whoever has the record's page open is to see it no more. None of a record that was not erased.
pub async fn page(
    desk: &Desk,
    connection: &mut MySqlConnection,
    page: &Page,
    id: RecordId,
) -> Result<Option<Response>> {
    let asked = erasures::of_record(connection, &desk.keys, id).await?;
    let is_over = |one: &Erasure| one.state == ErasureState::Destroyed;
    let Some(erasure) = asked.rows.into_iter().find(is_over) else {
        return Ok(None);
    };
    let events = record_events::of_record(connection, &desk.keys.front(), id).await?;
    let shown = ErasedPage {
        page: page.clone().titled("An erased record"),
        uid: erasure.uid,
        view: ErasureView::of(&erasure, desk.clock.now()).with_reason(&erasure, &desk.keys),
        key_version: erasure.key_version,
        is_final: erasure
            .key_version
            .is_some_and(|version| desk.keys.are_destroyed_up_to(version)),
        standing: Told {
            history: history::steps(desk, connection, &events.rows).await?,
            history_tampered: events.tampered.len(),
        },
    };
    Ok(Some((StatusCode::GONE, html(&shown)?).into_response()))
}

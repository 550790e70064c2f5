//! How a record stands, by itself: what the record's page fetches again and again. It shows no details, so that nobody's
//! look has to be logged.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use web_kit::components::{Badge, Copyable, Moment, Progress, Tone};
use web_kit::error::Result;
use web_kit::page::{Page, html};

use super::opened::load_record;
use super::standing::Standing;
use super::{erased, parse_id};
use crate::state::Desk;

#[derive(Template)]
#[template(path = "records/progress.html")]
struct ProgressPage {
    page: Page,
    standing: Standing,
}

/// The page.
pub async fn show(
    page: Page,
    State(desk): State<Desk>,
    Path(id): Path<String>,
) -> Result<Response> {
    let id = parse_id(&id)?;
    let mut connection = desk.pool.acquire().await?;
    if let Some(erased) = erased::page(&desk, &mut connection, &page, id).await? {
        return Ok(erased);
    }
    let record = load_record(&desk, &mut connection, id).await?;
    let standing = Standing::load(&desk, &mut connection, &record).await?;
    let shown = ProgressPage {
        page: page.titled(standing.title.as_str()),
        standing,
    };
    Ok(html(&shown)?.into_response())
}

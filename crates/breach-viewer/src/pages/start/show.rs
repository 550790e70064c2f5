//! The page, which keeps itself fresh by the events.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Html;
use web_kit::error::Result;
use web_kit::page::{Page, html};

use super::overview::Parts;
use crate::state::AppState;

#[derive(Template)]
#[template(path = "start/show.html")]
struct StartPage {
    page: Page,
    parts: Arc<Parts>,
}

/// The page.
pub async fn show(page: Page, State(app): State<AppState>) -> Result<Html<String>> {
    html(&StartPage {
        page: page.titled("Is everything all right?"),
        parts: app.watchtower.overviews.now(&app).await?,
    })
}

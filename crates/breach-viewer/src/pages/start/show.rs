//! The page, which keeps itself fresh by the events.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Html;
use serde::Deserialize;
use web_kit::error::Result;
use web_kit::page::{Page, html};
use web_kit::query::Query;

use super::overview::Parts;
use super::period::Period;
use crate::state::AppState;

/// What an address says of the page.
#[derive(Deserialize)]
pub struct Wish {
    /// The chart's period.
    over: Option<String>,
}

impl Wish {
    pub fn period(&self) -> Result<Option<Period>> {
        Period::named(self.over.as_deref())
    }
}

#[derive(Template)]
#[template(path = "start/show.html")]
struct StartPage {
    page: Page,
    parts: Arc<Parts>,
    period: Option<Period>,
}

/// The page.
pub async fn show(
    page: Page,
    State(app): State<AppState>,
    Query(wish): Query<Wish>,
) -> Result<Html<String>> {
    html(&StartPage {
        page: page.titled("Is everything all right?"),
        period: wish.period()?,
        parts: app.watchtower.overviews.now(&app).await?,
    })
}

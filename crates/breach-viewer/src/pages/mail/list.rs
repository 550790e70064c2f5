//! The mails that were given up or are refused, newest first: what the alarm about undelivered mail leads to.

use askama::Template;
use axum::extract::State;
use axum::response::Html;
use database::outbox;
use web_kit::components::Moment;
use web_kit::error::Result;
use web_kit::page::{Page, html};

use super::line::Line;
use crate::state::Watchtower;

/// Whoever has more than these to see to sees the next ones when the first are done.
const MOST: u32 = 50;

#[derive(Template)]
#[template(path = "mail/list.html")]
struct ListPage {
    page: Page,
    lines: Vec<Line>,
}

/// The page.
pub async fn show(page: Page, State(tower): State<Watchtower>) -> Result<Html<String>> {
    let mut connection = tower.pool.acquire().await?;
    let found = outbox::undelivered(&mut connection, &tower.keys.front(), MOST).await?;
    let mut lines = Vec::with_capacity(found.rows.len());
    for mail in &found.rows {
        lines.push(Line::new(&tower, &mut connection, mail).await?);
    }
    html(&ListPage {
        page: page.titled("Undelivered mail"),
        lines,
    })
}

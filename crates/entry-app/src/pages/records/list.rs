//! All records, newest first, by state, a page at a time.

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Html;
use database::records::RecordState;
use database::records_view;
use serde::Deserialize;
use web_kit::components::{Badge, Moment, Pager};
use web_kit::error::{Error, Result};
use web_kit::page::{Page, html};

use super::lines::Line;
use super::state_view;
use crate::state::Desk;
use crate::urls;

const PER_PAGE: u32 = 50;

/// Which part of the list.
#[derive(Deserialize)]
pub struct Part {
    state: Option<String>,
    after: Option<String>,
}

struct Tab {
    label: &'static str,
    address: String,
    count: u64,
    is_current: bool,
}

#[derive(Template)]
#[template(path = "records/list.html")]
struct ListPage {
    page: Page,
    tabs: Vec<Tab>,
    lines: Vec<Line>,
    pager: Pager,
    approvable: usize,
    is_empty_office: bool,
}

/// The page.
pub async fn show(
    page: Page,
    State(desk): State<Desk>,
    Query(part): Query<Part>,
) -> Result<Html<String>> {
    let state = part
        .state
        .as_deref()
        .map(str::parse::<RecordState>)
        .transpose();
    let state = state.map_err(|_| Error::NotFound)?;
    let after = part.after.as_deref().map(str::parse).transpose();
    let after = after.map_err(|_| Error::NotFound)?;
    let mut connection = desk.pool.acquire().await?;
    let counts = records_view::counts(&mut connection).await?;
    let found =
        records_view::list(&mut connection, &desk.keys.front(), state, after, PER_PAGE).await?;
    let lines: Vec<Line> = found
        .rows
        .iter()
        .map(|row| Line::new(row, &desk.keys))
        .collect();
    let total: u64 = counts.values().sum();
    let tab = |label, of: Option<RecordState>, count| Tab {
        label,
        address: urls::records(of, None),
        count,
        is_current: of == state,
    };
    let by_state = state_view::ALL.into_iter().map(|of| {
        tab(
            state_view::label(of),
            Some(of),
            counts.get(&of).copied().unwrap_or_default(),
        )
    });
    html(&ListPage {
        page: page.titled("Records"),
        tabs: std::iter::once(tab("All", None, total))
            .chain(by_state)
            .collect(),
        approvable: lines.iter().filter(|line| line.can_be_approved()).count(),
        pager: Pager {
            label: "Records",
            previous: after.is_some().then(|| urls::records(state, None)),
            next: found.next.map(|next| urls::records(state, Some(next))),
            shown: format!("{} shown, newest first", lines.len()),
        },
        lines,
        is_empty_office: total == 0,
    })
}

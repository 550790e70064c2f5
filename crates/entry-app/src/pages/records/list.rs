//! All records, newest first, by state, a page at a time.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::State;
use axum::response::Html;
use database::records::RecordState;
use database::records_view::{self, Cursor};
use serde::Deserialize;
use sqlx::MySqlConnection;
use web_kit::components::{Badge, Moment, Pager};
use web_kit::error::{Error, Result};
use web_kit::page::{Page, html};
use web_kit::query::Query;

use super::lines::Line;
use super::state_view;
use crate::pages::retention::due_now::{DueCounts, Part as Due, counted};
use crate::state::Desk;
use crate::urls;

const PER_PAGE: u32 = 50;
/// Once these are answered the next ones come up.
const MOST_ASKING: u32 = 20;

/// Which part of the list, as the address says.
#[derive(Deserialize)]
pub struct Part {
    state: Option<String>,
    after: Option<String>,
    before: Option<String>,
}

struct Tab {
    label: &'static str,
    address: String,
    count: String,
    is_current: bool,
}

/// To a part of what is due to be erased.
struct DueLink {
    address: String,
    text: String,
}

#[derive(Template)]
#[template(path = "records/list.html")]
struct ListPage {
    page: Page,
    tabs: Vec<Tab>,
    lines: Vec<Line>,
    /// Anchored records whose owners wait for an answer; told on the first page.
    asking: Vec<Line>,
    /// What is due to be erased since its time is over, or will be; told on the first page.
    due: Vec<DueLink>,
    pager: Pager,
    approvable: usize,
    /// Whether a line was tampered with: to count without it, every row would have to be opened.
    counts_mislead: bool,
    is_empty_office: bool,
}

/// The page.
pub async fn show(
    page: Page,
    State(desk): State<Desk>,
    Query(part): Query<Part>,
) -> Result<Html<String>> {
    let state = read::<RecordState>(part.state.as_deref())?;
    let mut connection = desk.pool.acquire().await?;
    let counts = records_view::counts(&mut connection).await?;
    let (lines, pager) = find(&desk, &mut connection, state, &part).await?;
    let front = desk.keys.front();
    let asking = match part.is_start() {
        true => records_view::asking(&mut connection, &front, MOST_ASKING).await?,
        false => Vec::new(),
    };
    let due = match part.is_start() {
        true => due_links(&desk, &mut connection).await?,
        false => Vec::new(),
    };
    html(&ListPage {
        page: page.titled("Records"),
        due,
        tabs: tabs(&counts, state),
        approvable: lines.iter().filter(|line| line.can_be_approved()).count(),
        counts_mislead: lines.iter().any(|line| line.state.is_none()),
        // Not by the counts: a row whose state was made unreadable has none.
        is_empty_office: lines.is_empty() && part.is_start(),
        lines,
        asking: Line::all(&desk, &mut connection, &asking).await?,
        pager,
    })
}

/// Where there is something to be seen to.
async fn due_links(desk: &Desk, connection: &mut MySqlConnection) -> Result<Vec<DueLink>> {
    let counts = DueCounts::load(desk, connection).await?;
    let warn_days = desk.profile.retention.warn_days;
    let parts = Due::ALL.into_iter().filter(|part| counts.of(*part) > 0);
    let links = parts.map(|part| {
        let count = counted(counts.of(part));
        DueLink {
            address: urls::due(part.name(), None),
            text: match part {
                Due::Now => format!("{count} due now"),
                Due::Soon => format!("{count} within {warn_days} days"),
                Due::Unknown => format!("{count} of which nobody can tell"),
            },
        }
    });
    Ok(links.collect())
}

impl Part {
    fn is_start(&self) -> bool {
        self.state.is_none() && self.after.is_none() && self.before.is_none()
    }
}

/// An address that was tampered with leads nowhere.
fn read<T: std::str::FromStr>(text: Option<&str>) -> Result<Option<T>> {
    text.map(str::parse)
        .transpose()
        .map_err(|_| Error::NotFound)
}

async fn find(
    desk: &Desk,
    connection: &mut MySqlConnection,
    state: Option<RecordState>,
    part: &Part,
) -> Result<(Vec<Line>, Pager)> {
    let front = desk.keys.front();
    let after = read::<Cursor>(part.after.as_deref())?;
    let (found, is_more_before) = match read::<Cursor>(part.before.as_deref())? {
        Some(before) => {
            records_view::list_before(connection, &front, state, before, PER_PAGE).await?
        }
        None => {
            let page = records_view::list(connection, &front, state, after, PER_PAGE).await?;
            (page, after.is_some())
        }
    };
    let lines = Line::all(desk, connection, &found.rows).await?;
    let previous = found.first.filter(|_| is_more_before);
    let pager = Pager {
        label: "Records",
        previous: previous.map(|first| urls::records_before(state, first)),
        next: found.next.map(|last| urls::records_after(state, last)),
        shown: format!("{} shown, newest first", lines.len()),
    };
    Ok((lines, pager))
}

fn tabs(counts: &BTreeMap<RecordState, u64>, current: Option<RecordState>) -> Vec<Tab> {
    let tab = |label, of: Option<RecordState>, count| Tab {
        label,
        address: urls::records(of),
        count: counted(count),
        is_current: of == current,
    };
    let by_state = state_view::ALL.into_iter().map(|of| {
        let count = counts.get(&of).copied().unwrap_or_default();
        tab(state_view::label(of), Some(of), count)
    });
    std::iter::once(tab("All", None, counts.values().sum()))
        .chain(by_state)
        .collect()
}

//! What is due to be erased since its time is over, and what becomes so: the first at the top, a page at a time.

use askama::Template;
use axum::extract::State;
use axum::response::Html;
use database::records_view::{self, Cursor, ListedRecord};
use enrolment::retention::{Term, hold};
use record::time::UnixMillis;
use serde::Deserialize;
use sqlx::MySqlConnection;
use web_kit::components::{Badge, Moment, Pager, Tone};
use web_kit::error::{Error, Result};
use web_kit::page::{Page, html};
use web_kit::query::Query;
use web_kit::sign_in::SignedIn;

use super::due_now::{DueCounts, Part, counted};
use super::order::MOST;
use crate::pages::records::explain;
use crate::pages::records::lines::Line;
use crate::pages::records::retention_view::hold_in_words;
use crate::state::Desk;
use crate::urls;

/// Which part of it, as the address says.
#[derive(Deserialize)]
pub struct Asked {
    show: Option<String>,
    after: Option<String>,
}

struct Tab {
    label: String,
    address: String,
    count: String,
    is_current: bool,
}

/// A record that is due, or will be.
struct DueLine {
    line: Line,
    due_at: Option<UnixMillis>,
    /// What has to be seen to first.
    held: Option<&'static str>,
    is_prolonged: bool,
}

impl DueLine {
    fn can_be_released(&self) -> bool {
        self.held.is_none() && self.line.uid.is_some() && self.line.state.is_some()
    }
}

#[derive(Template)]
#[template(path = "retention/list.html")]
struct ListPage {
    page: Page,
    part: Part,
    tabs: Vec<Tab>,
    lines: Vec<DueLine>,
    pager: Pager,
    /// The order's time: it stands in the address of the next page, so that the same is signed whenever that is opened.
    at: u64,
    most: usize,
}

impl ListPage {
    fn has_releasable(&self) -> bool {
        self.part == Part::Now && self.lines.iter().any(DueLine::can_be_released)
    }
}

/// The page.
pub async fn show(
    page: Page,
    State(desk): State<Desk>,
    Query(asked): Query<Asked>,
    _person: SignedIn,
) -> Result<Html<String>> {
    let part = read_part(asked.show.as_deref())?;
    let after = read_cursor(asked.after.as_deref())?;
    let mut connection = desk.pool.acquire().await?;
    let counts = DueCounts::load(&desk, &mut connection).await?;
    let days = part.days(&desk);
    let (front, limit) = (desk.keys.front(), u32::try_from(MOST).unwrap_or(u32::MAX));
    let found = records_view::due(&mut connection, &front, days, after, limit).await?;
    let shown = Line::all(&desk, &mut connection, &found.rows).await?;
    let mut lines = Vec::new();
    for (line, listed) in shown.into_iter().zip(&found.rows) {
        lines.push(due_line(&desk, &mut connection, line, listed).await?);
    }
    html(&ListPage {
        page: page.titled("Retention"),
        part,
        tabs: tabs(&desk, &counts, part),
        pager: Pager {
            label: "Records that are due",
            previous: after.map(|_| urls::due(part.name(), None)),
            next: found.next.map(|next| urls::due(part.name(), Some(next))),
            shown: format!("{} shown, the first to be due at the top", lines.len()),
        },
        lines,
        at: desk.clock.now().as_seconds(),
        most: MOST,
    })
}

fn read_part(name: Option<&str>) -> Result<Part> {
    let Some(name) = name else {
        return Ok(Part::Now);
    };
    let mut parts = Part::ALL.into_iter();
    parts
        .find(|part| part.name() == name)
        .ok_or(Error::NotFound)
}

/// An address that was tampered with leads nowhere.
fn read_cursor(text: Option<&str>) -> Result<Option<Cursor>> {
    text.map(str::parse)
        .transpose()
        .map_err(|_| Error::NotFound)
}

/// By what its rows say now: the day that it was found by may be older.
async fn due_line(
    desk: &Desk,
    connection: &mut MySqlConnection,
    line: Line,
    listed: &ListedRecord,
) -> Result<DueLine> {
    let Some(record) = &listed.record else {
        return Ok(DueLine {
            line,
            due_at: None,
            held: None,
            is_prolonged: false,
        });
    };
    let term = Term::load(connection, &desk.keys, record, &desk.rules())
        .await
        .map_err(explain)?;
    let hold = hold(connection, &desk.keys, record, &term, desk.clock.now())
        .await
        .map_err(explain)?;
    Ok(DueLine {
        line,
        due_at: term.due_at(),
        held: hold.map(hold_in_words),
        is_prolonged: !term.prolongations.is_empty(),
    })
}

fn tabs(desk: &Desk, counts: &DueCounts, current: Part) -> Vec<Tab> {
    let label = |part| match part {
        Part::Now => "Due now".to_owned(),
        Part::Soon => format!("Within {} days", desk.profile.retention.warn_days),
        Part::Unknown => "Can't be told".to_owned(),
    };
    let tab = |part: Part| Tab {
        label: label(part),
        address: urls::due(part.name(), None),
        count: counted(counts.of(part)),
        is_current: part == current,
    };
    Part::ALL.into_iter().map(tab).collect()
}

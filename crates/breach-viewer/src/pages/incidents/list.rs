//! All incidents, newest first.

use askama::Template;
use axum::extract::State;
use axum::response::Html;
use database::incident_findings::{self, Tally};
use database::incidents::{self, Incident, IncidentState};
use database::page_before;
use serde::Deserialize;
use sqlx::MySqlConnection;
use web_kit::components::{Badge, Moment, Pager, Tone};
use web_kit::error::Result;
use web_kit::page::{Page, html};
use web_kit::query::Query;

use super::clock::Clock;
use crate::state::Watchtower;
use crate::urls;

const PER_PAGE: u32 = 30;
/// So many findings of an incident are counted in a list, which says "up to" where there are more; its page counts further.
pub const COUNTED: u32 = 1000;

/// Which part of the list.
#[derive(Deserialize)]
pub struct Part {
    before: Option<u64>,
}

struct Line {
    incident: Incident,
    address: String,
    label: &'static str,
    tone: Tone,
    clock: Clock,
    all: String,
    /// None when all are resolved.
    open: Option<String>,
}

#[derive(Template)]
#[template(path = "incidents/list.html")]
struct ListPage {
    page: Page,
    lines: Vec<Line>,
    tampered: usize,
    pager: Pager,
}

/// The page.
pub async fn show(
    page: Page,
    State(tower): State<Watchtower>,
    Query(part): Query<Part>,
) -> Result<Html<String>> {
    let mut connection = tower.pool.acquire().await?;
    let below = part.before.unwrap_or(u64::MAX);
    let found = incidents::list(&mut connection, &tower.keys, below, PER_PAGE + 1).await?;
    let found = found.page(PER_PAGE, |incident| incident.id);
    let mut lines = Vec::with_capacity(found.rows.len());
    for incident in found.rows {
        lines.push(Line::new(&tower, &mut connection, incident).await?);
    }
    let previous = match part.before {
        Some(before) => {
            let above = page_before::of_incidents(&mut connection, before, PER_PAGE).await?;
            Some(urls::incidents(above))
        }
        None => None,
    };
    html(&ListPage {
        page: page.titled("Incidents"),
        tampered: found.tampered.len(),
        pager: Pager {
            label: "Incidents",
            previous,
            next: found.goes_on_from.map(|last| urls::incidents(Some(last))),
            shown: format!("{} shown, newest first", lines.len()),
        },
        lines,
    })
}

impl Line {
    async fn new(
        tower: &Watchtower,
        connection: &mut MySqlConnection,
        incident: Incident,
    ) -> Result<Self> {
        let tally = incident_findings::tally(connection, &tower.keys, incident.id, COUNTED).await?;
        let (label, tone) = words(incident.state);
        Ok(Self {
            address: urls::incident(incident.id),
            clock: Clock::of(&incident, tower.incident_clock, tower.clock.now()),
            incident,
            label,
            tone,
            all: number(tally.all, &tally),
            open: (tally.open > 0).then(|| number(tally.open, &tally)),
        })
    }
}

/// A state in a word.
pub const fn words(state: IncidentState) -> (&'static str, Tone) {
    match state {
        IncidentState::Open => ("Open", Tone::Bad),
        IncidentState::Assessed => ("Assessed", Tone::Warning),
        IncidentState::Closed => ("Closed", Tone::Good),
    }
}

/// A number out of a tally, in words.
pub fn number(number: u64, tally: &Tally) -> String {
    match tally.is_at_most {
        false => number.to_string(),
        true => format!("up to {number}"),
    }
}

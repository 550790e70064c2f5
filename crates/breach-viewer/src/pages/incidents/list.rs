//! All incidents, newest first.

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Html;
use database::incident_findings;
use database::incidents::{self, Incident, IncidentState};
use serde::Deserialize;
use web_kit::components::{Badge, Moment, Pager, Tone};
use web_kit::error::Result;
use web_kit::page::{Page, html};

use super::clock::Clock72;
use crate::state::Watchtower;
use crate::urls;

const PER_PAGE: u32 = 30;

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
    clock: Clock72,
    all: u64,
    open: u64,
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
    let found = incidents::list(
        &mut connection,
        &tower.keys,
        part.before.unwrap_or(u64::MAX),
        PER_PAGE,
    )
    .await?;
    let more = found.rows.len() == usize::try_from(PER_PAGE).unwrap_or(usize::MAX);
    let next = found
        .rows
        .last()
        .filter(|_| more)
        .map(|last| urls::incidents(Some(last.id)));
    let mut lines = Vec::with_capacity(found.rows.len());
    for incident in found.rows {
        let (all, open) = incident_findings::count(&mut connection, incident.id).await?;
        let (label, tone) = words(incident.state);
        let clock = Clock72::of(&incident, tower.clock.now());
        lines.push(Line {
            address: urls::incident(incident.id),
            incident,
            label,
            tone,
            clock,
            all,
            open,
        });
    }
    html(&ListPage {
        page: page.titled("Incidents"),
        tampered: found.tampered.len(),
        pager: Pager {
            label: "Incidents",
            previous: part.before.is_some().then(|| urls::incidents(None)),
            next,
            shown: format!("{} shown, newest first", lines.len()),
        },
        lines,
    })
}

/// A state in a word.
pub const fn words(state: IncidentState) -> (&'static str, Tone) {
    match state {
        IncidentState::Open => ("Open", Tone::Bad),
        IncidentState::Assessed => ("Assessed", Tone::Warning),
        IncidentState::Closed => ("Closed", Tone::Good),
    }
}

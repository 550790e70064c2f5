//! One incident: what was found, the time line, the clock, and the steps of a person.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Html;
use database::incident_events::{self, IncidentEvent};
use database::incident_findings::{self, Finding, Tally};
use database::incidents::{self, Incident, IncidentState};
use database::verifications::{Source, VerdictKind};
use database::{Checked, page_before};
use record::time::UnixMillis;
use serde::Deserialize;
use sqlx::MySqlConnection;
use web_kit::components::{Badge, Copyable, Moment, Pager, Tone};
use web_kit::error::{Error, Result};
use web_kit::form::FormState;
use web_kit::page::{Page, html};
use web_kit::query::Query;
use web_kit::sign_in::{KeptForm, Role, SignedIn};

use super::clock::Clock;
use super::evidence::PieceLine;
use super::list::{number, words};
use super::time_line::{Step, names};
use crate::pages::verdict_view;
use crate::state::Watchtower;
use crate::urls;

const PER_PAGE: u32 = 50;
const STEPS_PER_PAGE: u32 = 100;
/// So many findings are counted; where there are more, the page says "up to".
const COUNTED: u32 = 20_000;
const SHOWN_OF_ID: usize = 8;

/// Which part of the findings, and of the time line.
#[derive(Default, Deserialize)]
pub struct Part {
    after: Option<u64>,
    before: Option<u64>,
}

struct FoundLine {
    address: String,
    restore_address: Option<String>,
    /// Where it stands how a forged row is removed.
    removal_address: Option<String>,
    what: String,
    label: &'static str,
    tone: Tone,
    parts: String,
    expected: Option<String>,
    found: Option<String>,
    found_at: UnixMillis,
    resolved_at: Option<UnixMillis>,
    has_row: bool,
}

#[derive(Template)]
#[template(path = "incidents/show.html")]
pub struct ShowPage {
    page: Page,
    address: String,
    incident: Incident,
    label: &'static str,
    tone: Tone,
    clock: Clock,
    all: String,
    open: String,
    lines: Vec<FoundLine>,
    pager: Pager,
    steps: Vec<Step>,
    earlier_steps: Option<String>,
    pieces: Vec<PieceLine>,
    more_pieces: u64,
    /// Whether any has one: not every server's log tells it.
    connections_told: bool,
    tampered: u64,
    form: FormState,
    can_act: bool,
}

/// The page.
pub async fn show(
    page: Page,
    person: SignedIn,
    State(tower): State<Watchtower>,
    Path(id): Path<u64>,
    Query(part): Query<Part>,
    KeptForm(form): KeptForm,
) -> Result<Html<String>> {
    html(&load(page, &person, &tower, id, part, form).await?)
}

/// The page with a form as it was sent.
pub async fn load(
    page: Page,
    person: &SignedIn,
    tower: &Watchtower,
    id: u64,
    part: Part,
    form: FormState,
) -> Result<ShowPage> {
    let mut connection = tower.pool.acquire().await?;
    let incident = incidents::load(&mut connection, &tower.keys, id)
        .await?
        .ok_or(Error::NotFound)?;
    let keys = &tower.keys;
    let tally = incident_findings::tally(&mut connection, keys, id, COUNTED).await?;
    let can_act = person.is_any(&[Role::DataProtectionOfficer]);
    let (found, pager) = find(tower, &mut connection, id, part.after, &tally).await?;
    let steps = steps(tower, &mut connection, id, part.before).await?;
    let names = names(tower, &mut connection).await?;
    let kept = PieceLine::of_incident(tower, &mut connection, id).await?;
    let (label, tone) = words(incident.state);
    let lines = found.iter().map(|one| FoundLine::new(one, can_act));
    let tampered = steps.tampered.len() + kept.tampered;
    let earlier = steps.goes_on_from;
    let steps = steps.rows.iter();
    Ok(ShowPage {
        page: page.titled(format!("Incident {id}")),
        address: urls::incident(id),
        clock: Clock::of(&incident, tower.incident_clock, tower.clock.now()),
        label,
        tone,
        all: number(tally.all, &tally),
        open: number(tally.open, &tally),
        tampered: tally.others + tampered as u64,
        more_pieces: kept.more,
        connections_told: kept.lines.iter().any(|line| line.connection.is_some()),
        pieces: kept.lines,
        pager,
        lines: lines.collect(),
        steps: steps
            .map(|(_, step)| Step::new(tower, &names, step))
            .collect(),
        earlier_steps: earlier.map(|before| urls::steps(id, part.after, before)),
        incident,
        form,
        can_act,
    })
}

/// A page of the time line, newest first; where it goes on from, when it does.
async fn steps(
    tower: &Watchtower,
    connection: &mut MySqlConnection,
    id: u64,
    before: Option<u64>,
) -> Result<Checked<(u64, IncidentEvent)>> {
    let (before, keys) = (before.unwrap_or(u64::MAX), &tower.keys);
    let limit = STEPS_PER_PAGE + 1;
    let steps = incident_events::of_incident(connection, keys, id, before, limit).await?;
    Ok(steps.page(STEPS_PER_PAGE, |(id, _)| *id))
}

/// A page of the findings.
async fn find(
    tower: &Watchtower,
    connection: &mut MySqlConnection,
    id: u64,
    after: Option<u64>,
    tally: &Tally,
) -> Result<(Vec<Finding>, Pager)> {
    let behind = after.unwrap_or_default();
    let limit = PER_PAGE + 1;
    let found = incident_findings::of_incident(connection, &tower.keys, id, behind, limit).await?;
    let found = found.page(PER_PAGE, |finding| finding.id);
    let previous = match after {
        Some(after) => {
            let before = page_before::of_findings(connection, id, after, PER_PAGE).await?;
            Some(urls::findings(id, before))
        }
        None => None,
    };
    let pager = Pager {
        label: "Findings",
        previous,
        next: found
            .goes_on_from
            .map(|last| urls::findings(id, Some(last))),
        shown: format!("{} of {} shown", found.rows.len(), number(tally.all, tally)),
    };
    Ok((found.rows, pager))
}

impl FoundLine {
    fn new(finding: &Finding, can_act: bool) -> Self {
        let address = urls::record(finding.subject);
        let is_open = finding.resolved_at.is_none();
        let is_forged = finding.uid.is_none() && finding.verdict == VerdictKind::Forged;
        let restorable = can_act && finding.uid.is_some() && is_open;
        Self {
            restore_address: restorable.then(|| format!("{address}/restore")),
            removal_address: (is_forged && is_open).then(|| format!("{address}#removal")),
            address,
            what: match finding.uid {
                Some(uid) => format!("Record {uid}"),
                None => {
                    let row = short(&finding.subject.to_string());
                    match finding.verdict {
                        VerdictKind::Forged => format!("Row {row} unknown to the chain"),
                        // A record on its way, at which somebody was.
                        _ => format!("Row {row} not anchored yet"),
                    }
                }
            },
            label: verdict_view::label(finding.verdict),
            tone: verdict_view::tone(finding.verdict),
            parts: verdict_view::parts(&finding.fields),
            expected: finding.proof_expected.map(|proof| proof.to_string()),
            found: finding.proof_found.map(|proof| proof.to_string()),
            found_at: finding.found_at,
            resolved_at: finding.resolved_at,
            has_row: finding.found_row.is_some(),
        }
    }
}

/// Enough of a row's id to tell it from others.
pub fn short(id: &str) -> String {
    match id.get(..SHOWN_OF_ID) {
        Some(head) if id.len() > SHOWN_OF_ID => format!("{head}…"),
        _ => id.to_owned(),
    }
}

/// By whom an incident was noticed.
const fn noticed_by(source: &Source) -> &'static str {
    match source {
        Source::Sweep => "by the sweep",
        Source::Button => "by the Verify button",
        Source::Watch => "by the watch",
        Source::Hand => "by a person",
    }
}

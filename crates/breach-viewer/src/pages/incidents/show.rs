//! One incident: what was found, the time line, the clock, and the steps of a person.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Html;
use database::incident_events::{self, IncidentEvent, IncidentEventKind};
use database::incident_findings::{self, Finding};
use database::incidents::{self, Incident, IncidentState};
use database::staff;
use record::ids::StaffId;
use record::time::UnixMillis;
use serde::Deserialize;
use sqlx::MySqlConnection;
use web_kit::components::{Badge, Copyable, Moment, Pager, Tone};
use web_kit::error::{Error, Result};
use web_kit::form::FormState;
use web_kit::page::{Page, html};
use web_kit::sign_in::{KeptForm, Role, SignedIn};

use super::clock::Clock72;
use super::list::words;
use crate::pages::verdict_view;
use crate::state::Watchtower;
use crate::urls;

const PER_PAGE: u32 = 50;

/// Which part of the findings.
#[derive(Deserialize)]
pub struct Part {
    after: Option<u64>,
}

struct FoundLine {
    address: String,
    restore_address: Option<String>,
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

struct Step {
    tone_class: &'static str,
    what: &'static str,
    who: String,
    detail: Option<String>,
    at: UnixMillis,
}

#[derive(Template)]
#[template(path = "incidents/show.html")]
pub struct ShowPage {
    page: Page,
    address: String,
    incident: Incident,
    label: &'static str,
    tone: Tone,
    clock: Clock72,
    all: u64,
    open: u64,
    lines: Vec<FoundLine>,
    pager: Pager,
    steps: Vec<Step>,
    tampered: usize,
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
    html(&load(page, &person, &tower, id, part.after, form).await?)
}

/// The page with a form as it was sent.
pub async fn load(
    page: Page,
    person: &SignedIn,
    tower: &Watchtower,
    id: u64,
    after: Option<u64>,
    form: FormState,
) -> Result<ShowPage> {
    let mut connection = tower.pool.acquire().await?;
    let incident = incidents::load(&mut connection, &tower.keys, id)
        .await?
        .ok_or(Error::NotFound)?;
    let (all, open) = incident_findings::count(&mut connection, id).await?;
    let from = after.unwrap_or_default();
    let found =
        incident_findings::of_incident(&mut connection, &tower.keys, id, from, PER_PAGE).await?;
    let events = incident_events::of_incident(&mut connection, &tower.keys, id).await?;
    let names = names(tower, &mut connection).await?;
    let can_act = person.is_any(&[Role::DataProtectionOfficer]);
    let more = found.rows.len() == usize::try_from(PER_PAGE).unwrap_or(usize::MAX);
    let next = found
        .rows
        .last()
        .filter(|_| more)
        .map(|last| format!("{}?after={}", urls::incident(id), last.id));
    let (label, tone) = words(incident.state);
    Ok(ShowPage {
        page: page.titled(format!("Incident {id}")),
        address: urls::incident(id),
        clock: Clock72::of(&incident, tower.clock.now()),
        label,
        tone,
        all,
        open,
        tampered: found.tampered.len() + events.tampered.len(),
        pager: Pager {
            label: "Findings",
            previous: after.map(|_| urls::incident(id)),
            next,
            shown: format!("{} of {all} shown", found.rows.len()),
        },
        lines: found
            .rows
            .iter()
            .map(|finding| FoundLine::new(finding, can_act))
            .collect(),
        steps: events
            .rows
            .iter()
            .rev()
            .map(|event| Step::new(tower, &names, event))
            .collect(),
        incident,
        form,
        can_act,
    })
}

async fn names(
    tower: &Watchtower,
    connection: &mut MySqlConnection,
) -> Result<BTreeMap<StaffId, String>> {
    let accounts = staff::all(connection, &tower.keys).await?;
    let named = accounts.rows.iter().filter_map(|account| {
        Some((
            account.id,
            account
                .open_display_name(&tower.keys)
                .ok()?
                .as_str()
                .to_owned(),
        ))
    });
    Ok(named.collect())
}

impl FoundLine {
    fn new(finding: &Finding, can_act: bool) -> Self {
        let address = urls::record(finding.subject);
        let restorable = can_act && finding.uid.is_some() && finding.resolved_at.is_none();
        Self {
            restore_address: restorable.then(|| format!("{address}/restore")),
            address,
            what: match finding.uid {
                Some(uid) => format!("Record {uid}"),
                None => "Row unknown to the chain".to_owned(),
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

impl Step {
    fn new(tower: &Watchtower, names: &BTreeMap<StaffId, String>, event: &IncidentEvent) -> Self {
        let (what, tone_class) = step_words(event.kind);
        let who = event.actor_id.map(|id| {
            names
                .get(&id)
                .map_or("an account that is gone", String::as_str)
        });
        let detail = event.open_detail(&tower.keys).ok().flatten();
        Self {
            tone_class,
            what,
            who: who.map(|who| format!("by {who}")).unwrap_or_default(),
            detail: detail.map(|detail| detail.as_str().to_owned()),
            at: event.at,
        }
    }
}

const fn step_words(kind: IncidentEventKind) -> (&'static str, &'static str) {
    match kind {
        IncidentEventKind::Opened => ("Opened", "bad"),
        IncidentEventKind::FindingAdded => ("Found", "bad"),
        IncidentEventKind::Mailed => ("Mail to the officer written", ""),
        IncidentEventKind::RestoreRefused => (
            "Restore refused: the backup does not match the chain",
            "bad",
        ),
        IncidentEventKind::Restored => ("Restored from the verified backup", "good"),
        IncidentEventKind::Resolved => ("Verified again", "good"),
        IncidentEventKind::Assessed => ("Assessed", ""),
        IncidentEventKind::Closed => ("Closed", "good"),
        IncidentEventKind::Noted => ("Note", ""),
    }
}

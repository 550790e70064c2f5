//! What the database's log tells of a transaction: in the incident without a word of it, and whole for who asks. Who looked
//! is written down before anything is shown.

use std::collections::BTreeSet;

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Html;
use database::access_log::{self, Access, AccessAction};
use database::incident_evidence::{self, IncidentEvidence};
use detection::{Piece, PieceChange};
use record::time::UnixMillis;
use sqlx::MySqlConnection;
use web_kit::components::Moment;
use web_kit::error::{Error, Result};
use web_kit::page::{Page, html};
use web_kit::sign_in::{App, Role, SignedIn};

use super::excerpt::{self, Excerpt};
use super::show::short;
use crate::state::Watchtower;
use crate::urls;

const SHOWN: u32 = 50;

/// One piece, without its content.
pub struct PieceLine {
    pub address: String,
    pub record_address: String,
    pub record: String,
    pub what: String,
    pub connection: Option<u32>,
    pub at: UnixMillis,
}

/// The first pieces of an incident.
pub struct Pieces {
    pub lines: Vec<PieceLine>,
    pub more: u64,
    pub tampered: usize,
}

impl PieceLine {
    pub async fn of_incident(
        tower: &Watchtower,
        connection: &mut MySqlConnection,
        id: u64,
    ) -> Result<Pieces> {
        let all = incident_evidence::count(connection, id).await?;
        let kept = incident_evidence::of_incident(connection, &tower.keys, id, SHOWN).await?;
        let lines = kept.rows.iter().filter_map(|one| Self::new(tower, one));
        let read = kept.rows.len() + kept.tampered.len();
        Ok(Pieces {
            more: all.saturating_sub(read as u64),
            tampered: kept.tampered.len(),
            lines: lines.collect(),
        })
    }

    fn new(tower: &Watchtower, evidence: &IncidentEvidence) -> Option<Self> {
        let piece = open(tower, evidence).ok()?;
        Some(Self {
            address: urls::evidence(evidence.incident_id, evidence.id),
            record_address: urls::record(evidence.subject),
            record: match evidence.subject.as_uid() {
                Some(uid) => format!("Record {uid}"),
                None => format!("Row {}", short(&evidence.subject.to_string())),
            },
            what: what(&piece),
            connection: piece.connection,
            at: evidence.happened_at,
        })
    }
}

fn open(tower: &Watchtower, evidence: &IncidentEvidence) -> Result<Piece> {
    let content = evidence.open(&tower.keys);
    let content = content.map_err(|_| Error::internal("a piece of evidence does not open"))?;
    Piece::from_json(&content).map_err(|_| Error::internal("a piece of evidence can't be read"))
}

/// Tables and columns, which are nobody's details.
fn what(piece: &Piece) -> String {
    if piece.rows_left_out {
        return "more than is kept".to_owned();
    }
    let parts = piece.changes.iter().map(|change| {
        let table = &change.table;
        match (&change.before, &change.after) {
            (None, _) => format!("{table}: inserted"),
            (_, None) => format!("{table}: deleted"),
            _ => format!(
                "{table}: {}",
                changed(change).into_iter().collect::<Vec<_>>().join(", ")
            ),
        }
    });
    parts.collect::<Vec<_>>().join("; ")
}

/// The columns whose values differ.
fn changed(change: &PieceChange) -> BTreeSet<&str> {
    let (Some(before), Some(after)) = (&change.before, &change.after) else {
        return BTreeSet::new();
    };
    let names = before.keys().chain(after.keys());
    let differ = names.filter(|name| before.get(*name) != after.get(*name));
    differ.map(String::as_str).collect()
}

struct ValueLine {
    column: String,
    /// Before and after.
    sides: [(&'static str, Excerpt); 2],
    is_changed: bool,
}

struct ChangeCard {
    table: String,
    lines: Vec<ValueLine>,
}

#[derive(Template)]
#[template(path = "incidents/evidence.html")]
struct EvidencePage {
    page: Page,
    incident: u64,
    incident_address: String,
    at: UnixMillis,
    connection: Option<u32>,
    place: String,
    statements: Vec<String>,
    changes: Vec<ChangeCard>,
    rows_left_out: bool,
}

/// Shows one piece; reloading asks anew.
pub async fn submit(
    page: Page,
    person: SignedIn,
    State(tower): State<Watchtower>,
    Path((incident, piece)): Path<(u64, u64)>,
) -> Result<Html<String>> {
    person.require(&[Role::DataProtectionOfficer])?;
    let mut connection = tower.pool.acquire().await?;
    let evidence = incident_evidence::load(&mut connection, &tower.keys, piece).await?;
    let evidence = evidence.filter(|one| one.incident_id == incident);
    let evidence = evidence.ok_or(Error::NotFound)?;
    let opened = open(&tower, &evidence)?;
    let access = Access {
        staff_id: person.staff_id(),
        record_id: evidence.record_id,
        app: App::Viewer,
        action: AccessAction::Evidence,
        at: tower.clock.now(),
        // Sealed bytes are nobody's details in clear.
        ground: None,
    };
    access_log::append(&mut connection, &tower.keys, &access).await?;
    html(&EvidencePage {
        page: page.titled("Statement and rows"),
        incident,
        incident_address: urls::incident(incident),
        at: evidence.happened_at,
        connection: opened.connection,
        changes: opened.changes.iter().map(ChangeCard::new).collect(),
        place: opened.place,
        statements: opened.statements,
        rows_left_out: opened.rows_left_out,
    })
}

impl ChangeCard {
    fn new(change: &PieceChange) -> Self {
        let changed = changed(change);
        let rows = [&change.before, &change.after];
        let names: BTreeSet<&String> = rows
            .into_iter()
            .flatten()
            .flat_map(|row| row.keys())
            .collect();
        let lines = names.into_iter().map(|name| {
            let [before, after] = rows.map(|row| row.as_ref().map(|row| row.get(name)));
            let (before, after) = excerpt::pair(before, after);
            ValueLine {
                column: name.clone(),
                sides: [("Before", before), ("After", after)],
                is_changed: changed.contains(name.as_str()),
            }
        });
        Self {
            table: change.table.clone(),
            lines: lines.collect(),
        }
    }
}

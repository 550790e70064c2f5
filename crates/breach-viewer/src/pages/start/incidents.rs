//! The incidents that are not closed, with their clocks.

use std::collections::{BTreeMap, BTreeSet};

use database::incident_findings;
use database::incidents::{self, Incident, IncidentState};
use record::time::UnixMillis;
use sqlx::MySqlConnection;
use web_kit::components::Tone;
use web_kit::error::Result;

use crate::pages::incidents::clock::Clock;
use crate::pages::incidents::list::{COUNTED, number, words};
use crate::state::Watchtower;
use crate::urls;

/// So many of the newest are looked at, and of the oldest.
const LOOKED_AT: u32 = 200;
/// The most that are shown; the others are counted.
const SHOWN: usize = 5;

/// What the page shows of them.
pub struct OpenIncidents {
    pub lines: Vec<Line>,
    /// How many more there are.
    pub more: usize,
    /// Rows that somebody else wrote.
    pub tampered: usize,
}

/// One of them.
pub struct Line {
    pub id: u64,
    pub address: String,
    pub label: &'static str,
    pub tone: Tone,
    pub clock: Clock,
    pub detected_at: UnixMillis,
    /// None when all are resolved.
    pub unresolved: Option<String>,
}

impl OpenIncidents {
    /// The one whose time is up first comes first.
    pub async fn read(tower: &Watchtower, connection: &mut MySqlConnection) -> Result<Self> {
        let newest = incidents::list(connection, &tower.keys, u64::MAX, LOOKED_AT).await?;
        // One that was left open long ago is not lost behind those that were closed since, or behind what somebody plants.
        let oldest = incidents::oldest_not_closed(connection, &tower.keys, LOOKED_AT).await?;
        let tampered = newest.tampered.iter().chain(&oldest.tampered);
        let tampered: BTreeSet<&str> = tampered.map(|row| row.row.as_str()).collect();
        let not_closed = newest.rows.into_iter().chain(oldest.rows);
        let not_closed = not_closed.filter(|incident| incident.state != IncidentState::Closed);
        let open: BTreeMap<u64, Incident> = not_closed.map(|one| (one.id, one)).collect();
        let mut open: Vec<_> = open.into_values().collect();
        open.sort_by_key(|incident| (incident.aware_at, incident.id));
        let more = open.len().saturating_sub(SHOWN);
        let mut lines = Vec::with_capacity(SHOWN);
        for incident in open.into_iter().take(SHOWN) {
            let tally =
                incident_findings::tally(connection, &tower.keys, incident.id, COUNTED).await?;
            let (label, tone) = words(incident.state);
            lines.push(Line {
                id: incident.id,
                address: urls::incident(incident.id),
                label,
                tone,
                clock: Clock::of(&incident, tower.incident_clock, tower.clock.now()),
                detected_at: incident.detected_at,
                unresolved: (tally.open > 0).then(|| number(tally.open, &tally)),
            });
        }
        Ok(Self {
            lines,
            more,
            tampered: tampered.len(),
        })
    }

    pub fn count(&self) -> usize {
        self.lines.len() + self.more + self.tampered
    }
}

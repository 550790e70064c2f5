//! Rows that somebody else wrote: of accounts, sessions, links, jobs, mails, incidents and evidence, or of no record at all.
//!
//! What is in use is looked at after every round. The tables that grow without end are gone through a share at a time, the
//! larger the longer a round takes, and what was found there is looked at again each time.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::PoisonError;
use std::time::{Duration, Instant};

use database::guarded_rows::{self, GROWING, RowKey, RowState};
use database::operations_alarms::AlarmKind;
use database::{MySqlConnection, Tampered, guarded, strays};
use keyring::ApplicationKeys;

use crate::deletions::pause_after;
use crate::obstacle::Hindrance;
use crate::registrar::Registrar;

/// The alarm ends when no such row was seen for so long.
const QUIET: Duration = Duration::from_secs(60);
/// So many rows of the growing tables are looked at in a second, and at least at once.
const ROWS: usize = 2000;
/// So many of those found in one of them are kept in mind.
const MOST: usize = 1000;

/// What this process saw of such rows.
#[derive(Default)]
pub(crate) struct PlantedRows {
    /// As the log has named them, by table and key.
    named: BTreeSet<(&'static str, String)>,
    growing: Growing,
    strays: Vec<Tampered>,
    strays_next: Option<Instant>,
}

/// How far the growing tables were looked at.
#[derive(Default, Clone)]
struct Growing {
    looked_at: Option<Instant>,
    table: usize,
    after: Option<RowKey>,
    found: BTreeMap<&'static str, BTreeSet<RowKey>>,
}

impl Registrar {
    /// Looks for such rows, and raises or ends the alarm about them. Who tries to use one notices it as well: the alarm ends
    /// only when nobody has for a while.
    pub async fn look_for_planted_rows(&self) -> Result<(), Hindrance> {
        let parts = self.examiner().parts();
        let mut connection = parts.pool.acquire().await?;
        let mut planted = guarded::planted(&mut connection, &parts.keys).await?;
        planted.extend(self.planted_in_growing(&mut connection).await?);
        planted.extend(self.strays(&mut connection).await?);
        let kind = AlarmKind::RowTampered;
        if self.name(&planted) {
            self.examiner().note_more(kind);
        }
        if !planted.is_empty() {
            return self.examiner().raise_alarm(&mut connection, kind).await;
        }
        self.end_when_quiet(&mut connection, kind, QUIET).await
    }

    async fn planted_in_growing(
        &self,
        connection: &mut MySqlConnection,
    ) -> Result<Vec<Tampered>, Hindrance> {
        let keys = &self.examiner().parts().keys;
        let mut growing = self.lock_planted().growing.clone();
        growing.look_on(connection, keys).await?;
        let planted = growing.still_planted(connection, keys).await?;
        self.lock_planted().growing = growing;
        Ok(planted)
    }

    /// Looked for as seldom as it takes long.
    async fn strays(&self, connection: &mut MySqlConnection) -> Result<Vec<Tampered>, Hindrance> {
        let began = Instant::now();
        {
            let planted = self.lock_planted();
            if planted.strays_next.is_some_and(|next| began < next) {
                return Ok(planted.strays.clone());
            }
        }
        let strays = strays::planted(connection).await?;
        let mut planted = self.lock_planted();
        planted.strays.clone_from(&strays);
        planted.strays_next = Some(Instant::now() + pause_after(began));
        Ok(strays)
    }

    /// Names each in the log, once for as long as it stands; false when there is none to be named.
    fn name(&self, planted: &[Tampered]) -> bool {
        let rows = planted.iter().map(|row| (row.table, row.row.clone()));
        let rows: BTreeSet<_> = rows.collect();
        let mut before = self.lock_planted();
        let mut any = false;
        for (table, row) in rows.difference(&before.named) {
            any = true;
            tracing::error!(
                table,
                row,
                "ALARM: a planted or altered row stands in the database"
            );
        }
        before.named = rows;
        any
    }

    fn lock_planted(&self) -> std::sync::MutexGuard<'_, PlantedRows> {
        self.planted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Growing {
    /// Goes on where the last look ended, once through all tables at most.
    async fn look_on(
        &mut self,
        connection: &mut MySqlConnection,
        keys: &ApplicationKeys,
    ) -> Result<(), Hindrance> {
        let now = Instant::now();
        let since = self
            .looked_at
            .map_or(Duration::ZERO, |at| now.duration_since(at));
        let seconds = usize::try_from(since.as_secs()).unwrap_or(usize::MAX);
        let mut left = ROWS.saturating_mul(seconds.max(1));
        let mut ends = 0;
        while left > 0 && ends < GROWING.len() {
            let (name, limit) = GROWING[self.table % GROWING.len()];
            let Some(table) = guarded_rows::of_name(name) else {
                break;
            };
            let page =
                guarded_rows::page(connection, keys, table, self.after.as_ref(), limit).await?;
            left = left.saturating_sub(page.rows);
            let found = self.found.entry(name).or_default();
            let room = MOST.saturating_sub(found.len());
            found.extend(page.planted.into_iter().take(room));
            self.after = page.last;
            if page.rows < limit as usize {
                (self.table, self.after) = ((self.table + 1) % GROWING.len(), None);
                ends += 1;
            }
        }
        self.looked_at = Some(now);
        Ok(())
    }

    /// Those found so far that are planted now.
    async fn still_planted(
        &mut self,
        connection: &mut MySqlConnection,
        keys: &ApplicationKeys,
    ) -> Result<Vec<Tampered>, Hindrance> {
        let mut planted = Vec::new();
        for (name, rows) in std::mem::take(&mut self.found) {
            let Some(table) = guarded_rows::of_name(name) else {
                continue;
            };
            let rows: Vec<_> = rows.into_iter().collect();
            let states = guarded_rows::look(connection, keys, table, &rows).await?;
            for (state, key) in states.into_iter().zip(rows) {
                if let RowState::Planted(row) = state {
                    planted.push(row);
                    self.found.entry(name).or_default().insert(key);
                }
            }
        }
        Ok(planted)
    }
}

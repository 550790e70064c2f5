//! How many findings an incident has. Only rows that carry our MAC count, which the database can't tell: they are read, as far
//! as that goes. What lies beyond it is told as what there is at most.

use std::collections::{BTreeMap, BTreeSet};

use futures::TryStreamExt;
use keyring::ApplicationKeys;
use record::ids::Uid;
use sqlx::Row as _;
use sqlx::mysql::{MySqlConnection, MySqlRow};

use super::{Finding, TABLE};
use crate::column::Columns;
use crate::error::RowError;
use crate::verifications::{Subject, VerdictKind};

/// So many UIDs are kept, the lowest ones.
const MOST_UIDS: usize = 50;

/// What an incident is about, in numbers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    /// All findings.
    pub all: u64,
    /// Those that are not resolved.
    pub open: u64,
    /// How many subjects were found to be so.
    pub verdicts: BTreeMap<VerdictKind, u64>,
    /// Whether the numbers are what there is at most: not all rows were read, and some may be others'.
    pub is_at_most: bool,
    /// Rows that somebody else wrote or changed, of those that were read.
    pub others: u64,
    /// The first UIDs of those that were read and are ours, in order.
    pub uids: BTreeSet<Uid>,
}

/// Counts an incident's findings: `most` rows of ours are read, and as many others.
pub async fn tally(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
    incident_id: u64,
    most: u32,
) -> Result<Tally, RowError> {
    let mut tally = Tally::default();
    let mut subjects: BTreeMap<VerdictKind, BTreeSet<Subject>> = BTreeMap::new();
    let mut rows = sqlx::query(ROWS)
        .bind(incident_id)
        .bind(most.saturating_mul(2).saturating_add(1))
        .fetch(&mut *connection);
    while let Some(row) = rows.try_next().await? {
        if tally.all.max(tally.others) == u64::from(most) || is_cut(&row)? {
            tally.is_at_most = true;
            break;
        }
        match Finding::read(&row, keys) {
            Ok(finding) => {
                let of_verdict = subjects.entry(finding.verdict).or_default();
                of_verdict.insert(finding.subject);
                tally.add(&finding);
            }
            Err(error) => {
                error.tampered()?;
                tally.others += 1;
            }
        }
    }
    drop(rows);
    let verdicts = subjects.into_iter();
    tally.verdicts = verdicts
        .map(|(verdict, subjects)| (verdict, subjects.len() as u64))
        .collect();
    if tally.is_at_most {
        tally.at_most(connection, incident_id).await?;
    }
    Ok(tally)
}

/// What is longer than a row as found ever is would be sent for nothing, however often somebody plants it.
const ROWS: &str = "SELECT id, incident_id, subject, uid, record_id, verdict, fields, proof_expected, proof_found,
        IF(LENGTH(found_row) > 262144, NULL, found_row) AS found_row, LENGTH(found_row) > 262144 AS is_cut, found_at,
        resolved_at, mac
    FROM incident_findings WHERE incident_id = ? ORDER BY id LIMIT ?";

fn is_cut(row: &MySqlRow) -> Result<bool, RowError> {
    Ok(row.try_get::<Option<bool>, _>("is_cut")?.unwrap_or(false))
}

impl Tally {
    fn add(&mut self, finding: &Finding) {
        self.all += 1;
        self.open += u64::from(finding.resolved_at.is_none());
        self.uids.extend(finding.uid);
        if self.uids.len() > MOST_UIDS {
            self.uids.pop_last();
        }
    }

    /// As the database counts, whoever wrote the rows.
    async fn at_most(
        &mut self,
        connection: &mut MySqlConnection,
        incident_id: u64,
    ) -> Result<(), RowError> {
        let rows = sqlx::query(
            "SELECT verdict, COUNT(*) AS found, COUNT(*) - COUNT(resolved_at) AS open FROM incident_findings
             WHERE incident_id = ? GROUP BY verdict",
        )
        .bind(incident_id)
        .fetch_all(connection)
        .await?;
        (self.all, self.open) = (0, 0);
        self.verdicts.clear();
        for row in &rows {
            let found = row.try_get::<i64, _>("found")?.unsigned_abs();
            self.all += found;
            self.open += row.try_get::<i64, _>("open")?.unsigned_abs();
            // A verdict that we never write is nobody's.
            if let Ok(verdict) = Columns::of(TABLE, row).get("verdict") {
                self.verdicts.insert(verdict, found);
            }
        }
        Ok(())
    }
}

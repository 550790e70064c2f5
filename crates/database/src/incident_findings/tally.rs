//! How many findings an incident has. Only rows that carry our MAC count, which the database can't tell: they are read, as far
//! as that goes. What lies beyond it is told as what there is at most.

use std::collections::{BTreeMap, BTreeSet};

use keyring::ApplicationKeys;
use record::ids::Uid;
use sqlx::Row as _;
use sqlx::mysql::MySqlConnection;

use super::Finding;
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
    let (mut behind, mut bytes) = (0_u64, 0);
    loop {
        let read = sqlx::query(ROWS).bind(incident_id).bind(behind);
        let rows = read.fetch_all(&mut *connection).await?;
        for row in &rows {
            behind = row.try_get("id")?;
            bytes += row
                .try_get::<Option<&[u8]>, _>("found_row")?
                .map_or(0, <[u8]>::len);
            match Finding::read(row, keys) {
                _ if row.try_get::<Option<bool>, _>("is_long")? == Some(true) => {
                    tally.is_at_most = true;
                }
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
        if rows.len() < AT_ONCE {
            break;
        }
        if tally.all.max(tally.others) >= u64::from(most) || bytes > MOST_BYTES {
            tally.is_at_most = true;
            break;
        }
    }
    let verdicts = subjects.into_iter();
    tally.verdicts = verdicts
        .map(|(verdict, subjects)| (verdict, subjects.len() as u64))
        .collect();
    if tally.is_at_most {
        tally.at_most(connection, incident_id).await?;
    }
    Ok(tally)
}

/// As many as [`ROWS`] asks for.
const AT_ONCE: usize = 200;
/// Rows as found are some kilobytes; so much of them is read and no more.
const MOST_BYTES: usize = 256 * 1024 * 1024;

/// A row as found that is long is not sent, however often somebody plants it: whose it is can't be told then.
const ROWS: &str = "SELECT id, incident_id, subject, uid, record_id, verdict, fields, proof_expected, proof_found,
        IF(LENGTH(found_row) > 65536, NULL, found_row) AS found_row, LENGTH(found_row) > 65536 AS is_long, found_at,
        resolved_at, mac
    FROM incident_findings WHERE incident_id = ? AND id > ? ORDER BY id LIMIT 200";

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
        // As bytes: the column takes other letters for the same, and we write small ones alone.
        let rows: Vec<(Vec<u8>, i64, i64)> = sqlx::query_as(
            "SELECT CAST(verdict AS BINARY), COUNT(*), COUNT(*) - COUNT(resolved_at) FROM incident_findings
             WHERE incident_id = ? GROUP BY CAST(verdict AS BINARY)",
        )
        .bind(incident_id)
        .fetch_all(connection)
        .await?;
        (self.all, self.open) = (0, 0);
        self.verdicts.clear();
        for (verdict, found, open) in rows {
            // A verdict that we never write is nobody's.
            if let Some(verdict) = str::from_utf8(&verdict)
                .ok()
                .and_then(|text| text.parse().ok())
            {
                self.all += found.unsigned_abs();
                self.open += open.unsigned_abs();
                self.verdicts.insert(verdict, found.unsigned_abs());
            }
        }
        Ok(())
    }
}

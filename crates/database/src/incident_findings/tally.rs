//! How many findings an incident has. Only rows that carry our MAC count: the database can't count those for us.

use std::collections::{BTreeMap, BTreeSet};

use futures::TryStreamExt;
use keyring::ApplicationKeys;
use record::ids::Uid;
use sqlx::mysql::MySqlConnection;

use super::Finding;
use crate::error::RowError;
use crate::verifications::{Subject, VerdictKind};

/// So many UIDs are kept, the lowest ones.
const MOST_UIDS: usize = 50;

/// What an incident is about, in numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tally {
    /// All findings.
    pub all: u64,
    /// Those that are not resolved.
    pub open: u64,
    /// Rows that somebody else wrote or changed; they are in no other number.
    pub others: u64,
    /// The first UIDs, in order.
    pub uids: BTreeSet<Uid>,
    /// Whether all rows were read. If not, the numbers are the least that can be said.
    pub is_whole: bool,
    subjects: BTreeMap<VerdictKind, BTreeSet<Subject>>,
}

impl Tally {
    /// How many subjects were found to be so.
    pub fn by_verdict(&self) -> impl Iterator<Item = (VerdictKind, u64)> {
        let verdicts = self.subjects.iter();
        verdicts.map(|(verdict, subjects)| (*verdict, subjects.len() as u64))
    }

    fn add(&mut self, finding: &Finding) {
        self.all += 1;
        self.open += u64::from(finding.resolved_at.is_none());
        let subjects = self.subjects.entry(finding.verdict).or_default();
        subjects.insert(finding.subject);
        self.uids.extend(finding.uid);
        if self.uids.len() > MOST_UIDS {
            self.uids.pop_last();
        }
    }
}

/// Counts an incident's findings, `most` rows at most.
pub async fn tally(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
    incident_id: u64,
    most: u32,
) -> Result<Tally, RowError> {
    let mut tally = Tally {
        all: 0,
        open: 0,
        others: 0,
        uids: BTreeSet::new(),
        is_whole: true,
        subjects: BTreeMap::new(),
    };
    let mut rows =
        sqlx::query("SELECT * FROM incident_findings WHERE incident_id = ? ORDER BY id LIMIT ?")
            .bind(incident_id)
            // One more tells whether there are more.
            .bind(most.saturating_add(1))
            .fetch(connection);
    while let Some(row) = rows.try_next().await? {
        if tally.all + tally.others == u64::from(most) {
            tally.is_whole = false;
            continue;
        }
        match Finding::read(&row, keys) {
            Ok(finding) => tally.add(&finding),
            Err(error) => {
                error.tampered()?;
                tally.others += 1;
            }
        }
    }
    Ok(tally)
}

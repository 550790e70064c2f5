//! Finished parts, of which the lists are made: their heads first, and what is not valid in them only where it is asked for.

use std::collections::BTreeMap;

use keyring::ApplicationKeys;
use record::ids::Uid;
use record::time::UnixMillis;
use sqlx::mysql::{MySqlConnection, MySqlRow};
use sqlx::{MySql, QueryBuilder};

use super::{Exceptions, PART, SweepPart, TABLE, Told, ours};
use crate::column::Columns;
use crate::error::RowError;
use crate::verifications::counts::{self, VerdictCounts};

/// A finished part without its exceptions.
pub(crate) struct FinishedPart {
    pub(crate) round_id: u64,
    number: u32,
    pub(crate) uids: (Uid, Uid),
    pub(crate) started_at: UnixMillis,
    pub(crate) finished_at: UnixMillis,
    /// How many of its UIDs have each verdict.
    pub(crate) verdicts: VerdictCounts,
    told: Told,
}

impl FinishedPart {
    /// None for the rows that the chain does not know.
    fn of((part, told): (SweepPart, Told)) -> Option<Self> {
        Some(Self {
            round_id: part.round_id,
            number: part.number,
            uids: part.uids?,
            started_at: part.started_at?,
            finished_at: part.finished_at?,
            verdicts: counts::from_bytes(&told.verdicts),
            told,
        })
    }

    pub(crate) fn key(&self) -> (u64, u32) {
        (self.round_id, self.number)
    }
}

/// The finished parts of the rounds on file that reach into these UIDs, newest last.
pub(crate) async fn finished(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
    first: Uid,
    last: Uid,
) -> Result<Vec<FinishedPart>, RowError> {
    // None is longer: the index by the last UID leads to these few.
    let rows = sqlx::query(
        "SELECT round_id, number, first_uid, last_uid, holder, lease_until, started_at, finished_at, checked, problem,
                verdicts, exceptions_hash, mac
         FROM sweep_parts
         WHERE last_uid BETWEEN ? AND ? AND first_uid BETWEEN 1 AND ? AND finished_at IS NOT NULL
         ORDER BY finished_at, round_id, number",
    )
    .bind(first.get())
    .bind(last.get().saturating_add(PART - 1))
    .bind(last.get())
    .fetch_all(&mut *connection)
    .await?;
    let id = |row: &MySqlRow| Columns::of(TABLE, row).get::<u64>("round_id");
    let mut ids = rows.iter().map(id).collect::<Result<Vec<u64>, _>>()?;
    ids.sort_unstable();
    ids.dedup();
    let rounds = crate::sweep_rounds::load_all(connection, keys, &ids).await?;
    let mut parts = Vec::with_capacity(rows.len());
    for row in &rows {
        let id = id(row)?;
        if let Some(round) = rounds.iter().find(|round| round.id == id) {
            let head = ours(SweepPart::read_head(row, keys, round))?;
            parts.extend(head.and_then(FinishedPart::of));
        }
    }
    Ok(parts)
}

/// What is not valid in these parts, by their keys. One that somebody changed, or that is gone, is left out.
pub(crate) async fn exceptions_of(
    connection: &mut MySqlConnection,
    parts: &[&FinishedPart],
) -> Result<BTreeMap<(u64, u32), Exceptions>, RowError> {
    let mut by_round: BTreeMap<u64, Vec<&FinishedPart>> = BTreeMap::new();
    for part in parts {
        by_round.entry(part.round_id).or_default().push(part);
    }
    let mut exceptions = BTreeMap::new();
    for (round_id, parts) in by_round {
        let mut query = QueryBuilder::<MySql>::new(
            "SELECT number, exceptions FROM sweep_parts WHERE round_id = ",
        );
        query.push_bind(round_id).push(" AND number IN (");
        let mut list = query.separated(", ");
        for part in &parts {
            list.push_bind(part.number);
        }
        query.push(")");
        for row in query.build().fetch_all(&mut *connection).await? {
            let columns = Columns::of(TABLE, &row);
            let number: u32 = columns.get("number")?;
            let bytes: Vec<u8> = columns.get("exceptions")?;
            if let Some(part) = parts.iter().find(|part| part.number == number)
                && let Some(found) = ours(part.told.exceptions(&bytes))?
            {
                exceptions.insert(part.key(), found);
            }
        }
    }
    Ok(exceptions)
}

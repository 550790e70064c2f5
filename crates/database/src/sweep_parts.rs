//! The parts of a round: who works on which, and what came out. MAC under the application key, which also binds the
//! beginning of the round: a row from elsewhere is none of ours.

mod claim;
mod exceptions;

use std::collections::BTreeMap;

use keyring::{ApplicationKeys, MacBuilder};
use record::ids::Uid;
use record::time::UnixMillis;
use sqlx::mysql::{MySqlConnection, MySqlRow};
use sqlx::{MySql, QueryBuilder};

use crate::column::Columns;
use crate::error::RowError;
use crate::leases::FAR_AHEAD;
use crate::sweep_rounds::SweepRound;

pub use claim::{claim, finish, release, renew};
pub use exceptions::{Exceptions, MOST_EXCEPTIONS};

const TABLE: &str = "sweep_parts";
/// So many rows are written by one statement.
const AT_ONCE: usize = 500;
/// How many UIDs make a part.
pub const PART: u64 = 4096;

/// One part of a round.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SweepPart {
    /// The round.
    pub round_id: u64,
    /// Its number within the round, from zero.
    pub number: u32,
    /// Its UIDs, first and last; none for the rows that the chain does not know.
    pub uids: Option<(Uid, Uid)>,
    /// Who works on it, or did.
    pub holder: Option<[u8; 16]>,
    /// Until when nobody else may.
    pub lease_until: UnixMillis,
    /// When it was claimed.
    pub started_at: Option<UnixMillis>,
    /// When its end was reached.
    pub finished_at: Option<UnixMillis>,
    /// How many subjects were looked at.
    pub checked: u64,
    /// What could not be filed: a word of ours.
    pub problem: Option<String>,
    /// What is not valid.
    pub exceptions: Exceptions,
}

impl SweepPart {
    fn free(round: &SweepRound, number: u32, uids: Option<(Uid, Uid)>) -> Self {
        Self {
            round_id: round.id,
            number,
            uids,
            holder: None,
            lease_until: UnixMillis(0),
            started_at: None,
            finished_at: None,
            checked: 0,
            problem: None,
            exceptions: Exceptions::default(),
        }
    }

    /// All parts of a round, nobody's yet, in their order: the rows that the chain does not know are the last one.
    #[must_use]
    pub fn all_of(round: &SweepRound) -> Vec<Self> {
        let firsts = (1..=round.last_uid).step_by(usize::try_from(PART).unwrap_or(usize::MAX));
        let spans = firsts.filter_map(|first| {
            let last = round.last_uid.min(first.saturating_add(PART - 1));
            Some(Some((Uid::new(first)?, Uid::new(last)?)))
        });
        (0..)
            .zip(spans.chain([None]))
            .map(|(number, uids)| Self::free(round, number, uids))
            .collect()
    }

    fn read(row: &MySqlRow, keys: &ApplicationKeys, round: &SweepRound) -> Result<Self, RowError> {
        let columns = Columns::of(TABLE, row);
        let first = Uid::new(columns.get("first_uid")?);
        let part = Self {
            round_id: columns.get("round_id")?,
            number: columns.get("number")?,
            uids: first.zip(Uid::new(columns.get("last_uid")?)),
            holder: columns.get("holder")?,
            lease_until: columns.get("lease_until")?,
            started_at: columns.get("started_at")?,
            finished_at: columns.get("finished_at")?,
            checked: columns.get("checked")?,
            problem: columns.get("problem")?,
            exceptions: Exceptions::from_bytes(&columns.get::<Vec<u8>>("exceptions")?),
        };
        let name = format!("{}/{}", part.round_id, part.number);
        columns.check(name, part.mac(keys, round))?;
        Ok(part)
    }

    fn mac<'k>(&self, keys: &'k ApplicationKeys, round: &SweepRound) -> MacBuilder<'k> {
        let (first, last) = self.span();
        keys.mac(TABLE)
            .u64(round.started_at.0)
            .u64(self.round_id)
            .u32(self.number)
            .u64(first)
            .u64(last)
            .opt_bytes(self.holder.as_ref().map(<[u8; 16]>::as_slice))
            .u64(self.lease_until.0)
            .opt_u64(self.started_at.map(|at| at.0))
            .opt_u64(self.finished_at.map(|at| at.0))
            .u64(self.checked)
            .opt_text(self.problem.as_deref())
            .bytes(&self.exceptions.to_bytes())
    }

    /// First and last UID as the columns hold them.
    fn span(&self) -> (u64, u64) {
        self.uids
            .map_or((0, 0), |(first, last)| (first.get(), last.get()))
    }

    /// Whether a worker other than this one may be at it. A claim of a clock that is far ahead counts for nothing.
    fn is_held_by_another(&self, holder: &[u8; 16], now: UnixMillis) -> bool {
        self.finished_at.is_none()
            && self.holder.is_some_and(|held_by| held_by != *holder)
            && now < self.lease_until
            && self.lease_until <= now.plus(FAR_AHEAD)
    }
}

/// Writes parts as they stand now, over whatever stands in their place.
pub async fn put(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
    round: &SweepRound,
    parts: &[SweepPart],
) -> Result<(), RowError> {
    for parts in parts.chunks(AT_ONCE) {
        let mut query = QueryBuilder::<MySql>::new(
            "REPLACE INTO sweep_parts (round_id, number, first_uid, last_uid, holder, lease_until, started_at, finished_at,
                                       checked, problem, exceptions, mac) ",
        );
        query.push_values(parts, |mut row, part| {
            let (first, last) = part.span();
            row.push_bind(part.round_id)
                .push_bind(part.number)
                .push_bind(first)
                .push_bind(last)
                .push_bind(part.holder.as_ref().map(<[u8; 16]>::as_slice))
                .push_bind(part.lease_until.0)
                .push_bind(part.started_at.map(|at| at.0))
                .push_bind(part.finished_at.map(|at| at.0))
                .push_bind(part.checked)
                .push_bind(part.problem.as_deref())
                .push_bind(part.exceptions.to_bytes())
                .push_bind(part.mac(keys, round).finish());
        });
        query.build().execute(&mut *connection).await?;
    }
    Ok(())
}

/// The parts of a round that are ours, by their numbers. Every other row counts for nothing.
pub async fn of_round(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
    round: &SweepRound,
) -> Result<BTreeMap<u32, SweepPart>, RowError> {
    let rows = sqlx::query("SELECT * FROM sweep_parts WHERE round_id = ?")
        .bind(round.id)
        .fetch_all(connection)
        .await?;
    let mut parts = BTreeMap::new();
    for row in &rows {
        if let Some(part) = ours(SweepPart::read(row, keys, round))? {
            parts.insert(part.number, part);
        }
    }
    Ok(parts)
}

/// The finished parts of the rounds on file that reach into these UIDs, newest last.
pub async fn finished(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
    first: Uid,
    last: Uid,
) -> Result<Vec<SweepPart>, RowError> {
    let rows = sqlx::query(
        "SELECT * FROM sweep_parts WHERE finished_at IS NOT NULL AND last_uid >= ? AND first_uid <= ? AND first_uid > 0
         ORDER BY finished_at, round_id, number",
    )
    .bind(first.get())
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
            parts.extend(ours(SweepPart::read(row, keys, round))?);
        }
    }
    Ok(parts)
}

/// When somebody was at a round last, as the columns say.
pub async fn newest_activity(
    connection: &mut MySqlConnection,
    round: &SweepRound,
) -> Result<UnixMillis, RowError> {
    let (leased, finished): (Option<u64>, Option<u64>) = sqlx::query_as(
        "SELECT MAX(lease_until), MAX(finished_at) FROM sweep_parts WHERE round_id = ?",
    )
    .bind(round.id)
    .fetch_one(connection)
    .await?;
    let newest = leased.max(finished).unwrap_or(0);
    Ok(UnixMillis(newest).max(round.started_at))
}

/// How many subjects of a round were looked at by now, as the columns say: a planted one counts until it is done anew.
pub async fn progress(
    connection: &mut MySqlConnection,
    round: &SweepRound,
) -> Result<u64, RowError> {
    let checked: Vec<u64> =
        sqlx::query_scalar("SELECT checked FROM sweep_parts WHERE round_id = ?")
            .bind(round.id)
            .fetch_all(connection)
            .await?;
    let checked = checked.into_iter().fold(0, u64::saturating_add);
    Ok(checked.min(round.total))
}

/// Clears the parts of rounds before this one; those of rounds that have not ended only where nobody can be at them.
pub async fn delete_before(
    connection: &mut MySqlConnection,
    round_id: u64,
    spare_open: bool,
) -> Result<(), RowError> {
    sqlx::query(
        "DELETE FROM sweep_parts WHERE round_id < ?
         AND NOT (? AND round_id IN (SELECT id FROM sweep_rounds WHERE finished_at IS NULL))",
    )
    .bind(round_id)
    .bind(spare_open)
    .execute(connection)
    .await?;
    Ok(())
}

fn ours(read: Result<SweepPart, RowError>) -> Result<Option<SweepPart>, RowError> {
    match read {
        Ok(part) => Ok(Some(part)),
        Err(error) if error.is_tampering() => {
            tracing::error!(%error, "a part of a round is not ours, and is done anew");
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

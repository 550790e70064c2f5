//! Passes over all records, with their progress. MAC under the application key. What they are made of stands in
//! [`crate::sweep_parts`]; docs/SWEEP.md tells how several workers share one.

mod thinning;

use alloy_primitives::B256;
use keyring::{ApplicationKeys, MacBuilder};
use record::time::UnixMillis;
use sqlx::mysql::{MySqlConnection, MySqlRow};
use sqlx::{Connection, MySql, QueryBuilder};

use crate::column::{Columns, text_enum};
use crate::error::{Checked, RowError};
use crate::numbered::Numbered;
use crate::verifications::counts::{self, VerdictCounts};

pub use thinning::thin_out;

const TABLE: &str = "sweep_rounds";
/// So many of the newest are looked at.
const NEWEST: u32 = 20;

text_enum! {
    /// Who works on a round.
    RoundKind {
        /// Every worker of the sweep.
        Shared = "shared",
        /// Who pressed "Verify all".
        All = "all",
        /// `breach-viewer sweep --once`.
        Once = "once",
    }
}

/// One pass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SweepRound {
    /// Its number.
    pub id: u64,
    /// Who works on it.
    pub kind: RoundKind,
    /// The final block that it began at.
    pub block_number: u64,
    /// That block's hash.
    pub block_hash: B256,
    /// The newest UID given by then; zero when there was none.
    pub last_uid: u64,
    /// When it began.
    pub started_at: UnixMillis,
    /// When it ended.
    pub finished_at: Option<UnixMillis>,
    /// How many subjects it has to look at.
    pub total: u64,
    /// How many it has looked at.
    pub checked: u64,
    /// How many of these were bad.
    pub bad: u64,
    /// How many had each verdict; none before it has ended.
    pub verdicts: VerdictCounts,
    /// Why it ended early: a word of ours.
    pub problem: Option<String>,
}

impl SweepRound {
    /// Whether every record was looked at in it, and nothing was in the way.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.finished_at.is_some() && self.problem.is_none()
    }

    pub(crate) fn read(row: &MySqlRow, keys: &ApplicationKeys) -> Result<Self, RowError> {
        let columns = Columns::of(TABLE, row);
        let round = Self {
            id: columns.get("id")?,
            kind: columns.get("kind")?,
            block_number: columns.get("block_number")?,
            block_hash: columns.get("block_hash")?,
            last_uid: columns.get("last_uid")?,
            started_at: columns.get("started_at")?,
            finished_at: columns.get("finished_at")?,
            total: columns.get("total")?,
            checked: columns.get("checked")?,
            bad: columns.get("bad")?,
            verdicts: columns.get("verdicts")?,
            problem: columns.get("problem")?,
        };
        columns.check(round.id, round.mac(keys))?;
        Ok(round)
    }

    fn mac(&self, keys: &ApplicationKeys) -> MacBuilder {
        keys.mac(TABLE)
            .u64(self.id)
            .text(self.kind.as_str())
            .u64(self.block_number)
            .bytes(self.block_hash.as_slice())
            .u64(self.last_uid)
            .u64(self.started_at.0)
            .opt_u64(self.finished_at.map(|at| at.0))
            .u64(self.total)
            .u64(self.checked)
            .u64(self.bad)
            .bytes(&counts::to_bytes(&self.verdicts))
            .opt_text(self.problem.as_deref())
    }
}

/// Begins a pass. The number that `round` carries does not count: it is given one.
pub async fn start(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
    round: &SweepRound,
) -> Result<SweepRound, RowError> {
    let mut transaction = connection.begin().await?;
    // The MAC covers the id, which is known only once the row stands; nobody sees the row in between.
    let inserted = sqlx::query(
        "INSERT INTO sweep_rounds (kind, block_number, block_hash, last_uid, started_at, total, checked, bad, verdicts, mac)
         VALUES (?, ?, ?, ?, ?, ?, 0, 0, '', '')",
    )
    .bind(round.kind.as_str())
    .bind(round.block_number)
    .bind(round.block_hash.as_slice())
    .bind(round.last_uid)
    .bind(round.started_at.0)
    .bind(round.total)
    .execute(&mut *transaction)
    .await?;
    let started = SweepRound {
        id: inserted.last_insert_id(),
        ..round.clone()
    };
    put(&mut transaction, keys, &started).await?;
    transaction.commit().await?;
    Ok(started)
}

/// Writes a round as it stands now, also where somebody has taken its row away.
pub async fn put(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
    round: &SweepRound,
) -> Result<(), RowError> {
    sqlx::query(
        "REPLACE INTO sweep_rounds (id, kind, block_number, block_hash, last_uid, started_at, finished_at, total, checked,
                                    bad, verdicts, problem, mac)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(round.id)
    .bind(round.kind.as_str())
    .bind(round.block_number)
    .bind(round.block_hash.as_slice())
    .bind(round.last_uid)
    .bind(round.started_at.0)
    .bind(round.finished_at.map(|at| at.0))
    .bind(round.total)
    .bind(round.checked)
    .bind(round.bad)
    .bind(counts::to_bytes(&round.verdicts))
    .bind(round.problem.as_deref())
    .bind(round.mac(keys).finish())
    .execute(connection)
    .await?;
    Ok(())
}

/// Ends a round; false when another worker has done so already.
pub async fn finish(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
    round: &SweepRound,
) -> Result<bool, RowError> {
    let mut transaction = connection.begin().await?;
    let standing = sqlx::query("SELECT * FROM sweep_rounds WHERE id = ? FOR UPDATE")
        .bind(round.id)
        .fetch_optional(&mut *transaction)
        .await?;
    let standing = standing.map(|row| SweepRound::read(&row, keys)).transpose();
    let is_ended = match standing {
        Ok(standing) => standing.is_some_and(|one| one.finished_at.is_some()),
        Err(error) if error.is_tampering() => false,
        Err(error) => return Err(error),
    };
    if !is_ended {
        put(&mut transaction, keys, round).await?;
    }
    transaction.commit().await?;
    Ok(!is_ended)
}

/// The newest passes, newest first. Rows that somebody else wrote are left out, however many (they are short, and taken out
/// with the old ones), and take no place of theirs.
pub async fn newest(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
) -> Result<Vec<SweepRound>, RowError> {
    let list = Numbered {
        query: "SELECT * FROM sweep_rounds WHERE id < ? ORDER BY id DESC LIMIT ?",
        filter: &[],
        at_once: 200,
    };
    let read = |row: &MySqlRow| SweepRound::read(row, keys);
    let mut newest = list.read(connection, u64::MAX, NEWEST, read).await?;
    while let Some(behind) = newest.goes_on_from {
        let left = NEWEST.saturating_sub(u32::try_from(newest.rows.len()).unwrap_or(NEWEST));
        let more = list.read(connection, behind, left, read).await?;
        newest.rows.extend(more.rows);
        newest.goes_on_from = more.goes_on_from;
    }
    Ok(newest.rows)
}

/// Those of these passes that are ours.
pub async fn load_all(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
    ids: &[u64],
) -> Result<Vec<SweepRound>, RowError> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let mut query = QueryBuilder::<MySql>::new("SELECT * FROM sweep_rounds WHERE id IN (");
    let mut list = query.separated(", ");
    for id in ids {
        list.push_bind(id);
    }
    query.push(")");
    let rows = query.build().fetch_all(connection).await?;
    Ok(Checked::sort(rows.iter().map(|row| SweepRound::read(row, keys)))?.rows)
}

/// The passes that have ended, newest first, as far back as they are kept ([`thin_out`]). Rows that somebody else wrote are
/// left out.
pub async fn ended(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
) -> Result<Vec<SweepRound>, RowError> {
    let rows = sqlx::query(
        "SELECT * FROM sweep_rounds WHERE finished_at IS NOT NULL ORDER BY id DESC LIMIT 2000",
    )
    .fetch_all(connection)
    .await?;
    Ok(Checked::sort(rows.iter().map(|row| SweepRound::read(row, keys)))?.rows)
}

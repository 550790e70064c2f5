//! Passes over all records, with their progress. MAC under the application key.

use keyring::{ApplicationKeys, MacBuilder};
use record::time::UnixMillis;
use sqlx::Connection;
use sqlx::mysql::{MySqlConnection, MySqlRow};

use crate::column::Columns;
use crate::error::{Checked, RowError};

const TABLE: &str = "sweep_rounds";

/// One pass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SweepRound {
    /// Its number.
    pub id: u64,
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
    /// Why it ended early: a word of ours.
    pub problem: Option<String>,
}

impl SweepRound {
    fn read(row: &MySqlRow, keys: &ApplicationKeys) -> Result<Self, RowError> {
        let columns = Columns::of(TABLE, row);
        let round = Self {
            id: columns.get("id")?,
            started_at: columns.get("started_at")?,
            finished_at: columns.get("finished_at")?,
            total: columns.get("total")?,
            checked: columns.get("checked")?,
            bad: columns.get("bad")?,
            problem: columns.get("problem")?,
        };
        columns.check(round.id, round.mac(keys))?;
        Ok(round)
    }

    fn mac<'k>(&self, keys: &'k ApplicationKeys) -> MacBuilder<'k> {
        keys.mac(TABLE)
            .u64(self.id)
            .u64(self.started_at.0)
            .opt_u64(self.finished_at.map(|at| at.0))
            .u64(self.total)
            .u64(self.checked)
            .u64(self.bad)
            .opt_text(self.problem.as_deref())
    }
}

/// Begins a pass over `total` subjects.
pub async fn start(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
    total: u64,
    now: UnixMillis,
) -> Result<SweepRound, RowError> {
    let mut transaction = connection.begin().await?;
    // The MAC covers the id, which is known only once the row stands; nobody sees the row in between.
    let inserted = sqlx::query(
        "INSERT INTO sweep_rounds (started_at, total, checked, bad, mac) VALUES (?, ?, 0, 0, '')",
    )
    .bind(now.0)
    .bind(total)
    .execute(&mut *transaction)
    .await?;
    let round = SweepRound {
        id: inserted.last_insert_id(),
        started_at: now,
        finished_at: None,
        total,
        checked: 0,
        bad: 0,
        problem: None,
    };
    update(&mut transaction, keys, &round).await?;
    transaction.commit().await?;
    Ok(round)
}

/// Writes progress or end. Only the holder of the sweep's lease does.
/// [`RowError::Changed`] when the round is gone.
pub async fn update(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
    round: &SweepRound,
) -> Result<(), RowError> {
    let done = sqlx::query(
        "UPDATE sweep_rounds SET finished_at = ?, total = ?, checked = ?, bad = ?, problem = ?, mac = ? WHERE id = ?",
    )
    .bind(round.finished_at.map(|at| at.0))
    .bind(round.total)
    .bind(round.checked)
    .bind(round.bad)
    .bind(round.problem.as_deref())
    .bind(round.mac(keys).finish())
    .bind(round.id)
    .execute(connection)
    .await?;
    match done.rows_affected() {
        0 => Err(RowError::changed(TABLE, round.id)),
        _ => Ok(()),
    }
}

/// The newest passes, newest first. Rows that somebody else wrote are left out.
pub async fn newest(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
) -> Result<Vec<SweepRound>, RowError> {
    let rows = sqlx::query("SELECT * FROM sweep_rounds ORDER BY id DESC LIMIT 20")
        .fetch_all(connection)
        .await?;
    Ok(Checked::sort(rows.iter().map(|row| SweepRound::read(row, keys)))?.rows)
}

/// Clears passes older than `keep_from`; the newest ones are all that anyone looks at.
pub async fn delete_before(
    connection: &mut MySqlConnection,
    keep_from: u64,
) -> Result<u64, RowError> {
    let done = sqlx::query("DELETE FROM sweep_rounds WHERE id < ?")
        .bind(keep_from)
        .execute(connection)
        .await?;
    Ok(done.rows_affected())
}

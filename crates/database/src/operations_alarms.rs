//! Why something can't be verified right now, or that somebody plants rows. Never a breach, and no MAC: a planted alarm
//! is an alarm, and one that is taken away is raised again.

use record::time::UnixMillis;
use sqlx::mysql::{MySqlConnection, MySqlRow};

use crate::column::{Columns, text_enum};
use crate::error::RowError;
use crate::leases::FAR_AHEAD;

const TABLE: &str = "operations_alarms";

text_enum! {
    /// What is wrong.
    AlarmKind {
        /// The chain's endpoint does not answer.
        ChainUnreachable = "chain_unreachable",
        /// The endpoint serves another chain, or other contracts.
        ChainWrong = "chain_wrong",
        /// The chain is behind what was seen of it.
        ChainBehind = "chain_behind",
        /// Master-data and storage layer tell different things.
        ChainDisagrees = "chain_disagrees",
        /// Two independent endpoints tell different things.
        EndpointsDisagree = "endpoints_disagree",
        /// The node keeps no state of blocks at which contract wallets are to be asked.
        ChainForgets = "chain_forgets",
        /// The database does not answer.
        DatabaseUnreachable = "database_unreachable",
        /// The database takes no writes.
        DatabaseReadOnly = "database_read_only",
        /// The database answers, and refuses what we read or write.
        DatabaseRefuses = "database_refuses",
        /// The database answers, and our connections to it are ended or come to nothing.
        DatabaseInterrupts = "database_interrupts",
        /// No round over all records has ended for long.
        SweepStalled = "sweep_stalled",
        /// Our clock and the time of the chain's newest block are too far apart.
        ClockOff = "clock_off",
        /// The keys are not those that the database was written with.
        KeysWrong = "keys_wrong",
        /// A host seals with a key that is retired: it was not given the newest key file.
        KeysBehind = "keys_behind",
        /// A row that grants access or moves work does not carry our MAC.
        RowTampered = "row_tampered",
        /// Rows are gone from a table that nothing of ours deletes from.
        RowsDeleted = "rows_deleted",
        /// Our tables are not as they were, or have triggers.
        SchemaChanged = "schema_changed",
        /// Nothing is set for the watch to follow the binary log with.
        WatchNotConfigured = "watch_not_configured",
        /// The binary log is off, or does not hold what we need.
        WatchLogOff = "watch_log_off",
        /// The server refuses the watch's account or one of its rights.
        WatchRefused = "watch_refused",
        /// The watch does not keep up with the binary log.
        WatchBehind = "watch_behind",
        /// Something happened that the binary log no longer tells, or never told.
        WatchGap = "watch_gap",
        /// Mail can't be delivered.
        MailFailing = "mail_failing",
        /// A mail was refused for good or tried too often, and nobody has seen to it.
        MailUndelivered = "mail_undelivered",
        /// Mail that is due is not sent, and nobody has tried.
        MailHeldBack = "mail_held_back",
        /// The controller's account can't pay for anchoring.
        ControllerFunds = "controller_funds",
        /// Anchoring does not move on.
        AnchoringStuck = "anchoring_stuck",
        /// Values that were replaced can't be destroyed.
        ValuesNotDestroyed = "values_not_destroyed",
    }
}

/// One alarm.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alarm {
    /// What is wrong.
    pub kind: AlarmKind,
    /// Since when without a break.
    pub since: UnixMillis,
    /// When it was noticed last.
    pub last_seen_at: UnixMillis,
}

impl Alarm {
    fn read(row: &MySqlRow) -> Result<Self, RowError> {
        let columns = Columns::of(TABLE, row);
        Ok(Self {
            kind: columns.get("kind")?,
            since: columns.get("since")?,
            last_seen_at: columns.get("last_seen_at")?,
        })
    }
}

/// Raises an alarm, or notes that it lasts.
pub async fn raise(
    connection: &mut MySqlConnection,
    kind: AlarmKind,
    now: UnixMillis,
) -> Result<(), RowError> {
    sqlx::query(
        "INSERT INTO operations_alarms (kind, since, last_seen_at) VALUES (?, ?, ?)
         ON DUPLICATE KEY UPDATE kind = ?, since = IF(since > ?, ?, since), last_seen_at = GREATEST(last_seen_at, ?)",
    )
    .bind(kind.as_str())
    .bind(now.0)
    .bind(now.0)
    // The key takes other letters for the same.
    .bind(kind.as_str())
    // One that a clock far ahead has noticed has lasted since now at the latest.
    .bind(now.plus(FAR_AHEAD).0)
    .bind(now.0)
    .bind(now.0)
    .execute(connection)
    .await?;
    Ok(())
}

/// Ends an alarm; false when there was none.
pub async fn clear(connection: &mut MySqlConnection, kind: AlarmKind) -> Result<bool, RowError> {
    let done = sqlx::query("DELETE FROM operations_alarms WHERE kind = ?")
        .bind(kind.as_str())
        .execute(connection)
        .await?;
    Ok(done.rows_affected() > 0)
}

/// Ends an alarm that was noticed last before then: where several processes may raise it, none knows of the others.
pub async fn clear_unseen_since(
    connection: &mut MySqlConnection,
    kind: AlarmKind,
    then: UnixMillis,
) -> Result<(), RowError> {
    sqlx::query("DELETE FROM operations_alarms WHERE kind = ? AND last_seen_at < ?")
        .bind(kind.as_str())
        .bind(then.0)
        .execute(connection)
        .await?;
    Ok(())
}

/// All alarms, oldest first. A kind that this software does not know is left out.
pub async fn all(connection: &mut MySqlConnection) -> Result<Vec<Alarm>, RowError> {
    let rows = sqlx::query("SELECT * FROM operations_alarms ORDER BY since, kind")
        .fetch_all(connection)
        .await?;
    Ok(rows
        .iter()
        .filter_map(|row| Alarm::read(row).ok())
        .collect())
}

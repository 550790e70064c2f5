//! Until when each anchored record may be kept (docs/RETENTION.md): found by its day, without opening anything. A day by itself
//! tells of nobody. MAC under the application key; the row goes with its record.

mod reckoning;

use keyring::{ApplicationKeys, MacBuilder};
use record::ids::RecordId;
use record::time::UnixMillis;
use sqlx::mysql::{MySqlConnection, MySqlRow};

use crate::column::Columns;
use crate::error::RowError;

pub use reckoning::{Reckoned, page};

const TABLE: &str = "retentions";

/// What is kept of one record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retention {
    /// The record.
    pub record_id: RecordId,
    /// From when on nothing permits to keep it; none where nobody can tell.
    pub due_at: Option<UnixMillis>,
    /// A hash of what that was reckoned from.
    pub basis: [u8; 32],
    /// Cell: why it is kept for longer, until when, and who decided so.
    pub prolongations: Option<Vec<u8>>,
}

impl Retention {
    pub(crate) fn read(row: &MySqlRow, keys: &ApplicationKeys) -> Result<Self, RowError> {
        let columns = Columns::of(TABLE, row);
        let retention = Self {
            record_id: columns.get("record_id")?,
            due_at: columns.get("due_at")?,
            basis: columns.get("basis")?,
            prolongations: columns.get("prolongations")?,
        };
        columns.check(retention.record_id, retention.mac(keys))?;
        Ok(retention)
    }

    fn mac(&self, keys: &ApplicationKeys) -> MacBuilder {
        keys.mac(TABLE)
            .bytes(self.record_id.as_bytes())
            .opt_u64(self.due_at.map(|at| at.0))
            .bytes(&self.basis)
            .opt_bytes(self.prolongations.as_deref())
    }
}

/// The row of a record, if it has one yet.
pub async fn load(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
    id: RecordId,
) -> Result<Option<Retention>, RowError> {
    sqlx::query("SELECT * FROM retentions WHERE record_id = ?")
        .bind(id.as_bytes().as_slice())
        .fetch_optional(connection)
        .await?
        .map(|row| Retention::read(&row, keys))
        .transpose()
}

/// Writes the row of a record that the caller has locked, in the place of the one before.
pub async fn store(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
    retention: &Retention,
) -> Result<(), RowError> {
    let mac = retention.mac(keys).finish();
    let due_at = retention.due_at.map(|at| at.0);
    let mut query = sqlx::query(
        "INSERT INTO retentions (record_id, due_at, basis, prolongations, mac) VALUES (?, ?, ?, ?, ?)
         ON DUPLICATE KEY UPDATE due_at = ?, basis = ?, prolongations = ?, mac = ?",
    )
    .bind(retention.record_id.as_bytes().as_slice());
    for _ in 0..2 {
        query = query
            .bind(due_at)
            .bind(retention.basis.as_slice())
            .bind(retention.prolongations.as_deref())
            .bind(&mac);
    }
    query.execute(connection).await?;
    Ok(())
}

/// Puts the same decisions, sealed anew, in the place of what was read; the caller has locked the record.
/// [`RowError::Changed`] when they are others by now.
pub(crate) async fn replace_cell(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
    before: &Retention,
    after: &Retention,
) -> Result<(), RowError> {
    let done = sqlx::query(
        "UPDATE retentions SET prolongations = ?, mac = ? WHERE record_id = ? AND prolongations <=> ?",
    )
    .bind(after.prolongations.as_deref())
    .bind(after.mac(keys).finish())
    .bind(before.record_id.as_bytes().as_slice())
    .bind(before.prolongations.as_deref())
    .execute(connection)
    .await?;
    match done.rows_affected() {
        0 => Err(RowError::changed(TABLE, before.record_id)),
        _ => Ok(()),
    }
}

/// Deletes the row of a record that is erased.
pub async fn destroy(connection: &mut MySqlConnection, id: RecordId) -> Result<u64, RowError> {
    let done = sqlx::query("DELETE FROM retentions WHERE record_id = ?")
        .bind(id.as_bytes().as_slice())
        .execute(connection)
        .await?;
    Ok(done.rows_affected())
}

//! How far the watch has read the binary log. MAC under the application key.

use keyring::{ApplicationKeys, MacBuilder};
use record::time::UnixMillis;
use sqlx::mysql::{MySqlConnection, MySqlRow};

use crate::column::Columns;
use crate::error::RowError;

/// The table's name, as the log has it.
pub const TABLE: &str = "watch_progress";

/// How far one reader has read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WatchProgress {
    /// Which reader.
    pub reader: String,
    /// Where to go on, as text.
    pub position: String,
    /// How often this row was written.
    pub beat: u64,
    /// When.
    pub saved_at: UnixMillis,
}

impl WatchProgress {
    pub(crate) fn read(row: &MySqlRow, keys: &ApplicationKeys) -> Result<Self, RowError> {
        let columns = Columns::of(TABLE, row);
        let progress = Self {
            reader: columns.get("reader")?,
            position: columns.get("position")?,
            beat: columns.get("beat")?,
            saved_at: columns.get("saved_at")?,
        };
        columns.check(&progress.reader, progress.mac(keys))?;
        Ok(progress)
    }

    fn mac(&self, keys: &ApplicationKeys) -> MacBuilder {
        keys.mac(TABLE)
            .text(&self.reader)
            .text(&self.position)
            .u64(self.beat)
            .u64(self.saved_at.0)
    }
}

/// How far a reader has read.
pub async fn load(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
    reader: &str,
) -> Result<Option<WatchProgress>, RowError> {
    sqlx::query("SELECT * FROM watch_progress WHERE reader = ?")
        .bind(reader)
        .fetch_optional(connection)
        .await?
        .map(|row| WatchProgress::read(&row, keys))
        .transpose()
}

/// Writes it down, whatever stands there.
pub async fn save(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
    progress: &WatchProgress,
) -> Result<(), RowError> {
    let mac = progress.mac(keys).finish();
    let mut query = sqlx::query(
        "INSERT INTO watch_progress (reader, position, beat, saved_at, mac) VALUES (?, ?, ?, ?, ?)
         ON DUPLICATE KEY UPDATE position = ?, beat = ?, saved_at = ?, mac = ?",
    )
    .bind(&progress.reader);
    for _ in 0..2 {
        query = query
            .bind(&progress.position)
            .bind(progress.beat)
            .bind(progress.saved_at.0)
            .bind(&mac);
    }
    query.execute(connection).await?;
    Ok(())
}

//! The newest block that each reader has seen: a chain that falls behind it, or holds another block there, is not the
//! chain. MAC under the application key.

use alloy_primitives::B256;
use keyring::{ApplicationKeys, MacBuilder};
use record::time::UnixMillis;
use sqlx::Connection;
use sqlx::mysql::{MySqlConnection, MySqlRow};

use crate::column::Columns;
use crate::error::RowError;
use crate::transaction::finish;

const TABLE: &str = "chain_progress";

/// How far one reader has seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChainProgress {
    /// Which reader.
    pub reader: String,
    /// The newest final block.
    pub block_number: u64,
    /// Its hash.
    pub block_hash: B256,
    /// When it was seen.
    pub seen_at: UnixMillis,
}

impl ChainProgress {
    pub(crate) fn read(row: &MySqlRow, keys: &ApplicationKeys) -> Result<Self, RowError> {
        let columns = Columns::of(TABLE, row);
        let progress = Self {
            reader: columns.get("reader")?,
            block_number: columns.get("block_number")?,
            block_hash: columns.get("block_hash")?,
            seen_at: columns.get("seen_at")?,
        };
        columns.check(&progress.reader, progress.mac(keys))?;
        Ok(progress)
    }

    fn mac(&self, keys: &ApplicationKeys) -> MacBuilder {
        keys.mac(TABLE)
            .text(&self.reader)
            .u64(self.block_number)
            .bytes(self.block_hash.as_slice())
            .u64(self.seen_at.0)
    }
}

/// How far a reader has seen.
pub async fn load(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
    reader: &str,
) -> Result<Option<ChainProgress>, RowError> {
    sqlx::query("SELECT * FROM chain_progress WHERE reader = ?")
        .bind(reader)
        .fetch_optional(connection)
        .await?
        .map(|row| ChainProgress::read(&row, keys))
        .transpose()
}

/// Remembers a newer block; an older one than what is kept changes nothing. A row that somebody else wrote is written
/// over, with a word in the log.
pub async fn advance(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
    progress: &ChainProgress,
) -> Result<(), RowError> {
    let mut transaction = connection.begin().await?;
    let outcome = advance_locked(&mut transaction, keys, progress).await;
    finish(transaction, outcome).await
}

async fn advance_locked(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
    progress: &ChainProgress,
) -> Result<(), RowError> {
    let standing = sqlx::query("SELECT * FROM chain_progress WHERE reader = ? FOR UPDATE")
        .bind(&progress.reader)
        .fetch_optional(&mut *connection)
        .await?
        .map(|row| ChainProgress::read(&row, keys))
        .transpose();
    match standing {
        Ok(Some(standing)) if standing.block_number >= progress.block_number => return Ok(()),
        Ok(_) => {}
        Err(error) if error.is_tampering() => {
            tracing::error!(%error, "a planted chain progress is written over");
        }
        Err(error) => return Err(error),
    }
    let mac = progress.mac(keys).finish();
    let mut query = sqlx::query(
        "INSERT INTO chain_progress (reader, block_number, block_hash, seen_at, mac) VALUES (?, ?, ?, ?, ?)
         ON DUPLICATE KEY UPDATE block_number = ?, block_hash = ?, seen_at = ?, mac = ?",
    )
    .bind(&progress.reader);
    for _ in 0..2 {
        query = query
            .bind(progress.block_number)
            .bind(progress.block_hash.as_slice())
            .bind(progress.seen_at.0)
            .bind(&mac);
    }
    query.execute(connection).await?;
    Ok(())
}

//! A known value sealed under each application key: tells wrong keys from tampered data.

use keyring::{ApplicationKeys, KeyCheckError};
use record::time::UnixMillis;
use sqlx::mysql::MySqlConnection;

use crate::error::RowError;

const TABLE: &str = "key_checks";

/// Whether the keys in the file are those that the database was written with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyCheck {
    /// Every stored value opens.
    Right,
    /// No value is stored: key set-up was not finished.
    Missing,
    /// Wrong or absent keys: nothing can be told of any row.
    Wrong(KeyCheckError),
}

/// Stores the known value of a key version (`ApplicationKeys::check_cell`); false when there is one.
pub async fn insert(
    connection: &mut MySqlConnection,
    app_key_version: u32,
    cell: &[u8],
    now: UnixMillis,
) -> Result<bool, RowError> {
    let inserted =
        sqlx::query("INSERT INTO key_checks (app_key_version, cell, created_at) VALUES (?, ?, ?)")
            .bind(app_key_version)
            .bind(cell)
            .bind(now.0)
            .execute(connection)
            .await
            .map_err(|error| RowError::of_insert(TABLE, error));
    match inserted {
        Ok(_) => Ok(true),
        Err(error) if error.is_duplicate_of("PRIMARY") => Ok(false),
        Err(error) => Err(error),
    }
}

/// Compares the keys at hand with every stored value.
pub async fn verify(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
) -> Result<KeyCheck, RowError> {
    let stored: Vec<(u32, Vec<u8>)> =
        sqlx::query_as("SELECT app_key_version, cell FROM key_checks ORDER BY app_key_version")
            .fetch_all(connection)
            .await?;
    if stored.is_empty() {
        return Ok(KeyCheck::Missing);
    }
    let wrong = stored
        .iter()
        .find_map(|(version, cell)| keys.verify_check_cell(*version, cell).err());
    Ok(wrong.map_or(KeyCheck::Right, KeyCheck::Wrong))
}

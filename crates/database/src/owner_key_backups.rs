//! Wrapped owner keys, in a database of their own, written by an account that may delete and not read: erasing a key
//! leaves no copy beside the copies of the records.

use keyring::WrappedOwnerKey;
use record::ids::RecordId;
use record::time::UnixMillis;
use sqlx::mysql::MySqlConnection;

use crate::error::RowError;
use crate::owner_keys;

const TABLE: &str = "owner_key_backups";

/// Copies a key; false when its copy is there already.
pub async fn insert(
    connection: &mut MySqlConnection,
    key: &WrappedOwnerKey,
    now: UnixMillis,
) -> Result<bool, RowError> {
    let inserted = sqlx::query(
        "INSERT INTO owner_key_backups (key_id, record_id, app_key_version, wrapped, created_at)
         VALUES (?, ?, ?, ?, ?)",
    )
    .bind(key.key_id.as_bytes().as_slice())
    .bind(key.record_id.as_bytes().as_slice())
    .bind(key.app_key_version)
    .bind(&key.bytes)
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

/// The copies of a record's keys, newest first: one, unless a rotation was broken off or somebody wrote another.
pub async fn of_record(
    connection: &mut MySqlConnection,
    record: RecordId,
) -> Result<Vec<WrappedOwnerKey>, RowError> {
    sqlx::query(
        "SELECT * FROM owner_key_backups WHERE record_id = ? ORDER BY created_at DESC, key_id",
    )
    .bind(record.as_bytes().as_slice())
    .fetch_all(connection)
    .await?
    .iter()
    .map(|row| owner_keys::read(row, TABLE))
    .collect()
}

/// Destroys the copy of one key.
pub async fn destroy_one(
    connection: &mut MySqlConnection,
    key: &WrappedOwnerKey,
) -> Result<(), RowError> {
    sqlx::query("DELETE FROM owner_key_backups WHERE key_id = ? AND record_id = ?")
        .bind(key.key_id.as_bytes().as_slice())
        .bind(key.record_id.as_bytes().as_slice())
        .execute(connection)
        .await?;
    Ok(())
}

/// Destroys the copies of a record's keys; tells how many there were.
pub async fn destroy(connection: &mut MySqlConnection, record: RecordId) -> Result<u64, RowError> {
    let done = sqlx::query("DELETE FROM owner_key_backups WHERE record_id = ?")
        .bind(record.as_bytes().as_slice())
        .execute(connection)
        .await?;
    Ok(done.rows_affected())
}

//! Data keys of owners, wrapped by an application key. Authenticated by their wrapping; destroying one destroys the
//! record's values.

use keyring::{ApplicationKeys, WrappedOwnerKey};
use record::ids::RecordId;
use sqlx::Connection;
use sqlx::mysql::{MySqlConnection, MySqlRow};

use crate::column::Columns;
use crate::error::RowError;

const TABLE: &str = "owner_keys";

pub(crate) fn read(row: &MySqlRow, table: &'static str) -> Result<WrappedOwnerKey, RowError> {
    let columns = Columns::of(table, row);
    Ok(WrappedOwnerKey {
        key_id: columns.get("key_id")?,
        record_id: columns.get("record_id")?,
        app_key_version: columns.get("app_key_version")?,
        bytes: columns.get("wrapped")?,
    })
}

/// Stores the key of a new record.
/// [`RowError::Duplicate`] when the record has one.
pub async fn insert(
    connection: &mut MySqlConnection,
    key: &WrappedOwnerKey,
) -> Result<(), RowError> {
    sqlx::query(
        "INSERT INTO owner_keys (key_id, record_id, app_key_version, wrapped) VALUES (?, ?, ?, ?)",
    )
    .bind(key.key_id.as_bytes().as_slice())
    .bind(key.record_id.as_bytes().as_slice())
    .bind(key.app_key_version)
    .bind(&key.bytes)
    .execute(connection)
    .await
    .map_err(|error| RowError::of_insert(TABLE, error))?;
    Ok(())
}

/// The key of a record.
pub async fn of_record(
    connection: &mut MySqlConnection,
    record: RecordId,
) -> Result<Option<WrappedOwnerKey>, RowError> {
    sqlx::query("SELECT * FROM owner_keys WHERE record_id = ?")
        .bind(record.as_bytes().as_slice())
        .fetch_optional(connection)
        .await?
        .map(|row| read(&row, TABLE))
        .transpose()
}

/// Puts another key in the place of the one that was read.
/// [`RowError::Changed`] when that is another one by now.
pub(crate) async fn replace(
    connection: &mut MySqlConnection,
    before: &WrappedOwnerKey,
    after: &WrappedOwnerKey,
) -> Result<(), RowError> {
    let done = sqlx::query(
        "UPDATE owner_keys SET key_id = ?, app_key_version = ?, wrapped = ?
         WHERE key_id = ? AND record_id = ? AND wrapped = ?",
    )
    .bind(after.key_id.as_bytes().as_slice())
    .bind(after.app_key_version)
    .bind(&after.bytes)
    .bind(before.key_id.as_bytes().as_slice())
    .bind(before.record_id.as_bytes().as_slice())
    .bind(&before.bytes)
    .execute(connection)
    .await?;
    match done.rows_affected() {
        0 => Err(RowError::changed(TABLE, before.record_id)),
        _ => Ok(()),
    }
}

/// Whether these keys unwrap any of the owners' keys, of as many as are worth a try.
pub(crate) async fn any_unwraps(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
) -> Result<bool, RowError> {
    const TRIED: u32 = 1_000;
    let rows = sqlx::query("SELECT * FROM owner_keys LIMIT ?")
        .bind(TRIED)
        .fetch_all(connection)
        .await?;
    let unwraps = |row| read(row, TABLE).is_ok_and(|key| keys.unwrap_owner_key(&key).is_ok());
    Ok(rows.iter().any(unwraps))
}

/// Writes a key back as its backup has it, whatever stands there now, and gives back what stood there: the row of its
/// record, and the one under its id.
pub async fn put(
    connection: &mut MySqlConnection,
    key: &WrappedOwnerKey,
) -> Result<Vec<WrappedOwnerKey>, RowError> {
    let mut transaction = connection.begin().await?;
    let (id, record) = (key.key_id.as_bytes(), key.record_id.as_bytes());
    let stood =
        sqlx::query("SELECT * FROM owner_keys WHERE key_id = ? OR record_id = ? FOR UPDATE")
            .bind(id.as_slice())
            .bind(record.as_slice())
            .fetch_all(&mut *transaction)
            .await?;
    sqlx::query("DELETE FROM owner_keys WHERE key_id = ? OR record_id = ?")
        .bind(id.as_slice())
        .bind(record.as_slice())
        .execute(&mut *transaction)
        .await?;
    insert(&mut transaction, key).await?;
    transaction.commit().await?;
    // What can't be read is nobody's key.
    let stood = stood.iter().filter_map(|row| read(row, TABLE).ok());
    Ok(stood.collect())
}

/// Destroys the key of a record; false when there was none.
pub async fn destroy(connection: &mut MySqlConnection, record: RecordId) -> Result<bool, RowError> {
    let done = sqlx::query("DELETE FROM owner_keys WHERE record_id = ?")
        .bind(record.as_bytes().as_slice())
        .execute(connection)
        .await?;
    Ok(done.rows_affected() > 0)
}

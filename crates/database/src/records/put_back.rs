//! A row that is put back as a verified backup has it, and what other rows must let go of first.

use keyring::FrontKeys;
use record::ids::{RecordId, SubmissionId, Uid};
use sqlx::Connection;
use sqlx::mysql::MySqlConnection;

use super::{Record, TABLE, insert_row};
use crate::column::Columns;
use crate::error::RowError;

/// Writes a whole row back as a verified backup has it, whatever stands there now. A row of another record that holds
/// this UID must be made to let go of it first ([`release_uid`]), and the form's token must be free
/// ([`submission_is_taken`]).
pub async fn put(
    connection: &mut MySqlConnection,
    keys: &FrontKeys,
    record: &Record,
) -> Result<(), RowError> {
    let mut transaction = connection.begin().await?;
    sqlx::query("DELETE FROM records WHERE id = ?")
        .bind(record.id.as_bytes().as_slice())
        .execute(&mut *transaction)
        .await?;
    insert_row(&mut transaction, keys, record).await?;
    transaction.commit().await?;
    Ok(())
}

/// Takes a UID away from every record but the one it belongs to; tells how many had it. Their MACs no longer hold,
/// as they did not before.
pub async fn release_uid(
    connection: &mut MySqlConnection,
    uid: Uid,
    owner: RecordId,
) -> Result<u64, RowError> {
    let done = sqlx::query("UPDATE records SET uid = NULL WHERE uid = ? AND id <> ?")
        .bind(uid.get())
        .bind(owner.as_bytes().as_slice())
        .execute(connection)
        .await?;
    Ok(done.rows_affected())
}

/// The other records whose rows claim this UID.
pub async fn claiming(
    connection: &mut MySqlConnection,
    uid: Uid,
    owner: RecordId,
) -> Result<Vec<RecordId>, RowError> {
    let rows = sqlx::query("SELECT id FROM records WHERE uid = ? AND id <> ?")
        .bind(uid.get())
        .bind(owner.as_bytes().as_slice())
        .fetch_all(connection)
        .await?;
    rows.iter()
        .map(|row| Columns::of(TABLE, row).get("id"))
        .collect()
}

/// Gives a UID that no row claims to a row that claims none; false when either is not so. The row's MAC holds if it was
/// made with this UID.
pub async fn claim_uid(
    connection: &mut MySqlConnection,
    id: RecordId,
    uid: Uid,
) -> Result<bool, RowError> {
    let taken: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM records WHERE uid = ?")
        .bind(uid.get())
        .fetch_one(&mut *connection)
        .await?;
    if taken > 0 {
        return Ok(false);
    }
    let done = sqlx::query("UPDATE records SET uid = ? WHERE id = ? AND uid IS NULL")
        .bind(uid.get())
        .bind(id.as_bytes().as_slice())
        .execute(connection)
        .await?;
    Ok(done.rows_affected() > 0)
}

/// Whether another record than this one was entered by this form.
pub async fn submission_is_taken(
    connection: &mut MySqlConnection,
    submission: SubmissionId,
    owner: RecordId,
) -> Result<bool, RowError> {
    let taken: i64 =
        sqlx::query_scalar("SELECT COUNT(*) FROM records WHERE submission = ? AND id <> ?")
            .bind(submission.as_bytes().as_slice())
            .bind(owner.as_bytes().as_slice())
            .fetch_one(connection)
            .await?;
    Ok(taken > 0)
}

/// Destroys the row of a record that has ended; whether there was one.
pub async fn destroy(connection: &mut MySqlConnection, id: RecordId) -> Result<bool, RowError> {
    let done = sqlx::query("DELETE FROM records WHERE id = ?")
        .bind(id.as_bytes().as_slice())
        .execute(connection)
        .await?;
    Ok(done.rows_affected() > 0)
}

//! Failed sign-ins within a window, kept in the database so that a restart does not reset the limit.
//!
//! `bucket` is a keyed hash of what is limited (a login, an address); the table tells nobody whose it is.

use std::time::Duration;

use record::time::UnixMillis;
use sqlx::mysql::MySqlConnection;

use crate::error::RowError;

/// A window that begins later than this was not begun by us: it would never end.
const AHEAD: Duration = Duration::from_secs(60);

/// How often this bucket has failed within the last `window`.
pub async fn failures(
    connection: &mut MySqlConnection,
    bucket: &[u8; 32],
    window: Duration,
    now: UnixMillis,
) -> Result<u32, RowError> {
    let failures: Option<u32> = sqlx::query_scalar(
        "SELECT failures FROM sign_in_attempts WHERE bucket = ? AND window_started_at > ? AND window_started_at <= ?",
    )
    .bind(bucket.as_slice())
    .bind(now.minus(window).0)
    .bind(now.plus(AHEAD).0)
    .fetch_optional(connection)
    .await?;
    Ok(failures.unwrap_or(0))
}

/// Counts a failure and tells how many there are now. A window that is over starts anew.
pub async fn record_failure(
    connection: &mut MySqlConnection,
    bucket: &[u8; 32],
    window: Duration,
    now: UnixMillis,
) -> Result<u32, RowError> {
    let (over, ahead) = (now.minus(window).0, now.plus(AHEAD).0);
    // Assignments run from left to right: the count must look at the window before the window moves.
    sqlx::query(
        "INSERT INTO sign_in_attempts (bucket, window_started_at, failures) VALUES (?, ?, 1)
         ON DUPLICATE KEY UPDATE
             failures = IF(window_started_at <= ? OR window_started_at > ?, 1, LEAST(failures, 1000000) + 1),
             window_started_at = IF(window_started_at <= ? OR window_started_at > ?, ?, window_started_at)",
    )
    .bind(bucket.as_slice())
    .bind(now.0)
    .bind(over)
    .bind(ahead)
    .bind(over)
    .bind(ahead)
    .bind(now.0)
    .execute(&mut *connection)
    .await?;
    failures(connection, bucket, window, now).await
}

/// Forgets the failures of a bucket, after a success.
pub async fn clear(connection: &mut MySqlConnection, bucket: &[u8; 32]) -> Result<(), RowError> {
    sqlx::query("DELETE FROM sign_in_attempts WHERE bucket = ?")
        .bind(bucket.as_slice())
        .execute(connection)
        .await?;
    Ok(())
}

/// Clears windows that are over; tells how many.
pub async fn delete_ended(
    connection: &mut MySqlConnection,
    window: Duration,
    now: UnixMillis,
) -> Result<u64, RowError> {
    let done = sqlx::query("DELETE FROM sign_in_attempts WHERE window_started_at <= ?")
        .bind(now.minus(window).0)
        .execute(connection)
        .await?;
    Ok(done.rows_affected())
}

//! Which rows are still what they were reckoned from: a page of records at a time, so that nothing has to be opened to know.

use keyring::ApplicationKeys;
use record::ids::RecordId;
use record::time::UnixMillis;
use sqlx::mysql::{MySqlConnection, MySqlRow};

use super::Retention;
use crate::column::Columns;
use crate::error::RowError;

/// What a record's row is reckoned from beside the profile, as the columns say, and the basis of the one that stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reckoned {
    /// The record.
    pub id: RecordId,
    /// The last change of its head.
    pub updated_at: UnixMillis,
    /// The number of the newest withdrawal; zero where there is none.
    pub withdrawal: u64,
    /// How many steps of restrictions and objections there are.
    pub restriction_steps: u64,
    /// What the row that stands was reckoned from; none where there is no row.
    pub basis: Option<[u8; 32]>,
    /// Whether somebody else wrote or changed that row.
    pub is_planted: bool,
}

/// Anchored records that are not being erased, behind one of them in the order of their ids.
pub async fn page(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
    after: Option<RecordId>,
    limit: u32,
) -> Result<Vec<Reckoned>, RowError> {
    let after = after.map_or([0; 16], |id| *id.as_bytes());
    let rows = sqlx::query(
        "SELECT r.id, r.updated_at,
                (SELECT CAST(COALESCE(MAX(w.id), 0) AS UNSIGNED) FROM withdrawals w WHERE w.record_id = r.id) AS withdrawal,
                (SELECT CAST(COUNT(*) AS UNSIGNED) FROM restriction_steps s WHERE s.record_id = r.id) AS restriction_steps,
                t.record_id, t.due_at, t.basis, t.prolongations, t.mac
         FROM records r
         LEFT JOIN retentions t ON t.record_id = r.id
         WHERE r.id > ? AND r.uid IS NOT NULL AND r.state <> 'erasing'
         ORDER BY r.id LIMIT ?",
    )
    .bind(after.as_slice())
    .bind(limit)
    .fetch_all(connection)
    .await?;
    rows.iter().map(|row| read(row, keys)).collect()
}

fn read(row: &MySqlRow, keys: &ApplicationKeys) -> Result<Reckoned, RowError> {
    let columns = Columns::of("records", row);
    let has_row = columns.get::<Option<Vec<u8>>>("mac")?.is_some();
    let standing = match has_row.then(|| Retention::read(row, keys)) {
        Some(Err(error)) if !error.is_tampering() => return Err(error),
        standing => standing,
    };
    Ok(Reckoned {
        id: columns.get("id")?,
        updated_at: columns.get("updated_at")?,
        withdrawal: columns.get("withdrawal")?,
        restriction_steps: columns.get("restriction_steps")?,
        is_planted: matches!(standing, Some(Err(_))),
        basis: standing.and_then(Result::ok).map(|row| row.basis),
    })
}

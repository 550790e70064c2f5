//! Records by the day from which on nothing permits to keep them.

use keyring::FrontKeys;
use record::time::UnixMillis;
use sqlx::mysql::{MySqlConnection, MySqlRow};

use super::{Cursor, ListedRecord, MOST_COUNTED, Page, listed, page};
use crate::column::Columns;
use crate::error::RowError;

/// A part of the time: days from the first up to, and without, the second. None are the records of which nobody can tell.
pub type Days = Option<(UnixMillis, UnixMillis)>;

/// Those that are due within these days, the one that is due first at the top, behind the cursor of the page before.
pub async fn due(
    connection: &mut MySqlConnection,
    keys: &FrontKeys,
    days: Days,
    after: Option<Cursor>,
    limit: u32,
) -> Result<Page<ListedRecord, Cursor>, RowError> {
    let (behind, id) = after.map_or((UnixMillis(0), [0; 16]), |after| {
        (after.at, *after.id.as_bytes())
    });
    let query = match days {
        Some((from, until)) => sqlx::query(listed!(
            "JOIN retentions t ON t.record_id = r.id
             WHERE t.due_at >= ? AND t.due_at < ? AND (t.due_at > ? OR t.record_id > ?) AND r.state <> 'erasing'
             ORDER BY t.due_at, t.record_id LIMIT ?",
            ", t.due_at"
        ))
        .bind(from.max(behind).0)
        .bind(until.0)
        .bind(behind.0),
        None => sqlx::query(listed!(
            "JOIN retentions t ON t.record_id = r.id
             WHERE t.due_at IS NULL AND t.record_id > ? AND r.state <> 'erasing'
             ORDER BY t.record_id LIMIT ?",
            ", t.due_at"
        )),
    };
    let rows = query
        .bind(id.as_slice())
        .bind(limit.saturating_add(1))
        .fetch_all(connection)
        .await?;
    page(&rows, limit, |row| ListedRecord::read(row, keys), cursor)
}

/// How many they are; one more than [`MOST_COUNTED`] stands for any number above.
pub async fn due_count(connection: &mut MySqlConnection, days: Days) -> Result<u64, RowError> {
    let query = match days {
        Some((from, until)) => sqlx::query_scalar(
            "SELECT COUNT(*) FROM (SELECT 1 FROM retentions t JOIN records r ON r.id = t.record_id
                                   WHERE t.due_at >= ? AND t.due_at < ? AND r.state <> 'erasing' LIMIT ?) AS few",
        )
        .bind(from.0)
        .bind(until.0),
        None => sqlx::query_scalar(
            "SELECT COUNT(*) FROM (SELECT 1 FROM retentions t JOIN records r ON r.id = t.record_id
                                   WHERE t.due_at IS NULL AND r.state <> 'erasing' LIMIT ?) AS few",
        ),
    };
    let count: i64 = query.bind(MOST_COUNTED + 1).fetch_one(connection).await?;
    Ok(count.unsigned_abs())
}

fn cursor(row: &MySqlRow) -> Result<Cursor, RowError> {
    let columns = Columns::of("retentions", row);
    let due_at: Option<UnixMillis> = columns.get("due_at")?;
    Ok(Cursor {
        at: due_at.unwrap_or(UnixMillis(0)),
        id: columns.get("id")?,
    })
}

//! How many rows there were in the tables from which nothing of ours ever deletes: a row that somebody takes out, or puts
//! another in the place of, is missed. MAC under the application key.
//!
//! Numbered rows are counted up to the newest number, others up to a time that is over, so that what is written meanwhile
//! is no part of it.

use std::collections::BTreeSet;

use keyring::{ApplicationKeys, MacBuilder};
use record::ids::RecordId;
use sqlx::mysql::{MySqlConnection, MySqlRow};

use crate::column::Columns;
use crate::error::RowError;

const TABLE: &str = "row_counts";

/// A table that rows are only added to.
pub struct Kept {
    /// Its name.
    pub table: &'static str,
    /// Whether its rows are numbered by the server; else they are counted by the time that they carry.
    pub is_numbered: bool,
    query: &'static str,
    newer: &'static str,
    copies: Option<&'static str>,
}

/// `$row` is what of a row never changes, `$bound` the column up to whose value rows are counted.
macro_rules! kept {
    ($table:literal, $row:literal, $bound:literal) => {
        Kept {
            table: $table,
            is_numbered: matches!($bound.as_bytes(), b"id"),
            query: concat!(
                "SELECT CAST(COUNT(*) AS UNSIGNED) AS counted,
                        BIT_XOR(CAST(CONV(LEFT(SHA2(",
                $row,
                ", 256), 16), 16, 10) AS UNSIGNED)) AS digest,
                        CAST(COALESCE(MAX(",
                $bound,
                "), 0) AS UNSIGNED) AS reached FROM ",
                $table,
                " WHERE ",
                $bound,
                " <= ?"
            ),
            copies: match $row.as_bytes() {
                b"CONCAT(id, ':', mac)" => Some(concat!(
                    "SELECT EXISTS (SELECT 1 FROM ",
                    $table,
                    " GROUP BY mac HAVING COUNT(*) > 1)"
                )),
                _ => None,
            },
            newer: concat!(
                "SELECT CAST(CONV(LEFT(SHA2(",
                $row,
                ", 256), 16), 16, 10) AS UNSIGNED) AS digest FROM ",
                $table,
                " WHERE ",
                $bound,
                " > ?"
            ),
        }
    };
}

/// The tables that are counted.
pub const KEPT: [Kept; 19] = [
    kept!("staff", "id", "created_at"),
    kept!("staff_events", "CONCAT(id, ':', mac)", "id"),
    kept!("consent_links", "id", "created_at"),
    kept!("notices", "hash", "created_at"),
    kept!("record_events", "CONCAT(id, ':', mac)", "id"),
    kept!("withdrawals", "CONCAT(id, ':', mac)", "id"),
    kept!("anchoring_jobs", "id", "id"),
    kept!("anchoring_transactions", "mac", "created_at"),
    kept!("outbox", "id", "created_at"),
    kept!("erasures", "id", "asked_at"),
    kept!("access_copies", "id", "asked_at"),
    kept!("wallet_changes", "id", "asked_at"),
    kept!("restriction_steps", "id", "at"),
    kept!("incidents", "id", "id"),
    kept!("incident_findings", "id", "id"),
    kept!("incident_events", "CONCAT(id, ':', mac)", "id"),
    kept!("incident_evidence", "CONCAT(id, ':', mac)", "id"),
    kept!("schema_baselines", "migrations", "seen_at"),
    kept!("access_log", "CONCAT(id, ':', mac)", "id"),
];

/// What a table held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RowCount {
    /// Of the rows up to this number, or this time.
    pub until: u64,
    /// How many.
    pub counted: u64,
    /// A hash of each, added without carry.
    pub digest: u64,
}

impl RowCount {
    fn mac(&self, table: &str, keys: &ApplicationKeys) -> MacBuilder {
        keys.mac(TABLE)
            .text(table)
            .u64(self.until)
            .u64(self.counted)
            .u64(self.digest)
    }

    fn read(row: &MySqlRow, table: &str, keys: &ApplicationKeys) -> Result<Self, RowError> {
        let columns = Columns::of(TABLE, row);
        let count = Self {
            until: columns.get("until")?,
            counted: columns.get("counted")?,
            digest: columns.get("digest")?,
        };
        columns.check(table, count.mac(table, keys))?;
        Ok(count)
    }

    /// Whether rows that were there when this was counted are gone from a later count of the same rows. More than were
    /// there is no loss by itself: they were written late, or planted. A planted row is told by its MAC, a copy of ours by
    /// [`has_copies`].
    #[must_use]
    pub fn has_lost_rows(&self, now: &Self) -> bool {
        now.counted < self.counted || (now.counted == self.counted && now.digest != self.digest)
    }
}

/// Counts the rows of a table up to a number or a time.
pub async fn count(
    connection: &mut MySqlConnection,
    kept: &Kept,
    until: u64,
) -> Result<RowCount, RowError> {
    let row = sqlx::query(kept.query)
        .bind(until)
        .fetch_one(connection)
        .await?;
    let columns = Columns::of(TABLE, &row);
    let reached = columns.get("reached")?;
    Ok(RowCount {
        until: if kept.is_numbered { reached } else { until },
        counted: columns.get("counted")?,
        digest: columns.get("digest")?,
    })
}

/// Whether a row stands twice. What says the same in the same millisecond is one thing; a copy with another number stands in the
/// place of a row that is gone, or keeps the count.
pub async fn has_copies(connection: &mut MySqlConnection, kept: &Kept) -> Result<bool, RowError> {
    let Some(query) = kept.copies else {
        return Ok(false);
    };
    Ok(sqlx::query_scalar(query).fetch_one(connection).await?)
}

/// The hashes of the rows above a number or a time.
pub async fn newer(
    connection: &mut MySqlConnection,
    kept: &Kept,
    than: u64,
) -> Result<BTreeSet<u64>, RowError> {
    sqlx::query(kept.newer)
        .bind(than)
        .fetch_all(connection)
        .await?
        .iter()
        .map(|row| Columns::of(TABLE, row).get("digest"))
        .collect()
}

/// What was kept of a table.
pub async fn load(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
    kept: &Kept,
) -> Result<Option<RowCount>, RowError> {
    sqlx::query("SELECT * FROM row_counts WHERE name = ?")
        .bind(kept.table)
        .fetch_optional(connection)
        .await?
        .map(|row| RowCount::read(&row, kept.table, keys))
        .transpose()
}

/// Keeps a count in the place of the one before.
pub async fn store(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
    kept: &Kept,
    count: &RowCount,
) -> Result<(), RowError> {
    let mac = count.mac(kept.table, keys).finish();
    let mut query = sqlx::query(
        "INSERT INTO row_counts (name, until, counted, digest, mac) VALUES (?, ?, ?, ?, ?)
         ON DUPLICATE KEY UPDATE until = ?, counted = ?, digest = ?, mac = ?",
    )
    .bind(kept.table);
    for _ in 0..2 {
        query = query
            .bind(count.until)
            .bind(count.counted)
            .bind(count.digest)
            .bind(&mac);
    }
    query.execute(connection).await?;
    Ok(())
}

/// Of a history whose record has no row, though it was never anchored: what was anchored is missed by its UID.
macro_rules! gone {
    ($further:literal) => {
        concat!(
            "SELECT DISTINCT e.record_id
             FROM record_events e
             LEFT JOIN records r ON r.id = e.record_id
             LEFT JOIN anchoring_jobs j ON j.record_id = e.record_id AND j.state = 'anchored'
             WHERE r.id IS NULL AND j.id IS NULL ",
            $further
        )
    };
}

/// The records that are gone before they were anchored.
pub async fn records_gone(connection: &mut MySqlConnection) -> Result<Vec<RecordId>, RowError> {
    const MOST: u32 = 1000;
    sqlx::query(gone!("LIMIT ?"))
        .bind(MOST)
        .fetch_all(connection)
        .await?
        .iter()
        .map(|row| Columns::of("record_events", row).get("record_id"))
        .collect()
}

/// Whether this record is one of them. A planted row has no history, and is none.
pub async fn is_record_gone(
    connection: &mut MySqlConnection,
    record: RecordId,
) -> Result<bool, RowError> {
    let row = sqlx::query(gone!("AND e.record_id = ?"))
        .bind(record.as_bytes().as_slice())
        .fetch_optional(connection)
        .await?;
    Ok(row.is_some())
}

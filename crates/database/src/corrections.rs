//! Wishes of owners to have details corrected, before they sign and after. The note is a cell: it opens only with its owner's key.

use std::ops::RangeInclusive;

use record::ids::{CorrectionId, Draft, RecordId, Version};
use record::time::UnixMillis;
use sqlx::mysql::{MySqlConnection, MySqlRow};

use crate::column::Columns;
use crate::error::RowError;

const TABLE: &str = "corrections";

/// One wish.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Correction {
    /// Its id.
    pub id: CorrectionId,
    /// The record.
    pub record_id: RecordId,
    /// The version it is about.
    pub version: Version,
    /// The draft it is about.
    pub draft: Draft,
    /// Cell of the note.
    pub note: Vec<u8>,
    /// Cell of what staff answered, where they did not correct it.
    pub answer: Option<Vec<u8>>,
    /// When it was asked for.
    pub asked_at: UnixMillis,
    /// When staff edited the record.
    pub resolved_at: Option<UnixMillis>,
}

impl Correction {
    fn read(row: &MySqlRow) -> Result<Self, RowError> {
        let columns = Columns::of(TABLE, row);
        Ok(Self {
            id: columns.get("id")?,
            record_id: columns.get("record_id")?,
            version: columns.get("version")?,
            draft: columns.get("draft")?,
            note: columns.get("note")?,
            answer: columns.get("answer")?,
            asked_at: columns.get("asked_at")?,
            resolved_at: columns.get("resolved_at")?,
        })
    }
}

/// Stores a wish.
pub async fn insert(
    connection: &mut MySqlConnection,
    correction: &Correction,
) -> Result<(), RowError> {
    sqlx::query(
        "INSERT INTO corrections (id, record_id, version, draft, note, answer, asked_at, resolved_at)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(correction.id.as_bytes().as_slice())
    .bind(correction.record_id.as_bytes().as_slice())
    .bind(correction.version.get())
    .bind(correction.draft.get())
    .bind(&correction.note)
    .bind(correction.answer.as_deref())
    .bind(correction.asked_at.0)
    .bind(correction.resolved_at.map(|at| at.0))
    .execute(connection)
    .await
    .map_err(|error| RowError::of_insert(TABLE, error))?;
    Ok(())
}

/// All wishes about a record, newest first.
pub async fn of_record(
    connection: &mut MySqlConnection,
    record: RecordId,
) -> Result<Vec<Correction>, RowError> {
    sqlx::query("SELECT * FROM corrections WHERE record_id = ? ORDER BY asked_at DESC, id DESC")
        .bind(record.as_bytes().as_slice())
        .fetch_all(connection)
        .await?
        .iter()
        .map(Correction::read)
        .collect()
}

/// Keeps what staff answered to a wish.
/// [`RowError::Changed`] when it is gone.
pub async fn answer(
    connection: &mut MySqlConnection,
    id: CorrectionId,
    answer: &[u8],
) -> Result<(), RowError> {
    let done = sqlx::query("UPDATE corrections SET answer = ? WHERE id = ?")
        .bind(answer)
        .bind(id.as_bytes().as_slice())
        .execute(connection)
        .await?;
    match done.rows_affected() {
        0 => Err(RowError::changed(TABLE, id)),
        _ => Ok(()),
    }
}

/// Puts the same words, sealed anew, in the place of what was read.
/// [`RowError::Changed`] when they are others by now.
pub(crate) async fn replace_cells(
    connection: &mut MySqlConnection,
    before: &Correction,
    after: &Correction,
) -> Result<(), RowError> {
    let done = sqlx::query(
        "UPDATE corrections SET note = ?, answer = ? WHERE id = ? AND note = ? AND answer <=> ?",
    )
    .bind(&after.note)
    .bind(after.answer.as_deref())
    .bind(before.id.as_bytes().as_slice())
    .bind(&before.note)
    .bind(before.answer.as_deref())
    .execute(connection)
    .await?;
    match done.rows_affected() {
        0 => Err(RowError::changed(TABLE, before.id)),
        _ => Ok(()),
    }
}

/// Marks the open wishes about these versions of a record as done; tells how many.
pub async fn resolve(
    connection: &mut MySqlConnection,
    record: RecordId,
    versions: RangeInclusive<Version>,
    now: UnixMillis,
) -> Result<u64, RowError> {
    let done = sqlx::query(
        "UPDATE corrections SET resolved_at = ? WHERE record_id = ? AND version BETWEEN ? AND ? AND resolved_at IS NULL",
    )
    .bind(now.0)
    .bind(record.as_bytes().as_slice())
    .bind(versions.start().get())
    .bind(versions.end().get())
    .execute(connection)
    .await?;
    Ok(done.rows_affected())
}

/// Destroys all wishes about a record, when its values are destroyed; tells how many.
pub async fn destroy(connection: &mut MySqlConnection, record: RecordId) -> Result<u64, RowError> {
    let done = sqlx::query("DELETE FROM corrections WHERE record_id = ?")
        .bind(record.as_bytes().as_slice())
        .execute(connection)
        .await?;
    Ok(done.rows_affected())
}

/// Destroys the wishes about one version of a record, when that is given up; tells how many.
pub async fn destroy_of(
    connection: &mut MySqlConnection,
    record: RecordId,
    version: Version,
) -> Result<u64, RowError> {
    let done = sqlx::query("DELETE FROM corrections WHERE record_id = ? AND version = ?")
        .bind(record.as_bytes().as_slice())
        .bind(version.get())
        .execute(connection)
        .await?;
    Ok(done.rows_affected())
}

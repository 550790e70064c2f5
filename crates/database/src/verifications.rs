//! Verdicts on subjects that are not valid, and those that a button or the watch gave; of all other UIDs the parts of the
//! sweep's rounds tell ([`crate::records_view::standing`]). MAC under the application key.

pub mod counts;
mod kind;
mod subject;

use std::time::Duration;

use alloy_primitives::B256;
use keyring::{ApplicationKeys, MacBuilder};
use record::ids::{RecordId, Uid};
use record::time::UnixMillis;
use sqlx::mysql::{MySqlConnection, MySqlRow};
use sqlx::{Connection, MySql, QueryBuilder, Row};

use crate::column::Columns;
use crate::error::{Checked, RowError};

pub use counts::VerdictCounts;
pub use kind::{Source, VerdictKind};
pub use subject::Subject;

const TABLE: &str = "verifications";

/// The newest verdict on one subject.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verification {
    /// What it is about.
    pub subject: Subject,
    /// The UID, when the chain knows it.
    pub uid: Option<Uid>,
    /// The record, when there is or was a row.
    pub record_id: Option<RecordId>,
    /// The outcome.
    pub verdict: VerdictKind,
    /// The fields at fault, where they can be told.
    pub fields: Vec<String>,
    /// The word on the chain.
    pub proof_expected: Option<B256>,
    /// What the row gives.
    pub proof_found: Option<B256>,
    /// Which way led to it.
    pub source: Source,
    /// The sweep round, when it was a sweep.
    pub round_id: Option<u64>,
    /// When.
    pub checked_at: UnixMillis,
}

impl Verification {
    pub(crate) fn read(row: &MySqlRow, keys: &ApplicationKeys) -> Result<Self, RowError> {
        let columns = Columns::of(TABLE, row);
        let verification = Self {
            subject: columns.get("subject")?,
            uid: columns.get("uid")?,
            record_id: columns.get("record_id")?,
            verdict: columns.get("verdict")?,
            fields: split_fields(&columns.get::<String>("fields")?),
            proof_expected: columns.get("proof_expected")?,
            proof_found: columns.get("proof_found")?,
            source: columns.get("source")?,
            round_id: columns.get("round_id")?,
            checked_at: columns.get("checked_at")?,
        };
        columns.check(verification.subject, verification.mac(keys))?;
        Ok(verification)
    }

    fn mac(&self, keys: &ApplicationKeys) -> MacBuilder {
        keys.mac(TABLE)
            .bytes(self.subject.as_bytes())
            .opt_u64(self.uid.map(Uid::get))
            .opt_bytes(self.record_id.as_ref().map(|id| id.as_bytes().as_slice()))
            .text(self.verdict.as_str())
            .text(&join_fields(&self.fields))
            .opt_bytes(self.proof_expected.as_ref().map(|hash| hash.as_slice()))
            .opt_bytes(self.proof_found.as_ref().map(|hash| hash.as_slice()))
            .text(self.source.as_str())
            .opt_u64(self.round_id)
            .u64(self.checked_at.0)
    }
}

/// Field names stand in one column, parted by commas, which no name holds.
pub(crate) fn join_fields(fields: &[String]) -> String {
    fields.join(",")
}

pub(crate) fn split_fields(joined: &str) -> Vec<String> {
    joined
        .split(',')
        .filter(|name| !name.is_empty())
        .map(str::to_owned)
        .collect()
}

/// Writes the newest verdict on a subject over the one before. A verdict on a UID also ends the one that its row had
/// before the chain knew it.
pub async fn upsert(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
    verification: &Verification,
) -> Result<(), RowError> {
    upsert_all(connection, keys, std::slice::from_ref(verification)).await
}

/// [`upsert`] of a page, in few statements.
pub async fn upsert_all(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
    verifications: &[Verification],
) -> Result<(), RowError> {
    if verifications.is_empty() {
        return Ok(());
    }
    let mut transaction = connection.begin().await?;
    // No other table points here: to replace a row is to write over it.
    let mut query = QueryBuilder::<MySql>::new(
        "REPLACE INTO verifications (subject, uid, record_id, verdict, fields, proof_expected, proof_found, source,
                                     round_id, checked_at, mac) ",
    );
    query.push_values(verifications, |mut row, one| {
        row.push_bind(one.subject.as_bytes().as_slice())
            .push_bind(one.uid.map(Uid::get))
            .push_bind(one.record_id.as_ref().map(|id| id.as_bytes().as_slice()))
            .push_bind(one.verdict.as_str())
            .push_bind(join_fields(&one.fields))
            .push_bind(one.proof_expected.as_ref().map(|hash| hash.as_slice()))
            .push_bind(one.proof_found.as_ref().map(|hash| hash.as_slice()))
            .push_bind(one.source.as_str())
            .push_bind(one.round_id)
            .push_bind(one.checked_at.0)
            .push_bind(one.mac(keys).finish());
    });
    query.build().execute(&mut *transaction).await?;
    let known_by_uid = verifications.iter().filter(|one| one.uid.is_some());
    let rows: Vec<Subject> = known_by_uid
        .filter_map(|one| one.record_id.map(Subject::row))
        .collect();
    remove_all(&mut transaction, &rows).await?;
    transaction.commit().await?;
    Ok(())
}

/// The newest verdicts on some subjects, locked until the caller's transaction ends. One that is not ours is left out: it
/// is to be written over.
pub async fn lock_all(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
    subjects: &[Subject],
) -> Result<Vec<Verification>, RowError> {
    if subjects.is_empty() {
        return Ok(Vec::new());
    }
    let mut query = QueryBuilder::<MySql>::new("SELECT * FROM verifications WHERE ");
    push_subjects(&mut query, subjects);
    query.push(" ORDER BY subject FOR UPDATE");
    let rows = query.build().fetch_all(connection).await?;
    Ok(Checked::sort(rows.iter().map(|row| Verification::read(row, keys)))?.rows)
}

async fn remove_all(
    connection: &mut MySqlConnection,
    subjects: &[Subject],
) -> Result<(), RowError> {
    if subjects.is_empty() {
        return Ok(());
    }
    let mut query = QueryBuilder::<MySql>::new("DELETE FROM verifications WHERE ");
    push_subjects(&mut query, subjects);
    query.build().execute(connection).await?;
    Ok(())
}

fn push_subjects(query: &mut QueryBuilder<MySql>, subjects: &[Subject]) {
    query.push("subject IN (");
    let mut list = query.separated(", ");
    for subject in subjects {
        list.push_bind(subject.as_bytes().as_slice());
    }
    query.push(")");
}

/// The newest verdict on a subject.
/// [`RowError::Mac`] for a planted verdict: verify anew and write over it.
pub async fn load(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
    subject: Subject,
) -> Result<Option<Verification>, RowError> {
    sqlx::query("SELECT * FROM verifications WHERE subject = ?")
        .bind(subject.as_bytes().as_slice())
        .fetch_optional(connection)
        .await?
        .map(|row| Verification::read(&row, keys))
        .transpose()
}

/// Forgets the verdict on a subject that is no more (a planted row that was taken out, say).
pub async fn remove(connection: &mut MySqlConnection, subject: Subject) -> Result<(), RowError> {
    sqlx::query("DELETE FROM verifications WHERE subject = ?")
        .bind(subject.as_bytes().as_slice())
        .execute(connection)
        .await?;
    Ok(())
}

/// Forgets verdicts on these UIDs, first and last, that say no more than the part which was begun at the first of these times
/// and ends now: those from before and from times to come, which nobody of ours wrote, and those that say valid of what is
/// none of its exceptions.
pub(crate) async fn remove_told(
    connection: &mut MySqlConnection,
    (first, last): (Uid, Uid),
    (begun_at, now): (UnixMillis, UnixMillis),
    exceptions: &[Uid],
) -> Result<(), RowError> {
    let mut query = QueryBuilder::<MySql>::new("DELETE FROM verifications WHERE uid BETWEEN ");
    query.push_bind(first.get());
    query.push(" AND ").push_bind(last.get());
    query.push(" AND (checked_at < ").push_bind(begun_at.0);
    query.push(" OR checked_at > ");
    query.push_bind(latest_of_ours(now).0);
    query.push(" OR (verdict = 'valid'");
    if !exceptions.is_empty() {
        query.push(" AND uid NOT IN (");
        let mut list = query.separated(", ");
        for uid in exceptions {
            list.push_bind(uid.get());
        }
        query.push(")");
    }
    query.push("))");
    query.build().execute(connection).await?;
    Ok(())
}

/// Forgets verdicts on UIDs above the last one given: somebody else wrote them.
pub async fn remove_above(
    connection: &mut MySqlConnection,
    last_uid: u64,
) -> Result<u64, RowError> {
    let done = sqlx::query("DELETE FROM verifications WHERE uid = 0 OR uid > ?")
        .bind(last_uid)
        .execute(connection)
        .await?;
    Ok(done.rows_affected())
}

/// Another process of ours may be a little ahead.
pub(crate) fn latest_of_ours(now: UnixMillis) -> UnixMillis {
    now.plus(Duration::from_secs(3600))
}

/// Of these UIDs, those that a verdict stands on.
pub async fn on_file(
    connection: &mut MySqlConnection,
    first: Uid,
    last: Uid,
) -> Result<Vec<Uid>, RowError> {
    let uids: Vec<u64> =
        sqlx::query_scalar("SELECT uid FROM verifications WHERE uid BETWEEN ? AND ?")
            .bind(first.get())
            .bind(last.get())
            .fetch_all(connection)
            .await?;
    Ok(uids.into_iter().filter_map(Uid::new).collect())
}

/// Those of these subjects that a verdict stands on.
pub async fn on_file_of(
    connection: &mut MySqlConnection,
    subjects: &[Subject],
) -> Result<Vec<Subject>, RowError> {
    if subjects.is_empty() {
        return Ok(Vec::new());
    }
    let mut query = QueryBuilder::<MySql>::new("SELECT subject FROM verifications WHERE ");
    push_subjects(&mut query, subjects);
    let rows = query.build().fetch_all(connection).await?;
    rows.iter()
        .map(|row| Columns::of(TABLE, row).get("subject"))
        .collect()
}

/// Verdicts on rows that the chain does not know, whose row is gone meanwhile. They have nothing to be about any more.
pub async fn without_subject(
    connection: &mut MySqlConnection,
    limit: u32,
) -> Result<Vec<Subject>, RowError> {
    sqlx::query(
        "SELECT v.subject FROM verifications v LEFT JOIN records r ON r.id = v.record_id
         WHERE v.uid IS NULL AND r.id IS NULL ORDER BY v.subject LIMIT ?",
    )
    .bind(limit)
    .fetch_all(connection)
    .await?
    .iter()
    .map(|row| Columns::of(TABLE, row).get("subject"))
    .collect()
}

/// The lowest subject of a row that the chain does not know: UIDs begin with eight zero bytes. Where a query says it, an
/// index by subject leads straight to them.
pub(crate) const FIRST_ROW: [u8; 16] = [0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0];

/// How many rows that the chain does not know have each verdict, as the column says.
pub(crate) async fn counts_unknown(
    connection: &mut MySqlConnection,
) -> Result<VerdictCounts, RowError> {
    // By this index alone: no row is read.
    let mut query = QueryBuilder::<MySql>::new(
        "SELECT verdict, COUNT(*) AS count FROM verifications FORCE INDEX (verifications_verdict) WHERE subject >= ",
    );
    query.push_bind(FIRST_ROW.as_slice());
    query.push(" AND verdict IN (");
    let mut list = query.separated(", ");
    for verdict in VerdictKind::ALL {
        list.push_bind(verdict.as_str());
    }
    query.push(") GROUP BY verdict");
    let rows = query.build().fetch_all(connection).await?;
    let mut counts = VerdictCounts::new();
    for row in &rows {
        let count: i64 = row.try_get("count")?;
        if let Ok(verdict) = Columns::of(TABLE, row).get::<VerdictKind>("verdict") {
            counts.insert(verdict, count.unsigned_abs());
        }
    }
    Ok(counts)
}

//! Records at fault within an incident, with the sealed row as it was found. MAC under the application key.

use alloy_primitives::B256;
use keyring::{ApplicationKeys, MacBuilder, SealedError};
use rand::CryptoRng;
use record::ids::{RecordId, Uid};
use record::time::UnixMillis;
use sqlx::mysql::{MySqlConnection, MySqlRow};
use sqlx::{Connection, MySql, QueryBuilder};
use zeroize::Zeroizing;

use crate::column::Columns;
use crate::error::{Checked, RowError};
use crate::numbered::{Numbered, Value};
use crate::verifications::{Subject, VerdictKind, join_fields, split_fields};

mod tally;

pub use tally::{Tally, tally};

const TABLE: &str = "incident_findings";
/// Rows as found may be long.
const AT_ONCE: u32 = 50;
/// More findings of one subject are not looked at: there is one for each way in which it is bad.
const MOST_OF_SUBJECT: u32 = 1000;

/// One record at fault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Its number.
    pub id: u64,
    /// The incident that gathers it.
    pub incident_id: u64,
    /// What it is about.
    pub subject: Subject,
    /// The UID, when the chain knows it.
    pub uid: Option<Uid>,
    /// The record, when there is or was a row.
    pub record_id: Option<RecordId>,
    /// What is wrong.
    pub verdict: VerdictKind,
    /// The fields at fault, where they can be told.
    pub fields: Vec<String>,
    /// The word on the chain.
    pub proof_expected: Option<B256>,
    /// What the row gave.
    pub proof_found: Option<B256>,
    /// The sealed row as found, sealed once more: [`seal_found_row`].
    pub found_row: Option<Vec<u8>>,
    /// When.
    pub found_at: UnixMillis,
    /// When a verdict was good again.
    pub resolved_at: Option<UnixMillis>,
}

/// A finding about to be written.
#[derive(Debug, Clone)]
pub struct NewFinding {
    /// The incident that gathers it.
    pub incident_id: u64,
    /// What it is about.
    pub subject: Subject,
    /// The UID, when the chain knows it.
    pub uid: Option<Uid>,
    /// The record, when there is or was a row.
    pub record_id: Option<RecordId>,
    /// What is wrong.
    pub verdict: VerdictKind,
    /// The fields at fault.
    pub fields: Vec<String>,
    /// The word on the chain.
    pub proof_expected: Option<B256>,
    /// What the row gave.
    pub proof_found: Option<B256>,
    /// [`seal_found_row`].
    pub found_row: Option<Vec<u8>>,
}

/// Seals a row as it was found, for the file of the incident.
#[must_use]
pub fn seal_found_row(
    keys: &ApplicationKeys,
    subject: Subject,
    row: &[u8],
    rng: &mut (impl CryptoRng + ?Sized),
) -> Vec<u8> {
    keys.seal("incident_findings.found_row", subject.as_bytes(), row, rng)
}

impl Finding {
    /// The row as it was found (its cells are still sealed).
    pub fn open_found_row(
        &self,
        keys: &ApplicationKeys,
    ) -> Result<Option<Zeroizing<Vec<u8>>>, SealedError> {
        self.found_row
            .as_deref()
            .map(|row| keys.open("incident_findings.found_row", self.subject.as_bytes(), row))
            .transpose()
    }

    pub(crate) fn read(row: &MySqlRow, keys: &ApplicationKeys) -> Result<Self, RowError> {
        let columns = Columns::of(TABLE, row);
        let finding = Self {
            id: columns.get("id")?,
            incident_id: columns.get("incident_id")?,
            subject: columns.get("subject")?,
            uid: columns.get("uid")?,
            record_id: columns.get("record_id")?,
            verdict: columns.get("verdict")?,
            fields: split_fields(&columns.get::<String>("fields")?),
            proof_expected: columns.get("proof_expected")?,
            proof_found: columns.get("proof_found")?,
            found_row: columns.get("found_row")?,
            found_at: columns.get("found_at")?,
            resolved_at: columns.get("resolved_at")?,
        };
        columns.check(finding.id, finding.mac(keys))?;
        Ok(finding)
    }

    fn mac(&self, keys: &ApplicationKeys) -> MacBuilder {
        keys.mac(TABLE)
            .u64(self.id)
            .u64(self.incident_id)
            .bytes(self.subject.as_bytes())
            .opt_u64(self.uid.map(Uid::get))
            .opt_bytes(self.record_id.as_ref().map(|id| id.as_bytes().as_slice()))
            .text(self.verdict.as_str())
            .text(&join_fields(&self.fields))
            .opt_bytes(self.proof_expected.as_ref().map(|hash| hash.as_slice()))
            .opt_bytes(self.proof_found.as_ref().map(|hash| hash.as_slice()))
            .opt_bytes(self.found_row.as_deref())
            .u64(self.found_at.0)
            .opt_u64(self.resolved_at.map(|at| at.0))
    }
}

/// Adds a finding to an incident.
pub async fn insert(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
    new: NewFinding,
    now: UnixMillis,
) -> Result<Finding, RowError> {
    let mut finding = Finding {
        id: 0,
        incident_id: new.incident_id,
        subject: new.subject,
        uid: new.uid,
        record_id: new.record_id,
        verdict: new.verdict,
        fields: new.fields,
        proof_expected: new.proof_expected,
        proof_found: new.proof_found,
        found_row: new.found_row,
        found_at: now,
        resolved_at: None,
    };
    let mut transaction = connection.begin().await?;
    // The MAC covers the id, which is known only once the row stands; nobody sees the row in between.
    let inserted = sqlx::query(
        "INSERT INTO incident_findings (incident_id, subject, uid, record_id, verdict, fields, proof_expected,
                                        proof_found, found_row, found_at, mac)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, '')",
    )
    .bind(finding.incident_id)
    .bind(finding.subject.as_bytes().as_slice())
    .bind(finding.uid.map(Uid::get))
    .bind(finding.record_id.as_ref().map(|id| id.as_bytes().as_slice()))
    .bind(finding.verdict.as_str())
    .bind(join_fields(&finding.fields))
    .bind(finding.proof_expected.as_ref().map(|hash| hash.as_slice()))
    .bind(finding.proof_found.as_ref().map(|hash| hash.as_slice()))
    .bind(finding.found_row.as_deref())
    .bind(finding.found_at.0)
    .execute(&mut *transaction)
    .await?;
    finding.id = inserted.last_insert_id();
    write_end(&mut transaction, keys, &finding).await?;
    transaction.commit().await?;
    Ok(finding)
}

/// The findings of an incident with a number above `after`, in order. Rows that somebody else wrote come beside them, and
/// take no place of theirs.
pub async fn of_incident(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
    incident_id: u64,
    after: u64,
    limit: u32,
) -> Result<Checked<Finding>, RowError> {
    let of_incident = Numbered {
        query: "SELECT * FROM incident_findings WHERE incident_id = ? AND id > ? ORDER BY id LIMIT ?",
        filter: &[Value::Number(incident_id)],
        at_once: AT_ONCE,
    };
    let read = |row: &MySqlRow| Finding::read(row, keys);
    of_incident.read(connection, after, limit, read).await
}

/// The finding with this number.
pub async fn load(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
    id: u64,
) -> Result<Option<Finding>, RowError> {
    sqlx::query("SELECT * FROM incident_findings WHERE id = ?")
        .bind(id)
        .fetch_optional(connection)
        .await?
        .map(|row| Finding::read(&row, keys))
        .transpose()
}

/// The findings about a subject that are not resolved, newest first.
pub async fn unresolved(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
    subject: Subject,
) -> Result<Checked<Finding>, RowError> {
    let unresolved = Numbered {
        query:
            "SELECT * FROM incident_findings WHERE subject = ? AND resolved_at IS NULL AND id < ?
                ORDER BY id DESC LIMIT ?",
        filter: &[Value::Bytes(subject.as_bytes())],
        at_once: AT_ONCE,
    };
    let read = |row: &MySqlRow| Finding::read(row, keys);
    unresolved
        .read(connection, u64::MAX, MOST_OF_SUBJECT, read)
        .await
}

/// The findings about a subject, resolved or not, oldest first.
pub async fn of_subject(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
    subject: Subject,
) -> Result<Checked<Finding>, RowError> {
    let all = Numbered {
        query: "SELECT * FROM incident_findings WHERE subject = ? AND id > ? ORDER BY id LIMIT ?",
        filter: &[Value::Bytes(subject.as_bytes())],
        at_once: AT_ONCE,
    };
    let read = |row: &MySqlRow| Finding::read(row, keys);
    all.read(connection, 0, MOST_OF_SUBJECT, read).await
}

/// Those of these subjects that have findings which are not resolved.
pub async fn unresolved_of(
    connection: &mut MySqlConnection,
    subjects: &[Subject],
) -> Result<Vec<Subject>, RowError> {
    if subjects.is_empty() {
        return Ok(Vec::new());
    }
    let mut query = QueryBuilder::<MySql>::new(
        "SELECT DISTINCT subject FROM incident_findings WHERE resolved_at IS NULL AND subject IN (",
    );
    let mut list = query.separated(", ");
    for subject in subjects {
        list.push_bind(subject.as_bytes().as_slice());
    }
    query.push(")");
    let rows = query.build().fetch_all(connection).await?;
    rows.iter()
        .map(|row| Columns::of(TABLE, row).get("subject"))
        .collect()
}

/// Of these UIDs, those that have findings which are not resolved.
pub async fn unresolved_between(
    connection: &mut MySqlConnection,
    first: Uid,
    last: Uid,
) -> Result<Vec<Uid>, RowError> {
    let (first, last) = (Subject::uid(first), Subject::uid(last));
    let rows = sqlx::query(
        "SELECT DISTINCT subject FROM incident_findings WHERE resolved_at IS NULL AND subject BETWEEN ? AND ?",
    )
    .bind(first.as_bytes().as_slice())
    .bind(last.as_bytes().as_slice())
    .fetch_all(connection)
    .await?;
    let subject = |row: &MySqlRow| Columns::of(TABLE, row).get::<Subject>("subject");
    let subjects = rows.iter().map(subject).collect::<Result<Vec<_>, _>>()?;
    Ok(subjects.iter().filter_map(Subject::as_uid).collect())
}

/// When the newest finding of an incident was made; none when it has none that is ours.
pub async fn newest_at(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
    incident_id: u64,
) -> Result<Option<UnixMillis>, RowError> {
    let newest = Numbered {
        query: "SELECT * FROM incident_findings WHERE incident_id = ? AND id < ? ORDER BY id DESC LIMIT ?",
        filter: &[Value::Number(incident_id)],
        at_once: AT_ONCE,
    };
    let read = |row: &MySqlRow| Finding::read(row, keys);
    let newest = newest.read(connection, u64::MAX, 1, read).await?;
    Ok(newest.rows.first().map(|finding| finding.found_at))
}

/// Whether an incident has a finding that is not resolved. A row of another's among them may have been one.
pub async fn may_be_open(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
    incident_id: u64,
) -> Result<bool, RowError> {
    let open = Numbered {
        query:
            "SELECT * FROM incident_findings WHERE incident_id = ? AND resolved_at IS NULL AND id < ?
                ORDER BY id DESC LIMIT ?",
        filter: &[Value::Number(incident_id)],
        at_once: AT_ONCE,
    };
    let read = |row: &MySqlRow| Finding::read(row, keys);
    let open = open.read(connection, u64::MAX, 1, read).await?;
    Ok(!open.rows.is_empty() || !open.tampered.is_empty())
}

/// Marks the open findings about a subject as resolved and gives them back, newest first.
pub async fn resolve(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
    subject: Subject,
    now: UnixMillis,
) -> Result<Vec<Finding>, RowError> {
    let mut transaction = connection.begin().await?;
    let open = Numbered {
        query:
            "SELECT * FROM incident_findings WHERE subject = ? AND resolved_at IS NULL AND id < ?
                ORDER BY id DESC LIMIT ? FOR UPDATE",
        filter: &[Value::Bytes(subject.as_bytes())],
        at_once: AT_ONCE,
    };
    let read = |row: &MySqlRow| Finding::read(row, keys);
    let open = open.read(&mut transaction, u64::MAX, MOST_OF_SUBJECT, read);
    let mut open = open.await?.rows;
    for finding in &mut open {
        finding.resolved_at = Some(now);
        write_end(&mut transaction, keys, finding).await?;
    }
    transaction.commit().await?;
    Ok(open)
}

/// Only the end of a finding can be written; what was found stays as it was.
async fn write_end(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
    finding: &Finding,
) -> Result<(), RowError> {
    sqlx::query("UPDATE incident_findings SET resolved_at = ?, mac = ? WHERE id = ?")
        .bind(finding.resolved_at.map(|at| at.0))
        .bind(finding.mac(keys).finish())
        .bind(finding.id)
        .execute(connection)
        .await?;
    Ok(())
}

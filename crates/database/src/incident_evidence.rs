//! What the binary log tells of the transactions that touched a record at fault. Only ever added to. Sealed, with a MAC
//! under the application key.

use keyring::{ApplicationKeys, MacBuilder, SealedError};
use rand::CryptoRng;
use record::ids::RecordId;
use record::time::UnixMillis;
use sqlx::Connection;
use sqlx::mysql::{MySqlConnection, MySqlRow};
use zeroize::Zeroizing;

use crate::column::Columns;
use crate::error::{Checked, RowError};
use crate::numbered::{Numbered, Value};
use crate::verifications::Subject;

const TABLE: &str = "incident_evidence";
const SEALED: &str = "incident_evidence.content";

/// One transaction and one record at fault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IncidentEvidence {
    /// Its number.
    pub id: u64,
    /// The incident.
    pub incident_id: u64,
    /// What was found to be at fault.
    pub subject: Subject,
    /// The record whose rows were touched.
    pub record_id: RecordId,
    /// What tells it from every other: a keyed hash of its place in the log.
    pub source_key: [u8; 32],
    /// When, by the server's clock.
    pub happened_at: UnixMillis,
    /// Sealed.
    pub content: Vec<u8>,
}

/// What is about to be kept.
pub struct NewEvidence<'s> {
    /// The incident.
    pub incident_id: u64,
    /// What was found to be at fault.
    pub subject: Subject,
    /// The record whose rows were touched.
    pub record_id: RecordId,
    /// Its place in the log.
    pub source: &'s str,
    /// When, by the server's clock.
    pub happened_at: UnixMillis,
    /// [`seal`]ed.
    pub content: Vec<u8>,
}

/// Seals what the log tells, for the file of the incident.
#[must_use]
pub fn seal(
    keys: &ApplicationKeys,
    incident_id: u64,
    subject: Subject,
    content: &[u8],
    rng: &mut (impl CryptoRng + ?Sized),
) -> Vec<u8> {
    keys.seal(SEALED, &aad(incident_id, subject), content, rng)
}

impl IncidentEvidence {
    /// What it says, in clear.
    pub fn open(&self, keys: &ApplicationKeys) -> Result<Zeroizing<Vec<u8>>, SealedError> {
        keys.open(SEALED, &aad(self.incident_id, self.subject), &self.content)
    }

    pub(crate) fn read(row: &MySqlRow, keys: &ApplicationKeys) -> Result<Self, RowError> {
        let columns = Columns::of(TABLE, row);
        let evidence = Self {
            id: columns.get("id")?,
            incident_id: columns.get("incident_id")?,
            subject: columns.get("subject")?,
            record_id: columns.get("record_id")?,
            source_key: columns.get("source_key")?,
            happened_at: columns.get("happened_at")?,
            content: columns.get("content")?,
        };
        columns.check(evidence.id, evidence.mac(keys))?;
        Ok(evidence)
    }

    fn mac(&self, keys: &ApplicationKeys) -> MacBuilder {
        keys.mac(TABLE)
            .u64(self.id)
            .u64(self.incident_id)
            .bytes(self.subject.as_bytes())
            .bytes(self.record_id.as_bytes())
            .bytes(&self.source_key)
            .u64(self.happened_at.0)
            .bytes(&self.content)
    }
}

fn aad(incident_id: u64, subject: Subject) -> Vec<u8> {
    [&incident_id.to_be_bytes()[..], subject.as_bytes()].concat()
}

/// Keeps it with the incident; false when it is kept already.
pub async fn insert(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
    new: NewEvidence<'_>,
) -> Result<bool, RowError> {
    let mut evidence = IncidentEvidence {
        id: 0,
        incident_id: new.incident_id,
        subject: new.subject,
        record_id: new.record_id,
        source_key: keys
            .index()
            .blind("incident_evidence.source_key", new.source.as_bytes()),
        happened_at: new.happened_at,
        content: new.content,
    };
    let mut transaction = connection.begin().await?;
    // The MAC covers the id, which is known only once the row stands; nobody sees the row in between.
    let inserted = sqlx::query(
        "INSERT INTO incident_evidence (incident_id, subject, record_id, source_key, happened_at, content, mac)
         VALUES (?, ?, ?, ?, ?, ?, '')",
    )
    .bind(evidence.incident_id)
    .bind(evidence.subject.as_bytes().as_slice())
    .bind(evidence.record_id.as_bytes().as_slice())
    .bind(evidence.source_key.as_slice())
    .bind(evidence.happened_at.0)
    .bind(&evidence.content)
    .execute(&mut *transaction)
    .await
    .map_err(|error| RowError::of_insert(TABLE, error));
    match inserted {
        Ok(inserted) => evidence.id = inserted.last_insert_id(),
        Err(error) if error.is_duplicate_of("incident_evidence_source") => {
            transaction.rollback().await?;
            return Ok(false);
        }
        Err(error) => return Err(error),
    }
    sqlx::query("UPDATE incident_evidence SET mac = ? WHERE id = ?")
        .bind(evidence.mac(keys).finish())
        .bind(evidence.id)
        .execute(&mut *transaction)
        .await?;
    transaction.commit().await?;
    Ok(true)
}

/// How much is kept with an incident.
pub async fn count(connection: &mut MySqlConnection, incident_id: u64) -> Result<u64, RowError> {
    let count: i64 =
        sqlx::query_scalar("SELECT COUNT(*) FROM incident_evidence WHERE incident_id = ?")
            .bind(incident_id)
            .fetch_one(connection)
            .await?;
    Ok(count.unsigned_abs())
}

/// The first so many pieces of an incident, in the order of the log.
pub async fn of_incident(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
    incident_id: u64,
    limit: u32,
) -> Result<Checked<IncidentEvidence>, RowError> {
    let of_incident = Numbered {
        query: "SELECT * FROM incident_evidence WHERE incident_id = ? AND id > ? ORDER BY id LIMIT ?",
        filter: &[Value::Number(incident_id)],
        at_once: 20,
    };
    let read = |row: &MySqlRow| IncidentEvidence::read(row, keys);
    of_incident.read(connection, 0, limit, read).await
}

/// What is kept about a record, newest first.
pub async fn of_record(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
    record: RecordId,
    limit: u32,
) -> Result<Checked<IncidentEvidence>, RowError> {
    let rows =
        sqlx::query("SELECT * FROM incident_evidence WHERE record_id = ? ORDER BY id DESC LIMIT ?")
            .bind(record.as_bytes().as_slice())
            .bind(limit)
            .fetch_all(connection)
            .await?;
    Checked::sort(rows.iter().map(|row| IncidentEvidence::read(row, keys)))
}

/// The records whose rows were touched when this subject was found to be at fault.
pub async fn records_of(
    connection: &mut MySqlConnection,
    subject: Subject,
) -> Result<Vec<RecordId>, RowError> {
    let rows = sqlx::query("SELECT DISTINCT record_id FROM incident_evidence WHERE subject = ?")
        .bind(subject.as_bytes().as_slice())
        .fetch_all(connection)
        .await?;
    let ids = rows
        .iter()
        .map(|row| Columns::of(TABLE, row).get("record_id"));
    ids.collect()
}

/// One piece.
pub async fn load(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
    id: u64,
) -> Result<Option<IncidentEvidence>, RowError> {
    sqlx::query("SELECT * FROM incident_evidence WHERE id = ?")
        .bind(id)
        .fetch_optional(connection)
        .await?
        .map(|row| IncidentEvidence::read(&row, keys))
        .transpose()
}

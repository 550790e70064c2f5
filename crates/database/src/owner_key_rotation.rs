//! Giving an owner another key (docs/KEY_ROTATION.md): what stands in the tables under the one before, what has to end first, and the
//! copies of it. The order of the steps across the databases is the caller's.

mod copies;
mod rows;

use keyring::ApplicationKeys;
use record::ids::{RecordId, Uid};
use sqlx::mysql::MySqlConnection;

use crate::anchoring_jobs::{self, JobState};
use crate::column::Columns;
use crate::erasures::{self, ErasureState};
use crate::error::{RowError, Tampered};
use crate::records::{Record, RecordState};
use crate::verifications::Subject;
use crate::{access_copies, consent_links, incident_findings};

pub use copies::Copies;
pub use rows::{KeysAtHand, OwnersRows};

/// So many records are named at once.
const AT_ONCE: u32 = 200;

/// Why an owner has to wait for another key. It ends by itself, or by what people do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Waiting {
    /// Its newest version is not anchored yet: it is signed, corrected, or approved.
    UnderWay,
    /// It is being erased: its key goes soon.
    Erasing,
    /// A link to it, open or to fetch what was signed, holds the key under a secret that is in a mailbox only.
    Link,
    /// So does a copy of everything that was made for its owner.
    Copy,
    /// An incident about it is not over.
    Incident,
}

/// What stands in the way and is not ours: nothing is sealed anew before it is put right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// The head of the record is gone or not ours.
    Head,
    /// The key is gone or does not open.
    Key,
    /// A row of this table is not ours, does not open, or is missing.
    Row(&'static str),
}

/// About how many records there are to walk through.
///
/// # Errors
/// When the database can't be reached.
pub async fn count(connection: &mut MySqlConnection) -> Result<u64, RowError> {
    let count: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM records")
        .fetch_one(connection)
        .await?;
    Ok(count.unsigned_abs())
}

/// The next records in the order of their ids, those of which only a key is left among them.
///
/// # Errors
/// When the database can't be reached.
pub async fn page(
    connection: &mut MySqlConnection,
    after: Option<RecordId>,
) -> Result<Vec<RecordId>, RowError> {
    let after = after.map_or_else(Vec::new, |id| id.as_bytes().to_vec());
    sqlx::query(
        "(SELECT id FROM records WHERE id > ? ORDER BY id LIMIT ?)
         UNION (SELECT record_id AS id FROM owner_keys WHERE record_id > ? ORDER BY record_id LIMIT ?)
         ORDER BY id LIMIT ?",
    )
    .bind(&after)
    .bind(AT_ONCE)
    .bind(&after)
    .bind(AT_ONCE)
    .bind(AT_ONCE)
    .fetch_all(connection)
    .await?
    .iter()
    .map(|row| Columns::of("records", row).get("id"))
    .collect()
}

/// The record that claims this UID.
///
/// # Errors
/// When the database can't be reached.
pub async fn of_uid(
    connection: &mut MySqlConnection,
    uid: Uid,
) -> Result<Option<RecordId>, RowError> {
    sqlx::query("SELECT id FROM records WHERE uid = ?")
        .bind(uid.get())
        .fetch_optional(connection)
        .await?
        .map(|row| Columns::of("records", &row).get("id"))
        .transpose()
}

/// What a record has to wait for, whose head the caller has locked: nobody begins anything of it meanwhile.
///
/// # Errors
/// When the database can't be reached.
pub async fn waits_for(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
    record: &Record,
) -> Result<Result<Option<Waiting>, Fault>, RowError> {
    let Some(uid) = record.uid.filter(|_| record.state == RecordState::Anchored) else {
        let is_erasing = record.state == RecordState::Erasing;
        return Ok(Ok(Some(match is_erasing {
            true => Waiting::Erasing,
            false => Waiting::UnderWay,
        })));
    };
    let (front, id) = (keys.front(), record.id);
    // By its request as well: a head that came back with a dump knows nothing of it.
    let erasures = erasures::of_record(connection, keys, id).await?;
    let is_decided = |state| matches!(state, ErasureState::Granted | ErasureState::Destroyed);
    if erasures.rows.iter().any(|one| is_decided(one.state)) {
        return Ok(Ok(Some(Waiting::Erasing)));
    }
    let subjects = [Subject::uid(uid), Subject::row(id)];
    if !incident_findings::unresolved_of(connection, &subjects)
        .await?
        .is_empty()
    {
        return Ok(Ok(Some(Waiting::Incident)));
    }
    let jobs = anchoring_jobs::of_record(connection, keys, id).await?;
    let links = consent_links::of_record(connection, &front, id).await?;
    let copies = access_copies::of_record(connection, &front, id).await?;
    let tampered = [
        erasures.tampered,
        jobs.tampered,
        links.tampered,
        copies.tampered,
    ]
    .concat();
    if let Some(Tampered { table, .. }) = tampered.first() {
        return Ok(Err(Fault::Row(table)));
    }
    let is_over = |state| matches!(state, JobState::Anchored | JobState::Rejected);
    Ok(Ok(if jobs.rows.iter().any(|job| !is_over(job.state)) {
        Some(Waiting::UnderWay)
    } else if links.rows.iter().any(|link| !link.wrapped_key.is_empty()) {
        Some(Waiting::Link)
    } else if copies.rows.iter().any(|copy| !copy.wrapped_key.is_empty()) {
        Some(Waiting::Copy)
    } else {
        None
    }))
}

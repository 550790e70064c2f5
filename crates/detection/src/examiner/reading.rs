//! What is read beside the rows themselves: jobs, and who else was signed with the same message.

use std::collections::BTreeMap;

use database::anchoring_jobs::{self, AnchoringJob, JobState};
use database::evidence::{self, Evidence};
use database::{MySqlConnection, consents, records};
use keyring::ApplicationKeys;
use record::ids::{RecordId, Uid};

use crate::obstacle::Hindrance;
use crate::verdict::Job;

pub(super) async fn in_flight(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
) -> Result<BTreeMap<RecordId, AnchoringJob>, Hindrance> {
    let jobs = anchoring_jobs::in_flight(connection, keys).await?;
    Ok(jobs
        .rows
        .into_iter()
        .filter(|job| job.version.is_some())
        .map(|job| (job.record_id, job))
        .collect())
}

/// The jobs of a record, as they stand to who reads the chain up to this block.
pub(super) async fn jobs(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
    id: RecordId,
    final_block: u64,
) -> Result<Vec<Job>, Hindrance> {
    let jobs = anchoring_jobs::of_record(connection, keys, id).await?.rows;
    let seen = |job| Job::seen_from(job, final_block);
    Ok(jobs.iter().filter_map(seen).collect())
}

/// The records whose jobs say, with our MAC, that they were anchored under this UID.
pub(super) async fn anchored(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
    uid: Uid,
) -> Result<Vec<RecordId>, Hindrance> {
    let jobs = anchoring_jobs::by_uid(connection, keys, uid).await?;
    let anchoring = jobs.rows.iter().filter(|job| job.version.is_some());
    Ok(anchoring.map(|job| job.record_id).collect())
}

/// The row of the job that was given this UID, where none claims it: on its way, or robbed of its UID.
pub(super) async fn planned_row(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
    uid: Uid,
) -> Result<Option<Evidence>, Hindrance> {
    let jobs = anchoring_jobs::by_uid(connection, keys, uid).await?.rows;
    let of_this_uid = |job: &AnchoringJob| {
        let is_in_flight = Job::seen_from(job, u64::MAX).is_some_and(|job| job.is_in_flight());
        job.state == JobState::Anchored || is_in_flight
    };
    let Some(job) = jobs.into_iter().find(of_this_uid) else {
        return Ok(None);
    };
    // A row that claims another UID is not this one's.
    let row = evidence::by_record(connection, job.record_id).await?;
    let row = row.filter(|row| row.claimed_uid.is_none());
    if row.is_none()
        && records::load(connection, &keys.front(), job.record_id)
            .await
            .is_err()
    {
        tracing::error!(uid = uid.get(), "the row of a job was tampered with");
    }
    Ok(row)
}

/// The nonces under which a row's consents are filed.
pub(super) fn nonces(row: &Evidence) -> impl Iterator<Item = [u8; 32]> {
    let consents = row
        .versions
        .iter()
        .filter_map(|version| version.consent.as_ref());
    consents.map(|consent| consent.nonce_index)
}

/// The lowest UID below this one whose record is filed under the same nonce. The table allows one row for each; a schema
/// that was changed does not get past this.
pub(super) async fn nonce_also_at(
    connection: &mut MySqlConnection,
    uid: Uid,
    row: &Evidence,
) -> Result<Option<Uid>, Hindrance> {
    let mut lowest: Option<Uid> = None;
    for nonce in nonces(row) {
        for other in consents::with_nonce(connection, &nonce).await? {
            if other == row.record_id {
                continue;
            }
            let holder = evidence::by_record(connection, other).await?;
            let held = holder
                .and_then(|holder| holder.claimed_uid)
                .and_then(Uid::new);
            let held = held.filter(|held| *held < lowest.unwrap_or(uid));
            lowest = held.or(lowest);
        }
    }
    Ok(lowest)
}

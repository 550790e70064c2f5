//! Approval: the record moves on, and its job is written with it.

use database::{
    MySqlConnection, RowError,
    anchoring_jobs::{self, AnchoringJob, JobState},
    record_events::{self, Actor, RecordEventKind},
    records::{self, RecordState},
};
use keyring::ApplicationKeys;
use record::{
    ids::{RecordId, StaffId},
    time::UnixMillis,
};

/// Why a record can not be approved.
#[derive(Debug, thiserror::Error)]
pub enum ApprovalError {
    /// There is no such record.
    #[error("there is no such record")]
    Unknown,
    /// Its owner has not signed, or it is on its way already.
    #[error("the record does not wait for approval")]
    NotWaiting,
    /// Its row or its job's could not be read or written.
    #[error(transparent)]
    Row(#[from] RowError),
}

/// Approves a consented record: its state, its job and its history are written in the caller's transaction. A record whose job was rejected may be
/// approved again: the job is queued anew.
///
/// # Errors
/// [`ApprovalError::NotWaiting`] when it is approved already, or not signed.
pub async fn approve(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
    id: RecordId,
    by: StaffId,
    now: UnixMillis,
) -> Result<AnchoringJob, ApprovalError> {
    let front = keys.front();
    // The job before the record, as a round locks them: the other way about the two could wait for each other.
    let rejected = anchoring_jobs::lock_rejected(connection, keys, id).await?;
    let record = records::lock(connection, &front, id)
        .await?
        .ok_or(ApprovalError::Unknown)?;
    let rejected = rejected
        .into_iter()
        .find(|job| job.version == record.version);
    match (record.state, &rejected) {
        (RecordState::Consented, _) => {
            let (from, to) = (RecordState::Consented, RecordState::Approved);
            records::change_state(connection, &front, id, from, to, now).await?;
        }
        (RecordState::Approved, Some(_)) => {}
        _ => return Err(ApprovalError::NotWaiting),
    }
    let job = match rejected {
        Some(job) => queue_again(connection, keys, job, by, now).await?,
        None => anchoring_jobs::insert(connection, keys, id, record.version, by, now).await?,
    };
    let (kind, actor) = (RecordEventKind::Approved, Actor::Staff(by));
    record_events::append(connection, &front, id, kind, actor, now).await?;
    Ok(job)
}

async fn queue_again(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
    mut job: AnchoringJob,
    by: StaffId,
    now: UnixMillis,
) -> Result<AnchoringJob, RowError> {
    job.state = JobState::Queued;
    (job.approved_by, job.approved_at) = (by, now);
    job.problem = None;
    anchoring_jobs::update(connection, keys, &mut job, now).await?;
    Ok(job)
}

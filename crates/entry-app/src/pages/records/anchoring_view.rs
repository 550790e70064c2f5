//! How far the anchoring of a record has come.

use anchoring::Rejection;
use database::anchoring_jobs::{self, AnchoringJob, JobState};
use database::records::{Record, RecordState};
use record::ids::{Uid, Version};
use sqlx::MySqlConnection;
use web_kit::error::Result;

use crate::state::Desk;

const STEPS: u64 = 4;

/// What the page shows of a job.
pub struct AnchoringView {
    /// None where the record is to end.
    pub version: Option<Version>,
    pub done: u64,
    pub total: u64,
    pub label: &'static str,
    pub rejected: Option<&'static str>,
    pub uid: Option<u64>,
    pub proof: Option<String>,
    pub transaction: Option<String>,
    pub block: Option<u64>,
    /// Why nothing moves right now, if so.
    pub problem: Option<&'static str>,
}

/// The job of the newest version from its approval on, before that the one of the version that it corrects; and how many jobs somebody else wrote: nothing comes of those.
pub async fn load(
    desk: &Desk,
    connection: &mut MySqlConnection,
    record: &Record,
) -> Result<(Option<AnchoringView>, usize)> {
    let jobs = anchoring_jobs::of_record(connection, &desk.keys, record.id).await?;
    let is_shown = |job: &&AnchoringJob| match record.state {
        RecordState::Erasing => job.version.is_none(),
        RecordState::Approved | RecordState::Anchored => job.version == Some(record.version),
        // A correction that was given up may have left a job of the same number behind.
        _ => {
            let is_before = job.version.is_some_and(|version| version < record.version);
            is_before && job.state == JobState::Anchored
        }
    };
    let job = jobs.rows.iter().rfind(is_shown);
    let view = job.map(|job| AnchoringView::new(job, record, desk));
    Ok((view, jobs.tampered.len()))
}

impl AnchoringView {
    fn new(job: &AnchoringJob, record: &Record, desk: &Desk) -> Self {
        // A verified restore brings the record back and leaves the job as it was found.
        let state = match record.state {
            RecordState::Anchored => JobState::Anchored,
            _ => job.state,
        };
        let (done, label) = match state {
            JobState::Queued => (0, "Waiting for its turn"),
            JobState::Planned => (1, "Transaction prepared"),
            JobState::Sent => (2, "Transaction sent"),
            JobState::Mined => (3, "In a block; waiting until it is final"),
            JobState::Anchored => (STEPS, "Final on the chain"),
            JobState::Rejected => (0, "Not anchored"),
        };
        let is_moving = !matches!(state, JobState::Anchored | JobState::Rejected);
        let code = job.problem.as_deref().and_then(Rejection::from_code);
        Self {
            version: job.version,
            done,
            total: STEPS,
            label,
            rejected: code
                .filter(|_| state == JobState::Rejected)
                .map(Rejection::text),
            uid: record.uid.or(job.uid).map(Uid::get),
            proof: job.proof.map(|proof| proof.to_string()),
            transaction: job.transaction_hash.map(|hash| hash.to_string()),
            block: job.block_number,
            problem: desk
                .anchoring
                .borrow()
                .problem
                .filter(|_| is_moving)
                .map(anchoring::Problem::text),
        }
    }
}

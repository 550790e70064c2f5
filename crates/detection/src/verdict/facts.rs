//! What a verdict rests on. Whoever reads it (button, sweep, watch) reads the row first and the chain after, at a final block.

use std::time::Duration;

use chain::OnChainRecord;
use database::anchoring_jobs::{AnchoringJob, JobState};
use record::{
    Address,
    ids::{Uid, Version},
    time::UnixMillis,
};

use super::Row;

/// All that one verdict rests on. A row's own state column is not among it.
pub struct Facts<'a> {
    /// What keeps us from telling anything.
    pub obstacle: Option<Obstacle>,
    /// The pinned chain's id.
    pub chain_id: u64,
    /// The pinned relay.
    pub relay: Address,
    /// What the chain says at the final block; nothing when it knows no such UID.
    pub chain: Option<&'a OnChainRecord>,
    /// The row: the one that claims the UID or, where none does, the one whose job was given it.
    pub row: Option<&'a Row>,
    /// The anchoring jobs of the row, one for each version that was approved and the oldest first, their MACs checked.
    pub jobs: &'a [Job],
    /// A lower UID whose record carries the same nonce: one signature under two UIDs.
    pub nonce_also_at: Option<Uid>,
    /// Whether a signed request or order is kept whose hash is the evidence of the retirement, and its signature holds.
    pub retirement_is_proven: bool,
    /// Whether what was granted says that the rows were never destroyed yet.
    pub is_being_destroyed: bool,
    /// Whether other rows than `row` are there of a record that was erased.
    pub is_left: bool,
    /// How long things may take.
    pub patience: Patience,
    /// Now.
    pub now: UnixMillis,
}

/// Why nothing can be told: an operations alarm, never a breach.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Obstacle {
    /// No database answers.
    DatabaseUnreachable,
    /// The database takes no writes.
    DatabaseReadOnly,
    /// The database answers, and a table, a right or a row is not as it should be.
    DatabaseRefuses,
    /// The database answers, and what we do in it is broken off, or does not come back.
    DatabaseInterrupts,
    /// No node answers.
    ChainUnreachable,
    /// The chain is not the pinned one: other id, contracts or deployment block.
    WrongChain,
    /// The chain is behind what was seen before.
    ChainBehind,
    /// Master-data and storage layer tell different things, or an answer makes no sense.
    ChainDisagrees,
    /// Two independent endpoints tell different things.
    EndpointsDisagree,
    /// The node keeps no state of a block at which a contract wallet is to be asked.
    ChainForgets,
    /// The key-check cells do not open: these are not the keys that sealed the records.
    WrongKeys,
}

/// What the anchoring job of a row says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Job {
    /// The version it anchors.
    pub version: Version,
    /// The UID it was given.
    pub uid: Option<Uid>,
    /// Where it is on its way.
    pub state: JobState,
    /// When staff approved.
    pub approved_at: UnixMillis,
}

impl Job {
    /// Whether its word may be on chain before its row says so.
    #[must_use]
    pub const fn is_in_flight(&self) -> bool {
        matches!(
            self.state,
            JobState::Planned | JobState::Sent | JobState::Mined
        )
    }

    /// Whether its version has a consent: only what was signed is approved. A correction that was refused may have been given
    /// up since, and another begun under its number.
    #[must_use]
    pub fn wants_consent(&self) -> bool {
        self.state != JobState::Rejected || self.version == Version::FIRST
    }

    /// The job as it stands to somebody who reads the chain up to this block. Who anchors may read another node, or be
    /// content with fewer blocks: what is final there is on its way here. None of a job that anchors nothing.
    #[must_use]
    pub fn seen_from(job: &AnchoringJob, final_block: u64) -> Option<Self> {
        let is_above = job.block_number.is_some_and(|block| block > final_block);
        Some(Self {
            version: job.version?,
            uid: job.uid,
            state: match job.state {
                JobState::Anchored if is_above => JobState::Mined,
                state => state,
            },
            approved_at: job.approved_at,
        })
    }
}

/// How long a row may wait before it counts as overdue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// From entry to approval.
    pub consent: Duration,
    /// From approval to the anchor.
    pub anchoring: Duration,
}

impl Facts<'_> {
    /// The job of this version.
    pub(super) fn job(&self, version: Version) -> Option<&Job> {
        self.jobs.iter().find(|job| job.version == version)
    }

    /// Whether a job for this version is in flight.
    pub(super) fn in_flight(&self, version: Version) -> bool {
        self.job(version).is_some_and(Job::is_in_flight)
    }

    /// Whether something of the record is in flight, and nothing of it was anchored before: that first job gives it its UID.
    pub(super) fn awaits_uid(&self) -> bool {
        let is_anchored = |job: &Job| job.state == JobState::Anchored;
        self.jobs.iter().any(Job::is_in_flight) && !self.jobs.iter().any(is_anchored)
    }
}

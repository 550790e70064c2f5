//! The work itself: one round after the other, by one process at a time.

use std::time::Duration;

use database::anchoring_jobs::{self, JobState};
use record::time::UnixMillis;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::{
    AnchoringParts, AnchoringStatus, Problem,
    work::{RoundError, Work},
};

/// With nothing to do, the chain is asked this seldom: a page still tells of a pause or an empty account.
const IDLE_LOOK: Duration = Duration::from_secs(15);

/// Anchors approved records. Start one per process; those that do not hold the lease stand by.
pub struct Anchorer {
    work: Work,
    status: watch::Sender<AnchoringStatus>,
    looked_at: Option<UnixMillis>,
    /// An alarm may stand, from us or from a process before us.
    may_be_alarmed: bool,
}

impl Anchorer {
    /// Ready to run.
    pub fn new(parts: AnchoringParts) -> Self {
        Self {
            work: Work::new(parts),
            status: watch::Sender::new(AnchoringStatus::default()),
            looked_at: None,
            may_be_alarmed: true,
        }
    }

    /// How it stands, at any time.
    pub fn status(&self) -> watch::Receiver<AnchoringStatus> {
        self.status.subscribe()
    }

    /// Works until told to stop; ends after the round in hand and gives the lease back. A crash instead loses nothing (docs/ANCHORING.md).
    pub async fn run(mut self, shutdown: CancellationToken) {
        let settings = self.work.parts.settings;
        let mut pause = settings.pause;
        while !shutdown.is_cancelled() {
            let (status, next) = match self.turn().await {
                Ok(status) => (status, settings.pause),
                Err(error) => {
                    tracing::debug!(%error, "a round of anchoring ended early");
                    let longer = pause.saturating_mul(2).min(settings.longest_pause);
                    let is_brief = error.is_collision();
                    let next = if is_brief { settings.pause } else { longer };
                    (self.held_up(&error), next)
                }
            };
            pause = next;
            self.alarm(&status).await;
            self.report(status);
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = shutdown.cancelled() => {}
            }
        }
        if let Err(error) = self.work.step_down().await {
            tracing::warn!(%error, "the lease was not given back; it expires");
        }
    }

    /// One look at the lease and, when it is ours, one round.
    async fn turn(&mut self) -> Result<AnchoringStatus, RoundError> {
        let leading = self.work.lead().await?;
        let status = self.counted(leading).await?;
        if !leading || !self.is_due(&status) {
            return Ok(status);
        }
        // Told before the round, which may take its time.
        self.report(status);
        let round = self.work.round().await?;
        self.looked_at = Some(self.work.now());
        Ok(AnchoringStatus {
            problem: round.problem,
            balance: Some(round.balance),
            ..self.counted(true).await?
        })
    }

    fn is_due(&self, status: &AnchoringStatus) -> bool {
        let long_ago = self
            .looked_at
            .is_none_or(|at| self.work.now().since(at) >= IDLE_LOOK);
        let has_work = status.queued > 0 || status.in_flight > 0;
        has_work || status.problem.is_some() || long_ago
    }

    async fn counted(&self, leading: bool) -> Result<AnchoringStatus, RoundError> {
        let mut connection = self.work.parts.pool.acquire().await?;
        let counts = anchoring_jobs::counts(&mut connection).await?;
        let count = |state| counts.get(&state).copied().unwrap_or(0);
        let before = self.status.borrow().clone();
        Ok(AnchoringStatus {
            leading,
            queued: count(JobState::Queued),
            in_flight: count(JobState::Planned) + count(JobState::Sent) + count(JobState::Mined),
            rejected: count(JobState::Rejected),
            balance: before.balance,
            problem: before.problem.filter(|_| leading),
            checked_at: Some(self.work.now()),
        })
    }

    /// The status after a round that ended early.
    fn held_up(&self, error: &RoundError) -> AnchoringStatus {
        let mut status = self.status.borrow().clone();
        status.checked_at = Some(self.work.now());
        match error {
            RoundError::LostLease => status.leading = false,
            error if error.is_collision() => {}
            RoundError::Chain(error) => status.problem = Some(error.into()),
            RoundError::Row(error) if error.is_tampering() => {
                status.problem = Some(Problem::RowTampered);
            }
            RoundError::Row(_) => status.problem = Some(Problem::DatabaseOutOfReach),
            RoundError::Transaction(_) => status.problem = Some(Problem::OtherKeyInFlight),
        }
        status
    }

    async fn alarm(&mut self, status: &AnchoringStatus) {
        if !status.leading || (status.problem.is_none() && !self.may_be_alarmed) {
            return;
        }
        // A database out of reach takes no alarm; the page and the log tell it.
        if self.work.alarm(status).await.is_ok() {
            self.may_be_alarmed = status.problem.is_some();
        }
    }

    fn report(&self, status: AnchoringStatus) {
        let problem = status.problem;
        let before = self.status.send_replace(status).problem;
        match problem {
            Some(problem) if before != Some(problem) => {
                tracing::warn!(problem = problem.code(), "anchoring is held up");
            }
            None if before.is_some() => tracing::info!("anchoring goes on"),
            _ => {}
        }
    }
}

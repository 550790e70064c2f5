//! Sending what waits: the committed bytes, again where a node forgot them, replaced where they are stuck.

use std::ops::Range;

use chain::{FeeError, Fees, SendOutcome, SignedTransaction};
use database::{
    anchoring_jobs::{self, JobState},
    anchoring_transactions::{self, AnchoringTransaction},
    record_events::RecordEventKind,
};

use crate::{
    Problem,
    plan::Plan,
    round::Sight,
    work::{RoundError, Work},
};

impl Work {
    /// Looks after a plan that waits for a block; tells what holds it up.
    pub async fn attend(
        &self,
        sight: &Sight,
        plan: &Plan,
        is_first: bool,
    ) -> Result<Option<Problem>, RoundError> {
        // Only the first can be stuck by its fee: the others wait for it.
        let is_stuck = is_first && self.is_overdue(sight, plan);
        if is_stuck && let Ok(problem) = self.unblock(sight, plan).await? {
            return Ok(problem);
        }
        // At the cap nothing dearer is sent. What is committed still is, to a node that never had it or forgot it.
        let (controller, newest) = (&self.parts.controller, plan.newest());
        if controller.is_known(newest.hash).await? {
            self.note_sent(plan).await?;
        } else if let Some(problem) = self.give(plan, &newest.raw).await? {
            return Ok(Some(problem));
        }
        let is_held_up = is_stuck && controller.is_outbid(&newest.raw).await??;
        Ok(is_held_up.then_some(Problem::FeesAboveCap))
    }

    /// Pays more for what stands in the way; an error when the cap forbids it.
    async fn unblock(
        &self,
        sight: &Sight,
        plan: &Plan,
    ) -> Result<Result<Option<Problem>, FeeError>, RoundError> {
        let next = sight.standing.nonce;
        let fees = match self.parts.controller.fees().await? {
            Ok(fees) => fees,
            Err(above_cap) => return Ok(Err(above_cap)),
        };
        if plan.nonce > next {
            self.fill_gap(next..plan.nonce, fees).await?;
            return Ok(Ok(None));
        }
        self.replace(plan, fees).await
    }

    /// Gives a node the bytes of a plan.
    pub async fn give(&self, plan: &Plan, raw: &[u8]) -> Result<Option<Problem>, RoundError> {
        match self.parts.controller.send(raw).await? {
            SendOutcome::Accepted | SendOutcome::AlreadyKnown => {
                self.note_sent(plan).await?;
                Ok(None)
            }
            // Receipts and nonces of the next round tell what became of it.
            SendOutcome::NonceUsed => Ok(None),
            // Replaced when it has waited long enough.
            SendOutcome::FeeTooLow => Ok(None),
            SendOutcome::NoFunds => Ok(Some(Problem::NoFunds)),
            SendOutcome::Refused(code) => {
                tracing::warn!(job = plan.job.id, code, "the node refused a transaction");
                Ok(Some(Problem::NodeRefuses))
            }
        }
    }

    /// Waited long enough by our clock and by the chain's: while no blocks are made, no fee helps.
    fn is_overdue(&self, sight: &Sight, plan: &Plan) -> bool {
        let due = plan
            .newest()
            .created_at
            .plus(self.parts.settings.replace_after);
        self.now() >= due && sight.head.time() >= due
    }

    async fn replace(
        &self,
        plan: &Plan,
        now: Fees,
    ) -> Result<Result<Option<Problem>, FeeError>, RoundError> {
        let controller = &self.parts.controller;
        let replacement = match controller.sign_replacement(&plan.newest().raw, now)? {
            Ok(replacement) => replacement,
            Err(above_cap) => return Ok(Err(above_cap)),
        };
        self.commit_replacement(plan, &replacement).await?;
        tracing::info!(
            job = plan.job.id,
            nonce = plan.nonce,
            "a transaction is replaced at a higher fee"
        );
        match controller.send(&replacement.raw).await? {
            SendOutcome::NoFunds => Ok(Ok(Some(Problem::NoFunds))),
            _ => Ok(Ok(None)),
        }
    }

    async fn commit_replacement(
        &self,
        plan: &Plan,
        replacement: &SignedTransaction,
    ) -> Result<(), RoundError> {
        let now = self.now();
        let mut transaction = self.begin().await?;
        let mut job = self.lock_unchanged(&mut transaction, &plan.job).await?;
        job.transaction_hash = Some(replacement.hash);
        anchoring_jobs::update(&mut transaction, self.keys(), &mut job, now).await?;
        let row = AnchoringTransaction {
            hash: replacement.hash,
            job_id: plan.job.id,
            nonce: replacement.nonce,
            raw: replacement.raw.clone(),
            created_at: now,
        };
        anchoring_transactions::insert(&mut transaction, self.keys(), &row).await?;
        transaction.commit().await?;
        Ok(())
    }

    /// Uses up nonces that nobody will use any more, so that what stands behind them can go on. Nothing is committed: the transfers carry nothing.
    async fn fill_gap(&self, nonces: Range<u64>, fees: Fees) -> Result<(), RoundError> {
        let controller = &self.parts.controller;
        for nonce in nonces {
            tracing::warn!(
                nonce,
                "a nonce that nobody uses is filled with an empty transfer"
            );
            let filler = controller.sign_empty(nonce, fees)?;
            controller.send(&filler.raw).await?;
        }
        Ok(())
    }

    async fn note_sent(&self, plan: &Plan) -> Result<(), RoundError> {
        if plan.job.state == JobState::Sent {
            return Ok(());
        }
        let mut transaction = self.begin().await?;
        let mut job = self.lock_unchanged(&mut transaction, &plan.job).await?;
        let is_first_time = job.state == JobState::Planned;
        job.state = JobState::Sent;
        // It was in a block that is gone by a re-organisation.
        job.block_number = None;
        anchoring_jobs::update(&mut transaction, self.keys(), &mut job, self.now()).await?;
        if is_first_time {
            self.tell(
                &mut transaction,
                job.record_id,
                RecordEventKind::AnchoringSent,
            )
            .await?;
        }
        transaction.commit().await?;
        Ok(())
    }
}

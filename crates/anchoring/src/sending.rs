//! Sending what waits: the committed bytes, again where a node forgot them, replaced where they are stuck.

use chain::{FeeError, SendOutcome, SignedTransaction};
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
        if is_first && self.is_overdue(sight, plan) {
            return if plan.nonce > sight.standing.nonce {
                self.fill_gap(sight.standing.nonce..plan.nonce).await
            } else {
                self.replace(plan).await
            };
        }
        if self.parts.controller.is_known(plan.newest().hash).await? {
            self.note_sent(plan).await?;
            return Ok(None);
        }
        self.give(plan, &plan.newest().raw).await
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

    async fn replace(&self, plan: &Plan) -> Result<Option<Problem>, RoundError> {
        let controller = &self.parts.controller;
        let Ok(now) = controller.fees().await? else {
            return Ok(Some(Problem::FeesAboveCap));
        };
        let replacement = match controller.sign_replacement(&plan.newest().raw, now)? {
            Ok(replacement) => replacement,
            Err(FeeError::AboveCap) => return Ok(Some(Problem::FeesAboveCap)),
        };
        self.commit_replacement(plan, &replacement).await?;
        tracing::info!(
            job = plan.job.id,
            nonce = plan.nonce,
            "a transaction is replaced at a higher fee"
        );
        match controller.send(&replacement.raw).await? {
            SendOutcome::NoFunds => Ok(Some(Problem::NoFunds)),
            _ => Ok(None),
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
    async fn fill_gap(&self, nonces: std::ops::Range<u64>) -> Result<Option<Problem>, RoundError> {
        let controller = &self.parts.controller;
        let Ok(fees) = controller.fees().await? else {
            return Ok(Some(Problem::FeesAboveCap));
        };
        for nonce in nonces {
            tracing::warn!(
                nonce,
                "a nonce that nobody uses is filled with an empty transfer"
            );
            let filler = controller.sign_empty(nonce, fees)?;
            controller.send(&filler.raw).await?;
        }
        Ok(None)
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

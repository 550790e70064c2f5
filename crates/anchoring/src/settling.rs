//! Settling what is in flight: each plan by what the chain shows of it, in order of nonce.

use chain::{OnChainRecord, Receipt};
use database::{
    anchoring_jobs::{self, JobState},
    operations_alarms::{self, AlarmKind},
    record_events::RecordEventKind,
};
use record::B256;

use crate::{
    Problem,
    fate::{Death, Fate, fate},
    line::Waiting,
    plan::Plan,
    round::Sight,
    work::{RoundError, Work},
};

/// What is left of the line.
#[derive(Default)]
pub(crate) struct Settled {
    /// The plans in no block yet, in order of nonce.
    pub waiting: Vec<Waiting>,
    /// A plan failed and may still come back, or is not ours to judge: no new one until it is over.
    pub is_disturbed: bool,
    /// What holds up plans in flight.
    pub problem: Option<Problem>,
    /// A backup was waited for in vain: one that is out of reach is not waited for again and again.
    is_backup_away: bool,
}

impl Settled {
    fn hold_up(&mut self, problem: Problem) {
        self.is_backup_away |= problem == Problem::BackupOutOfReach;
        self.problem.get_or_insert(problem);
    }
}

impl Work {
    /// Moves every job in flight to where the chain shows it.
    pub async fn settle(&self, sight: &Sight) -> Result<Settled, RoundError> {
        let mut connection = self.parts.pool.acquire().await?;
        let in_flight = anchoring_jobs::in_flight(&mut connection, self.keys()).await?;
        let mut settled = Settled::default();
        if !in_flight.tampered.is_empty() {
            let now = self.now();
            operations_alarms::raise(&mut connection, AlarmKind::RowTampered, now).await?;
            settled.hold_up(Problem::RowTampered);
        }
        drop(connection);
        for job in in_flight.rows {
            match self.plan_of(job).await? {
                Some(plan) => self.settle_one(sight, &plan, &mut settled).await?,
                None => settled.hold_up(Problem::RowTampered),
            }
        }
        Ok(settled)
    }

    async fn settle_one(
        &self,
        sight: &Sight,
        plan: &Plan,
        settled: &mut Settled,
    ) -> Result<(), RoundError> {
        let is_own = self.parts.controller.check_own(&plan.newest().raw).is_ok();
        match self.fate(sight, plan, is_own).await? {
            Fate::Waiting if is_own => {
                if let Some(problem) = self.attend(sight, plan, settled.waiting.is_empty()).await? {
                    settled.hold_up(problem);
                }
                settled.waiting.push(plan.waiting());
            }
            Fate::Waiting => {
                settled.is_disturbed = true;
                settled.hold_up(Problem::OtherKeyInFlight);
            }
            Fate::Doomed => settled.is_disturbed = true,
            Fate::Mined { hash, block } => self.note_mined(plan, hash, block).await?,
            // Final at first sight: people see it mined, and the next round finishes it.
            Fate::Final { hash, block } if plan.job.state != JobState::Mined => {
                self.note_mined(plan, hash, block).await?;
            }
            Fate::Final { .. } if settled.is_backup_away => {}
            Fate::Final { hash, block } => {
                if let Some(problem) = self.finish(sight, plan, hash, block).await? {
                    settled.hold_up(problem);
                }
            }
            Fate::Dead(Death::NonceTaken) => {
                if let Some(problem) = self.bury_unless_anchored(sight, plan).await? {
                    settled.hold_up(problem);
                }
            }
            Fate::Dead(death) => self.bury(plan, death).await?,
        }
        Ok(())
    }

    async fn fate(&self, sight: &Sight, plan: &Plan, is_own: bool) -> Result<Fate, RoundError> {
        let receipts = self.receipts(plan).await?;
        let mut heights = sight.heights;
        if !is_own {
            // The nonces of our account say nothing of another's: receipts alone count.
            (heights.nonce_at_head, heights.nonce_at_last) = (0, 0);
        }
        Ok(fate(plan.nonce, &receipts, &heights))
    }

    async fn receipts(&self, plan: &Plan) -> Result<Vec<(B256, Receipt)>, RoundError> {
        let mut receipts = Vec::with_capacity(1);
        for transaction in &plan.transactions {
            if let Some(receipt) = self.parts.controller.receipt(transaction.hash).await? {
                receipts.push((transaction.hash, receipt));
            }
        }
        Ok(receipts)
    }

    async fn note_mined(&self, plan: &Plan, hash: B256, block: u64) -> Result<(), RoundError> {
        let seen = (JobState::Mined, Some(hash), Some(block));
        let job = &plan.job;
        if (job.state, job.transaction_hash, job.block_number) == seen {
            return Ok(());
        }
        let mut transaction = self.begin().await?;
        let mut job = self.lock_unchanged(&mut transaction, job).await?;
        let is_news = job.state != JobState::Mined;
        (job.state, job.transaction_hash, job.block_number) = seen;
        anchoring_jobs::update(&mut transaction, self.keys(), &mut job, self.now()).await?;
        if is_news {
            self.tell(
                &mut transaction,
                job.record_id,
                RecordEventKind::AnchoringMined,
            )
            .await?;
        }
        transaction.commit().await?;
        Ok(())
    }

    /// A nonce that somebody else seems to have used: before the plan counts as dead, the state that verdicts read must agree.
    async fn bury_unless_anchored(
        &self,
        sight: &Sight,
        plan: &Plan,
    ) -> Result<Option<Problem>, RoundError> {
        let Some(known) = self.standing_on_chain(sight, plan).await? else {
            self.bury(plan, Death::NonceTaken).await?;
            return Ok(None);
        };
        let Some(version) = plan.job.version else {
            let block = known.retired.map_or(sight.last.number, |one| one.block);
            return self.finish(sight, plan, plan.newest().hash, block).await;
        };
        let event = self
            .reader()
            .anchored(plan.uid, version, plan.proof, sight.last.number)
            .await?;
        // Without the event the node contradicts itself: look again in the next round.
        match event {
            Some(event) => {
                self.finish(sight, plan, event.transaction, event.block)
                    .await
            }
            None => Ok(None),
        }
    }

    /// What the storage layer holds under the plan's UID at the final block, if the plan's proof, or its evidence, stands there where
    /// it belongs.
    pub async fn standing_on_chain(
        &self,
        sight: &Sight,
        plan: &Plan,
    ) -> Result<Option<OnChainRecord>, RoundError> {
        let known = self.reader().record(plan.uid, &sight.last).await?;
        Ok(known.filter(|known| match plan.job.version {
            Some(version) => {
                let version = known.version(version);
                version.is_some_and(|version| version.word == plan.proof)
            }
            None => known.retired.is_some_and(|one| one.evidence == plan.proof),
        }))
    }

    /// The plan is dead: the job waits for another.
    pub async fn bury(&self, plan: &Plan, death: Death) -> Result<(), RoundError> {
        tracing::warn!(job = plan.job.id, nonce = plan.nonce, uid = %plan.uid, cause = death.code(),
            "a plan is dead; its record is planned again");
        let mut transaction = self.begin().await?;
        let mut job = self.lock_unchanged(&mut transaction, &plan.job).await?;
        job.state = JobState::Queued;
        job.problem = Some(death.code().to_owned());
        (job.uid, job.nonce, job.chain_timestamp, job.proof) = (None, None, None, None);
        (job.transaction_hash, job.block_number) = (None, None);
        anchoring_jobs::update(&mut transaction, self.keys(), &mut job, self.now()).await?;
        transaction.commit().await?;
        Ok(())
    }
}

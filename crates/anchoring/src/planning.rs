//! Making plans: check what the owner signed, and in the same breath compute, sign and commit what is then sent.

use chain::{Fees, SignedTransaction};
use database::{
    MySqlConnection,
    anchoring_jobs::{self, AnchoringJob, JobState},
    anchoring_transactions::{self, AnchoringTransaction},
    operations_alarms::{self, AlarmKind},
    record_events::RecordEventKind,
};
use record::{B256, consent::Standing, ids::Version};

use crate::{
    Problem, Rejection,
    consent::Verdict,
    line::{End, end_of_line},
    plan::Plan,
    reading::Place,
    round::Sight,
    settling::Settled,
    work::{RoundError, Work},
};

/// What came of a job's turn.
enum Turn {
    /// A plan is committed.
    Planned(Box<Plan>),
    /// Nothing is anchored for it.
    Rejected(Rejection),
    /// Not before the chain's next block; those behind it have their turn.
    Early,
    /// Not now; those behind it have their turn.
    PassedOver(Problem),
    /// Not now, and nothing behind it either.
    Postponed(Problem),
}

impl Work {
    /// Plans queued jobs while there is room and the line is in order, and sends each.
    pub async fn make_plans(
        &self,
        sight: &Sight,
        settled: &Settled,
    ) -> Result<Option<Problem>, RoundError> {
        let standing = &sight.standing;
        if !standing.is_controller {
            return Ok(Some(Problem::NotController));
        }
        if standing.paused {
            return Ok(Some(Problem::Paused));
        }
        let end = end_of_line(&settled.waiting, standing.nonce, sight.next_uid);
        let Some(end) = end.filter(|_| !settled.is_disturbed) else {
            return Ok(Some(Problem::OutOfOrder));
        };
        let (jobs, tampered) = self.next_jobs(settled.waiting.len()).await?;
        if jobs.is_empty() {
            return Ok(tampered);
        }
        let Ok(fees) = self.parts.controller.fees().await? else {
            return Ok(Some(Problem::FeesAboveCap));
        };
        let problem = self
            .plan_all(sight, fees, end, jobs, settled.waiting.len())
            .await?;
        Ok(problem.or(tampered))
    }

    async fn next_jobs(
        &self,
        waiting: usize,
    ) -> Result<(Vec<AnchoringJob>, Option<Problem>), RoundError> {
        let room = self.parts.settings.max_in_flight.saturating_sub(waiting);
        let mut connection = self.parts.pool.acquire().await?;
        let queued = anchoring_jobs::queued(&mut connection, self.keys(), room).await?;
        if queued.tampered.is_empty() {
            return Ok((queued.rows, None));
        }
        operations_alarms::raise(&mut connection, AlarmKind::RowTampered, self.now()).await?;
        Ok((queued.rows, Some(Problem::RowTampered)))
    }

    async fn plan_all(
        &self,
        sight: &Sight,
        fees: Fees,
        mut end: End,
        jobs: Vec<AnchoringJob>,
        waiting: usize,
    ) -> Result<Option<Problem>, RoundError> {
        let cost = self.parts.controller.highest_cost(fees);
        let room = u128::from(cost > 0).saturating_mul(sight.standing.balance) / cost.max(1);
        let mut affordable = room.saturating_sub(waiting as u128);
        let mut passed_over = None;
        for job in jobs {
            if affordable == 0 && cost > 0 {
                return Ok(Some(Problem::NoFunds));
            }
            match self.plan_one(sight, fees, &end, &job).await? {
                Turn::Rejected(rejection) => {
                    tracing::warn!(job = job.id, cause = rejection.code(), "a job is rejected");
                }
                Turn::Early => {}
                Turn::PassedOver(problem) => passed_over = Some(problem),
                Turn::Postponed(problem) => return Ok(Some(problem)),
                Turn::Planned(plan) => {
                    affordable = affordable.saturating_sub(1);
                    end = behind(&plan, end)?;
                    if let Some(problem) = self.give(&plan, &plan.newest().raw).await? {
                        return Ok(Some(problem));
                    }
                }
            }
        }
        Ok(passed_over)
    }

    /// One job's turn, in one transaction of the database. Sending comes after its commit.
    async fn plan_one(
        &self,
        sight: &Sight,
        fees: Fees,
        end: &End,
        job: &AnchoringJob,
    ) -> Result<Turn, RoundError> {
        let mut transaction = self.begin().await?;
        let job = self.lock_unchanged(&mut transaction, job).await?;
        let turn = match self
            .check_and_sign(&mut transaction, sight, fees, end, &job)
            .await?
        {
            Turn::Planned(plan) => {
                self.write_plan(&mut transaction, &plan).await?;
                Turn::Planned(plan)
            }
            Turn::Rejected(rejection) => {
                self.write_rejection(&mut transaction, job, rejection)
                    .await?;
                Turn::Rejected(rejection)
            }
            later => return Ok(later),
        };
        transaction.commit().await?;
        Ok(turn)
    }

    async fn check_and_sign(
        &self,
        connection: &mut MySqlConnection,
        sight: &Sight,
        fees: Fees,
        end: &End,
        job: &AnchoringJob,
    ) -> Result<Turn, RoundError> {
        let (record, statement) = match self.read_statement(connection, job).await? {
            Ok(read) => read,
            Err(rejection) => return Ok(Turn::Rejected(rejection)),
        };
        let place = match self.place(sight, end, &record).await? {
            Ok(place) => place,
            Err(rejection) => return Ok(Turn::Rejected(rejection)),
        };
        let (uid, version, timestamp) = (place.uid, place.version, place.timestamp);
        let standing = Standing {
            uid,
            version,
            previous_proofs: &place.previous_proofs,
        };
        match statement.check(self.reader(), &standing, timestamp).await? {
            Verdict::Holds => {}
            Verdict::Fails(rejection) => return Ok(Turn::Rejected(rejection)),
            Verdict::Early => return Ok(Turn::Early),
            Verdict::Unknown => return Ok(Turn::PassedOver(Problem::WalletUnchecked)),
        }
        let proof = statement.proof(self.reader(), uid, version, timestamp);
        let controller = &self.parts.controller;
        let master_data = self.reader().newest_master_data(&sight.head).await?;
        // Behind others it can't be tried out: its UID is not the next one yet.
        if end.is_empty || version != Version::FIRST {
            let head = &sight.head;
            if !controller
                .would_be_taken(master_data, uid, timestamp, proof, head)
                .await?
            {
                return Ok(Turn::Postponed(Problem::ContractRefuses));
            }
        }
        let signed =
            controller.sign_record_proof(master_data, end.nonce, uid, timestamp, proof, fees)?;
        Ok(Turn::Planned(Box::new(
            self.planned(job, &place, proof, signed),
        )))
    }

    fn planned(
        &self,
        job: &AnchoringJob,
        place: &Place,
        proof: B256,
        signed: SignedTransaction,
    ) -> Plan {
        let mut job = job.clone();
        job.state = JobState::Planned;
        job.problem = None;
        job.attempts = job.attempts.saturating_add(1);
        job.uid = Some(place.uid);
        job.nonce = Some(signed.nonce);
        job.chain_timestamp = Some(place.timestamp);
        job.proof = Some(proof);
        job.transaction_hash = Some(signed.hash);
        job.updated_at = self.now();
        let transaction = AnchoringTransaction {
            hash: signed.hash,
            job_id: job.id,
            nonce: signed.nonce,
            raw: signed.raw,
            created_at: job.updated_at,
        };
        let (nonce, uid, timestamp) = (signed.nonce, place.uid, place.timestamp);
        Plan {
            job,
            nonce,
            uid,
            timestamp,
            proof,
            transactions: vec![transaction],
        }
    }

    async fn write_plan(
        &self,
        connection: &mut MySqlConnection,
        plan: &Plan,
    ) -> Result<(), RoundError> {
        let mut job = plan.job.clone();
        let now = job.updated_at;
        anchoring_jobs::update(connection, self.keys(), &mut job, now).await?;
        anchoring_transactions::insert(connection, self.keys(), plan.newest()).await?;
        self.tell(connection, job.record_id, RecordEventKind::AnchoringPlanned)
            .await
    }

    async fn write_rejection(
        &self,
        connection: &mut MySqlConnection,
        mut job: AnchoringJob,
        rejection: Rejection,
    ) -> Result<(), RoundError> {
        job.state = JobState::Rejected;
        job.problem = Some(rejection.code().to_owned());
        anchoring_jobs::update(connection, self.keys(), &mut job, self.now()).await?;
        self.tell(
            connection,
            job.record_id,
            RecordEventKind::AnchoringRejected,
        )
        .await
    }
}

/// The end of the line once this plan stands there.
fn behind(plan: &Plan, end: End) -> Result<End, RoundError> {
    let full = || {
        RoundError::Chain(chain::ChainError::Malformed {
            what: "nonces or UIDs are used up",
        })
    };
    let uid = match plan.waiting().new_uid {
        Some(uid) => uid.next().ok_or_else(full)?,
        None => end.uid,
    };
    let nonce = plan.nonce.checked_add(1).ok_or_else(full)?;
    Ok(End {
        nonce,
        uid,
        is_empty: false,
    })
}

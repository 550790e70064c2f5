//! One job's turn: check what the owner signed, and in the same breath compute, sign and commit what is then sent.

use chain::{Fees, MasterDataCall, SignedTransaction};
use database::{
    MySqlConnection,
    anchoring_jobs::{self, AnchoringJob, JobState},
    anchoring_transactions::{self, AnchoringTransaction},
    record_events::RecordEventKind,
};
use record::{
    B256,
    consent::Standing,
    ids::{Uid, Version},
};

use crate::{
    Problem, Rejection,
    consent::{Statement, Verdict},
    line::End,
    plan::Plan,
    reading::Place,
    round::Sight,
    work::{RoundError, Work},
};

/// What came of a job's turn.
pub(crate) enum Turn {
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
    /// One job's turn, in one transaction of the database. Sending comes after its commit.
    pub async fn plan_one(
        &self,
        sight: &Sight,
        fees: Fees,
        end: &End,
        job: &AnchoringJob,
    ) -> Result<Turn, RoundError> {
        let mut transaction = self.begin().await?;
        let job = self.lock_unchanged(&mut transaction, job).await?;
        let turn = match job.version {
            Some(_) => {
                self.check_and_sign(&mut transaction, sight, fees, end, &job)
                    .await?
            }
            None => {
                self.check_and_retire(&mut transaction, sight, fees, end, &job)
                    .await?
            }
        };
        let turn = match turn {
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
        let (record, statement, wallet_before) = match self.read_statement(connection, job).await? {
            Ok(read) => read,
            Err(rejection) => return Ok(Turn::Rejected(rejection)),
        };
        let place = match self.place(sight, end, &record).await? {
            Ok(place) => place,
            Err(rejection) => return Ok(Turn::Rejected(rejection)),
        };
        let standing = Standing {
            uid: place.uid,
            version: place.version,
            previous_proofs: &place.previous_proofs,
        };
        let (reader, timestamp) = (self.reader(), place.timestamp);
        let mut verdict = statement.check(reader, sight, &standing, timestamp).await?;
        if let Verdict::Holds = verdict {
            let checked =
                statement.check_wallet(reader, sight, &standing, timestamp, wallet_before);
            verdict = checked.await?;
        }
        match verdict {
            Verdict::Holds => self.sign(sight, fees, end, job, &place, &statement).await,
            Verdict::Fails(rejection) => Ok(Turn::Rejected(rejection)),
            Verdict::Early => Ok(Turn::Early),
            Verdict::Unknown => Ok(Turn::PassedOver(Problem::WalletUnchecked)),
        }
    }

    /// From the statement as it was checked: nothing is read again in between.
    async fn sign(
        &self,
        sight: &Sight,
        fees: Fees,
        end: &End,
        job: &AnchoringJob,
        place: &Place,
        statement: &Statement,
    ) -> Result<Turn, RoundError> {
        let (reader, controller) = (self.reader(), &self.parts.controller);
        let (uid, version, timestamp) = (place.uid, place.version, place.timestamp);
        let proof = statement.proof(reader, uid, version, timestamp);
        let call = MasterDataCall::AddRecordProof {
            uid,
            timestamp,
            proof,
        };
        let (head, nonce) = (&sight.head, end.nonce);
        let master_data = reader.newest_master_data(head).await?;
        // Behind others it can't be tried out: its UID is not the next one yet.
        let can_be_tried = end.is_empty || version != Version::FIRST;
        if can_be_tried && !controller.would_be_taken(master_data, &call, head).await? {
            return Ok(Turn::Postponed(Problem::ContractRefuses));
        }
        let signed = controller.sign_call(master_data, nonce, &call, fees)?;
        let plan = self.planned(job, (uid, timestamp), proof, signed);
        Ok(Turn::Planned(Box::new(plan)))
    }

    pub(crate) fn planned(
        &self,
        job: &AnchoringJob,
        (uid, timestamp): (Uid, u64),
        proof: B256,
        signed: SignedTransaction,
    ) -> Plan {
        let mut job = job.clone();
        job.state = JobState::Planned;
        job.problem = None;
        job.attempts = job.attempts.saturating_add(1);
        job.uid = Some(uid);
        job.nonce = Some(signed.nonce);
        job.chain_timestamp = Some(timestamp);
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
        Plan {
            job,
            nonce: signed.nonce,
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

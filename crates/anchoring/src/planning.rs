//! Making plans: check what the owner signed, and in the same breath compute, sign and commit what is then sent.

use chain::{Fees, SignedTransaction};
use database::{
    MySqlConnection, RowError,
    anchoring_jobs::{self, AnchoringJob, JobState},
    anchoring_transactions::{self, AnchoringTransaction},
    consents,
    operations_alarms::{self, AlarmKind},
    owner_keys,
    record_events::RecordEventKind,
    record_versions,
    records::{self, Record, RecordState},
    sealed::SealedVersion,
};
use keyring::OwnerKey;
use record::{
    B256,
    consent::Standing,
    ids::{RecordId, Uid, Version},
};

use crate::{
    Problem, Rejection,
    consent::{Statement, Verdict},
    line::{End, end_of_line},
    plan::{Plan, plans_made},
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
    /// Not now; those behind it have their turn.
    PassedOver(Problem),
    /// Not now, and nothing behind it either.
    Postponed(Problem),
}

/// Where on the chain a version goes.
struct Place {
    uid: Uid,
    version: Version,
    timestamp: u64,
    /// The proofs that its owner may name as the one before.
    previous_proofs: Vec<B256>,
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

    /// The record, locked, with what its owner signed.
    async fn read_statement(
        &self,
        connection: &mut MySqlConnection,
        job: &AnchoringJob,
    ) -> Result<Result<(Record, Statement), Rejection>, RoundError> {
        if plans_made(self, connection, job.id).await? != job.attempts {
            return Ok(Err(Rejection::RolledBack));
        }
        let record = match records::lock(connection, &self.front, job.record_id).await {
            Ok(Some(record)) => record,
            Ok(None) => return Ok(Err(Rejection::RowMissing)),
            Err(error) if error.is_tampering() => return Ok(Err(Rejection::RowUnreadable)),
            Err(error) => return Err(error.into()),
        };
        if record.state != RecordState::Approved || record.version != job.version {
            return Ok(Err(Rejection::NotApproved));
        }
        let statement = match self.sealed(connection, record.id, record.version).await? {
            Ok((sealed, key)) => Statement::open(&sealed, &key, &self.front),
            Err(rejection) => Err(rejection),
        };
        Ok(statement.map(|statement| (record, statement)))
    }

    /// A version's cells with the key that opens them.
    pub async fn sealed(
        &self,
        connection: &mut MySqlConnection,
        record: RecordId,
        version: Version,
    ) -> Result<Result<(SealedVersion, OwnerKey), Rejection>, RowError> {
        let values = record_versions::load(connection, record, version).await?;
        let wrapped = owner_keys::of_record(connection, record).await?;
        let (Some(values), Some(wrapped)) = (values, wrapped) else {
            return Ok(Err(Rejection::RowMissing));
        };
        let Ok(key) = self.keys().unwrap_owner_key(&wrapped) else {
            return Ok(Err(Rejection::RowUnreadable));
        };
        let consent = consents::load(connection, record, version).await?;
        Ok(Ok((SealedVersion { values, consent }, key)))
    }

    /// A first version goes to the end of the line, a further one behind the one that the chain holds.
    async fn place(
        &self,
        sight: &Sight,
        end: &End,
        record: &Record,
    ) -> Result<Result<Place, Rejection>, RoundError> {
        let (version, timestamp) = (record.version, sight.head.timestamp);
        if version == Version::FIRST {
            let previous_proofs = Vec::new();
            return Ok(Ok(Place {
                uid: end.uid,
                version,
                timestamp,
                previous_proofs,
            }));
        }
        let Some(uid) = record.uid else {
            return Ok(Err(Rejection::ConsentMismatch));
        };
        let Some(known) = self.reader().record(uid, &sight.head).await? else {
            return Ok(Err(Rejection::ConsentMismatch));
        };
        if known.retired.is_some() {
            return Ok(Err(Rejection::Retired));
        }
        let newest = known.newest();
        if newest.version.next() != Some(version) {
            return Ok(Err(Rejection::ConsentMismatch));
        }
        let believed = known.versions.iter().rev().find(|version| !version.voided);
        let mut previous_proofs = vec![newest.word];
        previous_proofs.extend(believed.map(|version| version.word));
        let timestamp = timestamp.max(known.timestamp.saturating_add(1));
        Ok(Ok(Place {
            uid,
            version,
            timestamp,
            previous_proofs,
        }))
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

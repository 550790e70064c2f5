//! Ending a record on the chain: a job whose content is no proof, but the evidence of who asked. docs/ERASURE.md tells the way.

use chain::{Fees, MasterDataCall};
use database::{
    MySqlConnection, RowError,
    anchoring_jobs::{self, AnchoringJob, JobState},
    erasures::{self, Erasure, ErasureState},
    record_events::RecordEventKind,
    records::RecordState,
};
use keyring::ApplicationKeys;
use record::{
    B256,
    erasure::{ErasureEvidence, Ground},
    ids::{RecordId, StaffId, Uid},
    time::UnixMillis,
};

use crate::{
    Problem, Rejection,
    line::End,
    plan::Plan,
    round::Sight,
    turn::Turn,
    work::{RoundError, Work},
};

/// Queues the retirement of a record, in the caller's transaction, which grants its erasure. One that was rejected is queued anew.
///
/// # Errors
/// When the database can't be reached, or a row is not ours.
pub async fn retire(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
    id: RecordId,
    by: StaffId,
    now: UnixMillis,
) -> Result<AnchoringJob, RowError> {
    let rejected = anchoring_jobs::lock_rejected(connection, keys, id).await?;
    match rejected.into_iter().find(|job| job.version.is_none()) {
        Some(mut job) => {
            job.state = JobState::Queued;
            (job.approved_by, job.approved_at) = (by, now);
            job.problem = None;
            anchoring_jobs::update(connection, keys, &mut job, now).await?;
            Ok(job)
        }
        None => anchoring_jobs::insert(connection, keys, id, None, by, now).await,
    }
}

impl Work {
    /// Checks that the right one asked, and signs what ends the record.
    pub async fn check_and_retire(
        &self,
        connection: &mut MySqlConnection,
        sight: &Sight,
        fees: Fees,
        end: &End,
        job: &AnchoringJob,
    ) -> Result<Turn, RoundError> {
        let (uid, evidence) = match self.evidence_for(connection, job).await? {
            Ok(found) => found,
            Err(rejection) => return Ok(Turn::Rejected(rejection)),
        };
        let (reader, head) = (self.reader(), &sight.head);
        let Some(known) = reader.record(uid, head).await? else {
            return Ok(Turn::Rejected(Rejection::RowMissing));
        };
        if known.retired.is_some() {
            return Ok(Turn::Rejected(Rejection::Retired));
        }
        let deployment = reader.deployment();
        let ground = Ground {
            site: (deployment.chain_id, deployment.relay),
            uid,
            first: known.first_word(),
            words: &known.words(),
            authorities: &[reader.authority(head).await?],
        };
        if !evidence.holds(&ground) {
            return Ok(Turn::Rejected(Rejection::NotRequested));
        }
        let evidence = evidence.on_chain(ground.site);
        self.sign_retirement(sight, fees, end, job, (uid, evidence))
            .await
    }

    async fn sign_retirement(
        &self,
        sight: &Sight,
        fees: Fees,
        end: &End,
        job: &AnchoringJob,
        (uid, evidence): (Uid, B256),
    ) -> Result<Turn, RoundError> {
        let (controller, head) = (&self.parts.controller, &sight.head);
        let call = MasterDataCall::Erase { uid, evidence };
        let master_data = self.reader().newest_master_data(head).await?;
        if !controller.would_be_taken(master_data, &call, head).await? {
            return Ok(Turn::Postponed(Problem::ContractRefuses));
        }
        let signed = controller.sign_call(master_data, end.nonce, &call, fees)?;
        let plan = self.planned(job, (uid, head.timestamp), evidence, signed);
        Ok(Turn::Planned(Box::new(plan)))
    }

    /// What was granted for this record, locked with it.
    async fn evidence_for(
        &self,
        connection: &mut MySqlConnection,
        job: &AnchoringJob,
    ) -> Result<Result<(Uid, ErasureEvidence), Rejection>, RoundError> {
        let record = match self.record_of(connection, job).await? {
            Ok(record) => record,
            Err(rejection) => return Ok(Err(rejection)),
        };
        let Some(uid) = record.uid.filter(|_| record.state == RecordState::Erasing) else {
            return Ok(Err(Rejection::NotApproved));
        };
        let granted = |one: &Erasure| one.state == ErasureState::Granted;
        let requests = erasures::of_record(connection, self.keys(), record.id).await?;
        let found = requests.rows.into_iter().find(granted);
        let opened = found.and_then(|one| one.open(self.keys()).ok().flatten());
        let evidence = opened.and_then(|json| ErasureEvidence::from_json(&json));
        Ok(evidence
            .map(|evidence| (uid, evidence))
            .ok_or(Rejection::NotRequested))
    }

    /// The record has ended for good. What is left of it is destroyed by who may.
    pub async fn finish_retirement(
        &self,
        plan: &Plan,
        hash: B256,
        block: u64,
    ) -> Result<Option<Problem>, RoundError> {
        let mut transaction = self.begin().await?;
        let mut job = self.lock_unchanged(&mut transaction, &plan.job).await?;
        (job.state, job.problem) = (JobState::Anchored, None);
        (job.transaction_hash, job.block_number) = (Some(hash), Some(block));
        anchoring_jobs::update(&mut transaction, self.keys(), &mut job, self.now()).await?;
        self.tell(&mut transaction, job.record_id, RecordEventKind::Retired)
            .await?;
        transaction.commit().await?;
        Ok(None)
    }
}

//! Putting a verified copy back: rows, step of the incident and mail in one transaction, under the account that may.

use database::anchoring_jobs::{AnchoringJob, JobState};
use database::erasures::{Erasure, ErasureState};
use database::evidence;
use database::incident_events::IncidentEventKind;
use database::record_events::{self, Actor, RecordEventKind};
use database::records::{self, Record, RecordState};
use database::sealed::SealedVersion;
use database::verifications::Subject;
use database::{MySqlConnection, consents, index, record_versions};
use record::ids::{RecordId, StaffId, SubmissionId, Uid, Version};
use sqlx::Connection;

use super::plan::{Copy, head_over};
use super::{RestoreError, Restorer};
use crate::verdict::{Finding, Job, Verdict};

impl Restorer {
    /// Gives back the other records whose rows or keys stood in this one's place, and got their own place back.
    pub(super) async fn write_back(
        &self,
        uid: Uid,
        copy: &Copy,
        by: StaffId,
        incidents: &[u64],
    ) -> Result<Vec<Subject>, RestoreError> {
        let parts = self.registrar.examiner().parts();
        let (front, now) = (parts.keys.front(), self.registrar.examiner().now());
        let mut connection = self.parts.main.acquire().await?;
        let mut transaction = connection.begin().await?;
        let mut record = self.head(&mut transaction, copy).await?;
        let id = record.id;
        let others = records::claiming(&mut transaction, uid, record.id).await?;
        records::release_uid(&mut transaction, uid, record.id).await?;
        records::put(&mut transaction, &front, &record).await?;
        // The head is locked by now.
        if self.is_being_erased(&record, uid).await? {
            record.state = RecordState::Erasing;
            records::put(&mut transaction, &front, &record).await?;
        }
        let mut displaced = self.put_key(&mut transaction, &copy.key).await?;
        for version in &copy.versions {
            record_versions::put(&mut transaction, &version.values).await?;
            consents::put(&mut transaction, &version.consent).await?;
        }
        let drops = self
            .settle_later_versions(&mut transaction, copy, record)
            .await?;
        if drops {
            let (kind, actor) = (RecordEventKind::RectificationDropped, Actor::Staff(by));
            record_events::append(&mut transaction, &front, id, kind, actor, now).await?;
        }
        displaced.extend(self.put_in_own_place(&mut transaction, &others).await?);
        let (kind, actor) = (RecordEventKind::Restored, Actor::Staff(by));
        record_events::append(&mut transaction, &front, id, kind, actor, now).await?;
        let detail = format!("record {uid}");
        for incident in incidents {
            let kind = IncidentEventKind::Restored;
            self.registrar
                .note(&mut transaction, *incident, kind, Some(by), Some(&detail))
                .await?;
            self.registrar
                .tell_restored(&mut transaction, *incident, uid)
                .await?;
        }
        transaction.commit().await?;
        Ok(displaced)
    }

    /// The head of the record. No proof covers the copy's: the blind indexes come from the verified cells, and a form's
    /// token that another record holds is not taken from it.
    async fn head(
        &self,
        connection: &mut MySqlConnection,
        copy: &Copy,
    ) -> Result<Record, RestoreError> {
        let keys = &self.registrar.examiner().parts().keys;
        let newest = copy.versions.last().ok_or(RestoreError::Refused)?;
        let key = keys.unwrap_owner_key(&copy.key);
        let key = key.map_err(|_| RestoreError::Refused)?;
        let plain = newest.values.open(&key);
        let plain = plain.map_err(|_| RestoreError::Refused)?;
        let email = plain.fields.get("email").ok_or(RestoreError::Refused)?;
        let mut record = Record {
            wallet_index: index::wallet(keys.index(), &plain.wallet),
            email_index: index::email(keys.index(), email.value()),
            ..head_over(newest)
        };
        if records::submission_is_taken(connection, record.submission, record.id).await? {
            record.submission = SubmissionId::random(&mut rand::rng());
        }
        Ok(record)
    }

    /// Whether its end was decided: then it goes on from there.
    async fn is_being_erased(&self, record: &Record, uid: Uid) -> Result<bool, RestoreError> {
        let examiner = self.registrar.examiner();
        let mut connection = examiner.parts().pool.acquire().await?;
        let requests = examiner.granted_of(&mut connection, &[uid]).await?;
        let is_granted =
            |one: &Erasure| one.record_id == record.id && one.state == ErasureState::Granted;
        Ok(requests.iter().any(is_granted))
    }

    /// What stands above the copy; whether something of it had to go. The head is locked by now: of what entry-app does with the record, all is done or waits for us.
    async fn settle_later_versions(
        &self,
        connection: &mut MySqlConnection,
        copy: &Copy,
        record: Record,
    ) -> Result<bool, RestoreError> {
        let jobs = self.registrar.examiner().jobs(record.id).await?;
        let drops = self
            .remove_surplus(connection, copy, &record, &jobs)
            .await?;
        self.follow_draft(connection, record, &jobs).await?;
        Ok(drops)
    }

    /// A version that somebody put beside the record's own goes, unless it is a draft on its way and as we sealed it. What
    /// may be on the chain in a moment stays in any case: nobody could put it back then.
    async fn remove_surplus(
        &self,
        connection: &mut MySqlConnection,
        copy: &Copy,
        record: &Record,
        jobs: &[AnchoringJob],
    ) -> Result<bool, RestoreError> {
        let id = record.id;
        let seen = |job| Job::seen_from(job, copy.chain.block);
        let jobs: Vec<Job> = jobs.iter().filter_map(seen).collect();
        let in_flight = jobs.iter().filter(|job| job.is_in_flight());
        let kept = in_flight
            .map(|job| job.version)
            .fold(record.version, Version::max);
        let finding = self.finding(connection, copy, id, &jobs).await?;
        let is_above = finding.version > Some(record.version);
        let removed = match finding.verdict == Verdict::Forged || is_above {
            true => record_versions::remove_above(connection, id, kept).await?,
            false => 0,
        };
        // Nothing is kept of a voided version to put back; its row counts for nothing, and goes when it is at fault.
        let versions = copy.chain.record.versions.iter();
        for voided in versions.filter(|version| version.voided) {
            let at_fault = self.finding(connection, copy, id, &jobs).await?.version;
            if at_fault == Some(voided.version) {
                record_versions::remove(connection, id, voided.version).await?;
                consents::remove(connection, id, voided.version).await?;
            }
        }
        self.remove_lone_consents(connection, id, kept).await?;
        Ok(removed > 0)
    }

    /// A consent whose version is gone hangs on nothing, and stands in the way of the next one.
    async fn remove_lone_consents(
        &self,
        connection: &mut MySqlConnection,
        id: RecordId,
        kept: Version,
    ) -> Result<(), RestoreError> {
        let newest = newest_row(connection, id).await?;
        let newest = newest.map_or(kept, |newest| newest.values.version.max(kept));
        consents::remove_above(connection, id, newest).await?;
        Ok(())
    }

    /// What the rows are judged as they stand within the transaction.
    async fn finding(
        &self,
        connection: &mut MySqlConnection,
        copy: &Copy,
        id: RecordId,
        jobs: &[Job],
    ) -> Result<Finding, RestoreError> {
        let stands = evidence::by_record(connection, id).await?;
        let examiner = self.registrar.examiner();
        let judged = examiner.judged(&copy.chain.record, stands.as_ref(), jobs, None);
        Ok(judged.await?)
    }

    /// A draft that stands above what was restored is on its way: the head is of it.
    async fn follow_draft(
        &self,
        connection: &mut MySqlConnection,
        mut record: Record,
        jobs: &[AnchoringJob],
    ) -> Result<(), RestoreError> {
        let examiner = self.registrar.examiner();
        let newest = newest_row(connection, record.id).await?;
        let Some(draft) = newest.filter(|newest| newest.values.version > record.version) else {
            return Ok(());
        };
        record.version = draft.values.version;
        record.draft = draft.values.draft;
        let job = jobs.iter().find(|job| job.version == Some(record.version));
        record.state = state_of(&draft, job);
        let front = examiner.parts().keys.front();
        records::update(connection, &front, &mut record, examiner.now()).await?;
        Ok(())
    }
}

/// The newest version that stands.
async fn newest_row(
    connection: &mut MySqlConnection,
    id: RecordId,
) -> Result<Option<SealedVersion>, RestoreError> {
    let stands = evidence::by_record(connection, id).await?;
    Ok(stands.and_then(|stands| stands.versions.into_iter().next_back()))
}

/// How far a draft has come, by its own rows. One that was refused waits for staff, as it did before they approved it.
const fn state_of(draft: &SealedVersion, job: Option<&AnchoringJob>) -> RecordState {
    match (job, &draft.consent) {
        (Some(job), _) if matches!(job.state, JobState::Anchored) => RecordState::Anchored,
        (Some(job), _) if !matches!(job.state, JobState::Rejected) => RecordState::Approved,
        (_, Some(_)) => RecordState::Consented,
        (_, None) => RecordState::AwaitingConsent,
    }
}

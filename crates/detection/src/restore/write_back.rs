//! Putting a verified copy back: rows, step of the incident and mail in one transaction, under the account that may.

use database::evidence;
use database::incident_events::IncidentEventKind;
use database::record_events::{self, Actor, RecordEventKind};
use database::records::{self, Record, RecordState};
use database::{MySqlConnection, consents, index, owner_keys, record_versions};
use record::ids::{RecordId, StaffId, SubmissionId, Uid};
use sqlx::Connection;

use super::{Copy, RestoreError, Restorer, head_over};
use crate::verdict::{Finding, Row, Verdict};

impl Restorer {
    /// Gives back the UIDs of other records whose rows stood in this one's place, and got their own place back.
    pub(super) async fn write_back(
        &self,
        uid: Uid,
        copy: &Copy,
        by: StaffId,
        incidents: &[u64],
    ) -> Result<Vec<Uid>, RestoreError> {
        let parts = self.registrar.examiner().parts();
        let (front, now) = (parts.keys.front(), self.registrar.examiner().now());
        let mut connection = self.parts.main.acquire().await?;
        let mut transaction = connection.begin().await?;
        let record = self.head(&mut transaction, copy).await?;
        let id = record.id;
        let others = records::claiming(&mut transaction, uid, record.id).await?;
        records::release_uid(&mut transaction, uid, record.id).await?;
        records::put(&mut transaction, &front, &record).await?;
        owner_keys::put(&mut transaction, &copy.key).await?;
        for version in &copy.versions {
            record_versions::put(&mut transaction, &version.values).await?;
            consents::put(&mut transaction, &version.consent).await?;
        }
        self.remove_surplus(&mut transaction, copy, &record).await?;
        self.follow_draft(&mut transaction, record).await?;
        let displaced = self.put_in_own_place(&mut transaction, &others).await?;
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

    /// Rows that stood in the place of this record and belong to another, by their own sealed anchor: each gets the place
    /// that the anchor names, if that is free.
    async fn put_in_own_place(
        &self,
        connection: &mut MySqlConnection,
        others: &[RecordId],
    ) -> Result<Vec<Uid>, RestoreError> {
        let keys = &self.registrar.examiner().parts().keys;
        let mut put = Vec::new();
        for id in others {
            let Some(found) = evidence::by_record(connection, *id).await? else {
                continue;
            };
            let Some(own) = Row::open(&found, keys).anchored_uid() else {
                continue;
            };
            if records::claim_uid(connection, *id, own).await? {
                put.push(own);
            }
        }
        Ok(put)
    }

    /// A version that somebody put beside the record's own goes, unless it is a draft on its way and as we sealed it.
    async fn remove_surplus(
        &self,
        connection: &mut MySqlConnection,
        copy: &Copy,
        record: &Record,
    ) -> Result<(), RestoreError> {
        let id = record.id;
        let finding = self.finding(connection, copy, id).await?;
        let is_above = finding.version > Some(record.version);
        if finding.verdict == Verdict::Forged || is_above {
            record_versions::remove_above(connection, id, record.version).await?;
            consents::remove_above(connection, id, record.version).await?;
        }
        // Nothing is kept of a voided version to put back; its row counts for nothing, and goes when it is at fault.
        for voided in copy.chain.versions.iter().filter(|version| version.voided) {
            let at_fault = self.finding(connection, copy, id).await?.version;
            if at_fault == Some(voided.version) {
                record_versions::remove(connection, id, voided.version).await?;
                consents::remove(connection, id, voided.version).await?;
            }
        }
        Ok(())
    }

    /// What the rows are judged as they stand within the transaction.
    async fn finding(
        &self,
        connection: &mut MySqlConnection,
        copy: &Copy,
        id: RecordId,
    ) -> Result<Finding, RestoreError> {
        let stands = evidence::by_record(connection, id).await?;
        let examiner = self.registrar.examiner();
        Ok(examiner.judged(Some(&copy.chain), stands.as_ref(), &[], None))
    }

    /// A draft that stands above what was restored is on its way: the head is of it.
    async fn follow_draft(
        &self,
        connection: &mut MySqlConnection,
        mut record: Record,
    ) -> Result<(), RestoreError> {
        let examiner = self.registrar.examiner();
        let stands = evidence::by_record(connection, record.id).await?;
        let newest = stands.and_then(|stands| stands.versions.into_iter().next_back());
        let Some(draft) = newest.filter(|newest| newest.values.version > record.version) else {
            return Ok(());
        };
        record.version = draft.values.version;
        record.draft = draft.values.draft;
        record.state = match draft.consent {
            Some(_) => RecordState::Consented,
            None => RecordState::AwaitingConsent,
        };
        let front = examiner.parts().keys.front();
        records::update(connection, &front, &mut record, examiner.now()).await?;
        Ok(())
    }
}

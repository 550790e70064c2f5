//! Finishing: what is final on the chain is written into the tables, after its copies are made.

use database::{
    MySqlConnection, RowError,
    anchoring_jobs::{self, JobState},
    index, owner_key_backups,
    record_backups::{self, Backup},
    record_events::RecordEventKind,
    record_versions,
    records::{self, Record, RecordState},
    sealed::{Anchor, SealedVersion},
};
use keyring::{OwnerKey, WrappedOwnerKey};
use record::{
    B256,
    ids::{RecordId, Version},
};

use crate::{
    Problem,
    consent::Statement,
    fate::Death,
    plan::Plan,
    reading::Cells,
    round::Sight,
    work::{RoundError, Work},
};

/// The copies of one anchored version.
struct Copies {
    version: Backup,
    key: WrappedOwnerKey,
}

/// By what a record is found.
#[derive(Clone, Copy)]
struct Indexes {
    email: [u8; 32],
    wallet: [u8; 32],
}

impl Indexes {
    const fn of(record: &Record) -> Self {
        Self {
            email: record.email_index,
            wallet: record.wallet_index,
        }
    }
}

/// The row of a plan as it was checked, and as it still is.
struct Row {
    record: Record,
    cells: Cells,
    statement: Statement,
}

impl Row {
    fn into_copies(self, plan: &Plan) -> Option<Copies> {
        let SealedVersion { values, consent } = self.cells.sealed;
        let record = Record {
            uid: Some(plan.uid),
            ..self.record
        };
        let version = Backup {
            record,
            values,
            consent: consent?,
        };
        let key = self.cells.wrapped;
        Some(Copies { version, key })
    }
}

impl Work {
    /// Finishes a plan whose transaction succeeded at depth; tells what holds it up.
    pub async fn finish(
        &self,
        sight: &Sight,
        plan: &Plan,
        hash: B256,
        block: u64,
    ) -> Result<Option<Problem>, RoundError> {
        let Some(known) = self.standing_on_chain(sight, plan).await? else {
            tracing::error!(job = plan.job.id, uid = %plan.uid,
                "what was written does not stand where it belongs: if a second controller key is in use, a proof may have become a version of another record, which the authority has to void");
            self.bury(plan, Death::Displaced).await?;
            return Ok(None);
        };
        let Some(version) = plan.job.version else {
            return self.finish_retirement(plan, hash, block).await;
        };
        let is_retired = known.retired.is_some();
        let anchor = Anchor {
            uid: plan.uid,
            timestamp: plan.timestamp,
            transaction: hash,
            block,
            leaves: Vec::new(),
        };
        let copies = self.prepare_copies(plan, version, anchor).await?;
        match &copies {
            Some(copies) => {
                if let Err(error) = self.store(copies).await {
                    tracing::warn!(job = plan.job.id, %error, "a copy could not be made yet");
                    return Ok(Some(Problem::BackupOutOfReach));
                }
            }
            None if is_retired => tracing::warn!(job = plan.job.id, uid = %plan.uid,
                "the record was retired before it could be copied"),
            None => {
                tracing::error!(job = plan.job.id, uid = %plan.uid,
                    "the record was changed after it was checked: it is not finished before it is put right");
                return Ok(Some(Problem::RowTampered));
            }
        }
        let indexes = copies.map(|copies| Indexes::of(&copies.version.record));
        self.conclude(plan, (hash, block), version, indexes, is_retired)
            .await
    }

    /// Commits the anchor cell and gives what is to be copied; nothing when the row no longer gives the anchored proof.
    async fn prepare_copies(
        &self,
        plan: &Plan,
        version: Version,
        anchor: Anchor,
    ) -> Result<Option<Copies>, RoundError> {
        let id = plan.job.record_id;
        let mut transaction = self.begin().await?;
        self.lock_unchanged(&mut transaction, &plan.job).await?;
        let Some(mut row) = self.unaltered(&mut transaction, plan, version).await? else {
            return Ok(None);
        };
        // A correction is found by its e-mail address and its wallet once it is anchored, and not before.
        row.record.wallet_index = index::wallet(self.keys().index(), &row.statement.wallet());
        if let Some(email) = row.statement.email() {
            row.record.email_index = index::email(self.keys().index(), email);
        }
        let anchor = Anchor {
            leaves: row.statement.leaves(),
            ..anchor
        };
        let Cells { sealed, key, .. } = &mut row.cells;
        if !holds(sealed, key, &anchor) {
            let draft = sealed.values.draft;
            let cell = anchor.seal(key, version, draft, &mut rand::rng());
            let cell = cell.expect("as many leaves as fields, and those fit the proof's format");
            record_versions::set_anchor(&mut transaction, id, version, &cell).await?;
            sealed.values.anchor = Some(cell);
        }
        transaction.commit().await?;
        Ok(row.into_copies(plan))
    }

    /// The row of a plan, locked; nothing when it no longer gives the anchored proof.
    async fn unaltered(
        &self,
        connection: &mut MySqlConnection,
        plan: &Plan,
        version: Version,
    ) -> Result<Option<Row>, RoundError> {
        let id = plan.job.record_id;
        let record = self.record_or_nothing(connection, id, version).await?;
        let cells = self.sealed(connection, id, version).await?;
        let (Some(record), Ok(cells)) = (record, cells) else {
            return Ok(None);
        };
        let Ok(statement) = Statement::open(&cells.sealed, &cells.key, &self.front) else {
            return Ok(None);
        };
        let proof = statement.proof(self.reader(), plan.uid, version, plan.timestamp);
        Ok((proof == plan.proof).then_some(Row {
            record,
            cells,
            statement,
        }))
    }

    async fn store(&self, copies: &Copies) -> Result<(), RowError> {
        let now = self.now();
        let mut keys = self.parts.key_backup.acquire().await?;
        owner_key_backups::insert(&mut keys, &copies.key, now).await?;
        let mut backup = self.parts.backup.acquire().await?;
        record_backups::insert(&mut backup, &copies.version, now).await?;
        Ok(())
    }

    /// Record, job and history, in one transaction. Nothing while the record is not as we wrote it: who has finished is not
    /// looked at again. A retired one may be gone.
    async fn conclude(
        &self,
        plan: &Plan,
        (hash, block): (B256, u64),
        version: Version,
        indexes: Option<Indexes>,
        is_retired: bool,
    ) -> Result<Option<Problem>, RoundError> {
        let now = self.now();
        let mut transaction = self.begin().await?;
        let mut job = self.lock_unchanged(&mut transaction, &plan.job).await?;
        match self
            .record_or_nothing(&mut transaction, job.record_id, version)
            .await?
        {
            Some(mut record) => {
                // Another row that claims our UID was not written by us.
                let claims = records::release_uid(&mut transaction, plan.uid, record.id).await?;
                if claims > 0 {
                    tracing::error!(uid = %plan.uid, claims, "rows claimed a UID that is not theirs");
                }
                record.uid = Some(plan.uid);
                record.state = RecordState::Anchored;
                let indexes = indexes.unwrap_or(Indexes::of(&record));
                (record.email_index, record.wallet_index) = (indexes.email, indexes.wallet);
                records::update(&mut transaction, &self.front, &mut record, now).await?;
            }
            None if is_retired => {}
            None => return Ok(Some(Problem::RowTampered)),
        }
        (job.state, job.problem) = (JobState::Anchored, None);
        (job.transaction_hash, job.block_number) = (Some(hash), Some(block));
        anchoring_jobs::update(&mut transaction, self.keys(), &mut job, now).await?;
        self.tell(&mut transaction, job.record_id, RecordEventKind::Anchored)
            .await?;
        transaction.commit().await?;
        Ok(None)
    }

    /// The record of a plan, locked; nothing when it is gone or not as we wrote it.
    async fn record_or_nothing(
        &self,
        connection: &mut MySqlConnection,
        id: RecordId,
        version: Version,
    ) -> Result<Option<Record>, RoundError> {
        match records::lock(connection, &self.front, id).await {
            Ok(record) => Ok(record.filter(|record| record.version == version)),
            Err(error) if error.is_tampering() => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}

/// Whether the anchor cell is there already, from an attempt that did not get to its end.
fn holds(sealed: &SealedVersion, key: &OwnerKey, anchor: &Anchor) -> bool {
    matches!(sealed.open(key).anchor, Some(Ok(there)) if there == *anchor)
}

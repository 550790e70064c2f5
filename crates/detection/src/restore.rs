//! Verified restore: the backup's copy goes back only if its own recomputed proof equals the chain's.

use std::collections::BTreeMap;

use chain::OnChainRecord;
use database::evidence::{self, Evidence};
use database::incident_events::IncidentEventKind;
use database::incident_findings;
use database::record_backups::{self, Backup, StoredBackup};
use database::record_events::{self, Actor, RecordEventKind};
use database::records::Record;
use database::verifications::{Source, Subject};
use database::{
    MySqlConnection, MySqlPool, RowError, consents, owner_key_backups, owner_keys, record_versions,
    records,
};
use keyring::WrappedOwnerKey;
use record::ids::{RecordId, StaffId, Uid, Version};
use sqlx::Connection;

use crate::examiner::Examined;
use crate::obstacle::Hindrance;
use crate::registrar::{Occasion, Registrar};
use crate::verdict::{Finding, Verdict};

/// The databases that a restore reads from and writes to, through the account that exists for it.
pub struct RestoreParts {
    /// The main database.
    pub main: MySqlPool,
    /// The backup of records.
    pub backup: MySqlPool,
    /// The backup of owner keys.
    pub keys: MySqlPool,
}

/// Restores records.
pub struct Restorer {
    registrar: Registrar,
    parts: RestoreParts,
}

/// What a restore of one record would come to.
pub enum Plan {
    /// The backup's copy gives exactly the chain's word.
    Matches(Box<Copy>),
    /// There is no copy.
    NoBackup,
    /// There are copies, and none of them gives the chain's word; here is what the newest would be judged.
    DoesNotMatch(Box<Finding>),
    /// The chain does not know the record: there is nothing to compare with.
    NotOnChain,
    /// The record ended on the chain: nothing goes back.
    Retired,
}

/// A copy that was verified against the chain.
pub struct Copy {
    chain: OnChainRecord,
    versions: Vec<Backup>,
    key: WrappedOwnerKey,
}

/// Why nothing was restored.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// The plan does not allow it (any more).
    #[error("the backup does not match the chain")]
    Refused,
    /// Nothing could be read or written.
    #[error(transparent)]
    Hindered(#[from] Hindrance),
}

impl From<RowError> for RestoreError {
    fn from(error: RowError) -> Self {
        Self::Hindered(error.into())
    }
}

impl From<sqlx::Error> for RestoreError {
    fn from(error: sqlx::Error) -> Self {
        Self::Hindered(error.into())
    }
}

impl Restorer {
    /// Of these parts.
    #[must_use]
    pub fn new(registrar: Registrar, parts: RestoreParts) -> Self {
        Self { registrar, parts }
    }

    /// Compares the backup's copies of a record with the chain.
    pub async fn plan(&self, uid: Uid) -> Result<Plan, Hindrance> {
        let copies = record_backups::of_uid(&mut *self.parts.backup.acquire().await?, uid).await?;
        let examiner = self.registrar.examiner();
        let Some(chain) = examiner.on_chain(uid).await? else {
            return Ok(Plan::NotOnChain);
        };
        if chain.retired.is_some() {
            return Ok(Plan::Retired);
        }
        if copies.is_empty() {
            return Ok(Plan::NoBackup);
        }
        let mut newest: Option<Finding> = None;
        for (record, copies) in by_record(&copies) {
            for key in self.keys_of(record).await? {
                for candidate in candidates(&chain, &copies) {
                    let finding = examiner.judged(
                        Some(&chain),
                        Some(&evidence_of(&candidate, &key)),
                        None,
                        None,
                    );
                    if finding.verdict == Verdict::Valid {
                        return Ok(Plan::Matches(Box::new(Copy {
                            chain,
                            versions: candidate,
                            key,
                        })));
                    }
                    newest.get_or_insert(finding);
                }
            }
        }
        Ok(newest.map_or(Plan::NoBackup, |finding| {
            Plan::DoesNotMatch(Box::new(finding))
        }))
    }

    /// The owner's key, from its own backup or as it stands.
    async fn keys_of(&self, record: RecordId) -> Result<Vec<WrappedOwnerKey>, Hindrance> {
        let mut keys =
            owner_key_backups::of_record(&mut *self.parts.keys.acquire().await?, record).await?;
        keys.extend(owner_keys::of_record(&mut *self.parts.main.acquire().await?, record).await?);
        Ok(keys)
    }

    /// Restores a record, if the backup still matches, and verifies it again. The row as found stays with the incident.
    pub async fn restore(&self, uid: Uid, by: StaffId) -> Result<Examined, RestoreError> {
        let found = self.registrar.examiner().subject(Subject::uid(uid)).await?;
        if let Some(found) = found {
            // Whatever is about to be written over is kept first.
            self.registrar.file(found, BY_HAND).await?;
        }
        let plan = self.plan(uid).await?;
        let Plan::Matches(copy) = plan else {
            self.note(uid, by, IncidentEventKind::RestoreRefused)
                .await?;
            return Err(RestoreError::Refused);
        };
        self.write_back(uid, &copy, by).await?;
        self.note(uid, by, IncidentEventKind::Restored).await?;
        let examined = self.registrar.examiner().subject(Subject::uid(uid)).await?;
        let examined = examined.ok_or(RestoreError::Refused)?;
        Ok(self.registrar.file(examined, BY_HAND).await?)
    }

    /// All of it in one transaction, under the account that may.
    async fn write_back(&self, uid: Uid, copy: &Copy, by: StaffId) -> Result<(), RestoreError> {
        let parts = self.registrar.examiner().parts();
        let (front, now) = (parts.keys.front(), self.registrar.examiner().now());
        let Some(newest) = copy.versions.last() else {
            return Err(RestoreError::Refused);
        };
        let mut connection = self.parts.main.acquire().await?;
        let mut transaction = connection.begin().await?;
        records::release_uid(&mut transaction, uid, newest.record.id).await?;
        records::put(&mut transaction, &front, &newest.record).await?;
        owner_keys::put(&mut transaction, &copy.key, now).await?;
        for version in &copy.versions {
            record_versions::put(&mut transaction, &version.values).await?;
            consents::put(&mut transaction, &version.consent).await?;
        }
        self.remove_surplus(&mut transaction, copy, &newest.record)
            .await?;
        let actor = Actor::Staff(by);
        record_events::append(
            &mut transaction,
            &front,
            newest.record.id,
            RecordEventKind::Restored,
            actor,
            now,
        )
        .await?;
        transaction.commit().await?;
        tracing::info!(uid = uid.get(), "a record was restored");
        Ok(())
    }

    /// A version that somebody put beside the record's own goes, unless it is a draft on its way.
    async fn remove_surplus(
        &self,
        connection: &mut MySqlConnection,
        copy: &Copy,
        record: &Record,
    ) -> Result<(), RestoreError> {
        let stands = evidence::by_record(connection, record.id).await?;
        let examiner = self.registrar.examiner();
        let finding = examiner.judged(Some(&copy.chain), stands.as_ref(), None, None);
        if finding.verdict == Verdict::Forged {
            record_versions::remove_above(connection, record.id, record.version).await?;
            consents::remove_above(connection, record.id, record.version).await?;
        }
        Ok(())
    }

    /// Adds a step to every incident that is open about this record, and the mail of a restore.
    async fn note(&self, uid: Uid, by: StaffId, kind: IncidentEventKind) -> Result<(), Hindrance> {
        let parts = self.registrar.examiner().parts();
        let mut connection = parts.pool.acquire().await?;
        let open =
            incident_findings::unresolved(&mut connection, &parts.keys, Subject::uid(uid)).await?;
        let mut incidents: Vec<u64> = open
            .rows
            .iter()
            .map(|finding| finding.incident_id)
            .collect();
        incidents.dedup();
        let mut transaction = connection.begin().await?;
        for incident in incidents {
            let detail = format!("record {uid}");
            self.registrar
                .note(&mut transaction, incident, kind, Some(by), Some(&detail))
                .await?;
            if kind == IncidentEventKind::Restored {
                self.registrar
                    .tell_restored(&mut transaction, incident, uid)
                    .await?;
            }
        }
        transaction.commit().await?;
        Ok(())
    }
}

const BY_HAND: Occasion = Occasion {
    source: Source::Button,
    round: None,
};

fn by_record(copies: &[StoredBackup]) -> BTreeMap<RecordId, Vec<&StoredBackup>> {
    let mut grouped: BTreeMap<RecordId, Vec<&StoredBackup>> = BTreeMap::new();
    for copy in copies {
        grouped.entry(copy.backup.record.id).or_default().push(copy);
    }
    grouped
}

/// One copy of each version that the chain holds, in every way that several copies of one version allow. Somebody who
/// plants copies can't hide the genuine one behind them; beyond a bound they only make noise.
fn candidates(chain: &OnChainRecord, copies: &[&StoredBackup]) -> Vec<Vec<Backup>> {
    const MOST: usize = 64;
    let mut ways: Vec<Vec<Backup>> = vec![Vec::new()];
    for version in chain
        .versions
        .iter()
        .filter(|version| !version.voided)
        .map(|version| version.version)
    {
        let of_version: Vec<&Backup> = of_version(copies, version);
        ways = ways
            .iter()
            .flat_map(|way| {
                of_version
                    .iter()
                    .map(move |copy| [way.as_slice(), &[(*copy).clone()]].concat())
            })
            .take(MOST)
            .collect();
    }
    ways.retain(|way| !way.is_empty());
    ways
}

fn of_version<'a>(copies: &[&'a StoredBackup], version: Version) -> Vec<&'a Backup> {
    copies
        .iter()
        .map(|copy| &copy.backup)
        .filter(|backup| backup.values.version == version)
        .collect()
}

/// The copy as if it stood in the database.
fn evidence_of(versions: &[Backup], key: &WrappedOwnerKey) -> Evidence {
    let newest = &versions[versions.len() - 1].record;
    Evidence {
        record_id: newest.id,
        claimed_uid: newest.uid.map(Uid::get),
        entered_at: newest.created_at,
        owner_key: Some(key.clone()),
        versions: versions.iter().map(Backup::sealed).collect(),
        stray_versions: 0,
    }
}

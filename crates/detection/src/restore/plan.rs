//! What a restore of one record would come to: which copies there are, and whether one gives the chain's word.

use std::collections::BTreeMap;

use chain::{OnChainRecord, OnChainVersion};
use database::evidence::{self, Evidence};
use database::record_backups::{self, Backup, StoredBackup};
use database::records::{Head, Record, RecordState};
use database::verifications::Subject;
use database::{owner_key_backups, owner_keys};
use keyring::{FrontKeys, Header, WrappedOwnerKey};
use record::ids::{KeyId, RecordId, Uid, Version};

use super::Restorer;
use crate::examiner::Examined;
use crate::obstacle::Hindrance;
use crate::verdict::{Finding, Obstacle, Reason, Verdict};

/// What a restore of one record would come to.
pub enum Plan {
    /// The record is as signed: there is nothing to put back.
    InOrder,
    /// A copy gives exactly the chain's word: the backup's, or rows that the binary log held.
    Matches(Box<Copy>),
    /// There is no copy.
    NoBackup,
    /// There is no copy of a version that the chain holds, though there are copies of others.
    NoBackupOf(Version),
    /// There are copies, and none of them gives the chain's word; here is what the newest would be judged.
    DoesNotMatch(Box<Finding>),
    /// The chain does not know the record: there is nothing to compare with.
    NotOnChain,
    /// The record ended on the chain: nothing goes back.
    Retired,
}

/// What the chain says of a record, and the final block up to which it was read.
#[derive(Clone)]
pub(super) struct Seen {
    pub(super) record: OnChainRecord,
    pub(super) block: u64,
}

impl Seen {
    /// The versions that count.
    pub(super) fn versions(&self) -> impl Iterator<Item = &OnChainVersion> {
        self.record.versions.iter().filter(|one| !one.voided)
    }
}

/// A copy that was verified against the chain.
pub struct Copy {
    pub(super) chain: Seen,
    pub(super) versions: Vec<Backup>,
    pub(super) key: WrappedOwnerKey,
    pub(super) is_from_log: bool,
}

impl Copy {
    /// Whether the binary log gave it, and not the backup.
    #[must_use]
    pub fn is_from_log(&self) -> bool {
        self.is_from_log
    }
}

impl Restorer {
    /// Compares the backup's copies of a record that is not in order with the chain, and where none matches the rows before
    /// that the binary log held.
    pub async fn plan(&self, uid: Uid) -> Result<Plan, Hindrance> {
        let stands = self.registrar.examiner().subject(Subject::uid(uid)).await?;
        self.plan_for(uid, stands.as_ref()).await
    }

    /// The plan for a record that was just examined.
    pub(super) async fn plan_for(
        &self,
        uid: Uid,
        stands: Option<&Examined>,
    ) -> Result<Plan, Hindrance> {
        if stands.is_some_and(|stands| stands.finding.verdict == Verdict::Valid) {
            return Ok(Plan::InOrder);
        }
        let stored = record_backups::of_uid(&mut *self.parts.backup.acquire().await?, uid).await?;
        let examiner = self.registrar.examiner();
        let block = examiner.sight().await?.block;
        let Some(record) = examiner.on_chain(uid, &block).await? else {
            return Ok(Plan::NotOnChain);
        };
        if record.retired.is_some() {
            return Ok(Plan::Retired);
        }
        let chain = Seen {
            record,
            block: block.number,
        };
        let plan = self.backup_plan(&chain, stored).await?;
        if let Plan::Matches(_) = plan {
            return Ok(plan);
        }
        Ok(match self.log_copy(uid, &chain).await? {
            Some(copy) => Plan::Matches(Box::new(copy)),
            None => plan,
        })
    }

    async fn backup_plan(
        &self,
        chain: &Seen,
        stored: Vec<StoredBackup>,
    ) -> Result<Plan, Hindrance> {
        if stored.is_empty() {
            return Ok(Plan::NoBackup);
        }
        let mut copies: BTreeMap<RecordId, Vec<Backup>> = BTreeMap::new();
        for copy in stored {
            let backup = copy.backup;
            copies.entry(backup.record.id).or_default().push(backup);
        }
        for (record, copies) in &copies {
            for key in self.keys_of(*record).await? {
                if let Some(copy) = self.whole(chain, copies, key).await? {
                    return Ok(Plan::Matches(Box::new(copy)));
                }
            }
        }
        self.mismatch(chain, &copies).await
    }

    /// One copy of each version that the chain holds, each whole by itself, and valid together. Whoever plants copies
    /// can't hide the genuine ones behind them.
    pub(super) async fn whole(
        &self,
        chain: &Seen,
        copies: &[Backup],
        key: WrappedOwnerKey,
    ) -> Result<Option<Copy>, Hindrance> {
        let examiner = self.registrar.examiner();
        let front = examiner.parts().keys.front();
        let mut versions = Vec::new();
        for version in chain.versions() {
            match self
                .whole_version(chain, version, &versions, copies, &key)
                .await?
            {
                Some(copy) => versions.push(copy.clone()),
                None => return Ok(None),
            }
        }
        let Some(row) = evidence_of(&versions, &key, &front) else {
            return Ok(None);
        };
        let finding = examiner.judged(&chain.record, Some(&row), &[], None);
        let is_valid = finding.await?.verdict == Verdict::Valid;
        Ok(is_valid.then(|| Copy {
            chain: chain.clone(),
            versions,
            key,
            is_from_log: false,
        }))
    }

    /// The first copy of a version that is whole by itself, and whose wallet may follow that of the versions `before`.
    async fn whole_version<'c>(
        &self,
        chain: &Seen,
        version: &OnChainVersion,
        before: &[Backup],
        copies: &'c [Backup],
        key: &WrappedOwnerKey,
    ) -> Result<Option<&'c Backup>, Hindrance> {
        let examiner = self.registrar.examiner();
        let front = examiner.parts().keys.front();
        let of_version = |copy: &&Backup| copy.values.version == version.version;
        for copy in copies.iter().filter(of_version) {
            let with_it = [before, std::slice::from_ref(copy)].concat();
            let Some(row) = evidence_of(&with_it, key, &front) else {
                continue;
            };
            if examiner.holds(&chain.record, version, &row).await? {
                return Ok(Some(copy));
            }
        }
        Ok(None)
    }

    /// Why there is nothing to put back: a version without a copy, or what the newest copies would be judged.
    async fn mismatch(
        &self,
        chain: &Seen,
        copies: &BTreeMap<RecordId, Vec<Backup>>,
    ) -> Result<Plan, Hindrance> {
        let mut newest: Vec<&Backup> = Vec::new();
        for version in chain.versions() {
            let all = copies.values().flatten();
            let mut of_version = all.filter(|copy| copy.values.version == version.version);
            match of_version.next() {
                Some(copy) => newest.push(copy),
                None => return Ok(Plan::NoBackupOf(version.version)),
            }
        }
        let Some(record) = newest.last().map(|copy| copy.record.id) else {
            return Ok(Plan::NoBackup);
        };
        newest.retain(|copy| copy.record.id == record);
        let newest: Vec<Backup> = newest.into_iter().cloned().collect();
        let keys = self.keys_of(record).await?;
        let examiner = self.registrar.examiner();
        let front = examiner.parts().keys.front();
        let row = keys
            .first()
            .and_then(|key| evidence_of(&newest, key, &front));
        let finding = examiner.judged(&chain.record, row.as_ref(), &[], None);
        let finding = finding.await?;
        match finding.reason {
            // Nobody can say that it does not match.
            Reason::Obstacle(Obstacle::ChainForgets) => Err(Hindrance::Forgotten),
            _ => Ok(Plan::DoesNotMatch(Box::new(finding))),
        }
    }

    /// The owner's key, as it stands and from its own backup. There may be two, while it is replaced: the one that what stands is sealed
    /// under comes first, or what no copy holds would be lost with it.
    pub(super) async fn keys_of(
        &self,
        record: RecordId,
    ) -> Result<Vec<WrappedOwnerKey>, Hindrance> {
        let mut main = self.parts.main.acquire().await?;
        let mut keys = Vec::from_iter(owner_keys::of_record(&mut main, record).await?);
        let application = &self.registrar.examiner().parts().keys;
        keys.retain(|key| application.unwrap_owner_key(key).is_ok());
        let named = named_by(evidence::by_record(&mut main, record).await?.as_ref());
        drop(main);
        let mut backups =
            owner_key_backups::of_record(&mut *self.parts.keys.acquire().await?, record).await?;
        backups.sort_by_key(|key| !named.contains(&key.key_id));
        keys.extend(backups);
        Ok(keys)
    }
}

/// The keys that what stands of the versions is sealed under, as far as it tells.
fn named_by(stands: Option<&Evidence>) -> Vec<KeyId> {
    let versions = stands.iter().flat_map(|stands| &stands.versions);
    let headers = versions.filter_map(|one| Header::read(&one.values.wallet));
    headers.map(|header| header.key_id).collect()
}

/// The head that goes back with a copy as the newest version: of an anchored record, whatever the copy's says.
pub(super) fn head_over(newest: &Backup) -> Record {
    Record {
        state: RecordState::Anchored,
        version: newest.values.version,
        draft: newest.values.draft,
        ..newest.record.clone()
    }
}

/// Copies as if they stood in the database, under the head that a restore would write; none without a copy.
fn evidence_of(versions: &[Backup], key: &WrappedOwnerKey, front: &FrontKeys) -> Option<Evidence> {
    let newest = head_over(versions.last()?);
    Some(Evidence {
        record_id: newest.id,
        claimed_uid: newest.uid.map(Uid::get),
        entered_at: newest.created_at,
        head: Some(Head::of(newest, front)),
        owner_key: Some(key.clone()),
        versions: versions.iter().map(Backup::sealed).collect(),
        stray_versions: 0,
    })
}

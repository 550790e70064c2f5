//! Destroying the values of versions that another one replaced, once nothing needs them any more (docs/RECTIFICATION.md tells what
//! stays, and why that is enough to verify the version for ever), and whatever is left of a record that was erased on the chain.

mod erasing;
mod failure;
mod later;
mod waiting;

use std::time::Duration;

use chain::OnChainRecord;
use database::evidence::{self, Evidence};
use database::operations_alarms::AlarmKind;
use database::record_backups::{self, Backup, StoredBackup};
use database::record_events::{self, Actor, RecordEventKind};
use database::sealed::{SealedVersion, seal_cell};
use database::verifications::{Source, Subject};
use database::{MySqlConnection, MySqlPool, access_copies, consents, record_versions, records};
use keyring::{CellKind, OwnerKey};
use record::ids::{Uid, Version};
use sqlx::Connection;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

use self::erasing::Erased;
use self::failure::Failure;
use self::later::Later;
pub(crate) use self::waiting::Waiting;
use crate::examiner::Remains;
use crate::obstacle::Hindrance;
use crate::registrar::{Occasion, Registrar};
use crate::verdict::{Verdict, newest_of};

/// So often it is looked at what has to be tried again.
const TICK: Duration = Duration::from_secs(5);

/// Whatever led here, watch, sweep or button: it was told already, or is in a moment.
const COME_ACROSS: Occasion = Occasion {
    source: Source::Sweep,
    round: None,
};

/// Whatever fails is tried again sooner.
const QUIET: Duration = Duration::from_secs(150);

/// The databases that values are destroyed in, through the account that exists for it.
pub struct RedactionParts {
    /// The main database.
    pub main: MySqlPool,
    /// The backup of records.
    pub backup: MySqlPool,
    /// The backup of owner keys.
    pub keys: MySqlPool,
}

/// Destroys replaced values, and erased records.
pub struct Redactor {
    registrar: Registrar,
    parts: RedactionParts,
    /// For so long after it was signed a version keeps its values in any case.
    receipt: Duration,
}

/// A version whose values are to go, as it stands and as it will.
struct Replaced {
    before: SealedVersion,
    after: Backup,
}

impl Redactor {
    /// Of these parts. For as long as its owner may fetch the `receipt` of what they signed, a version keeps its values.
    #[must_use]
    pub fn new(registrar: Registrar, parts: RedactionParts, receipt: Duration) -> Self {
        Self {
            registrar,
            parts,
            receipt,
        }
    }

    /// Works on what verifications come across, until told to end.
    pub async fn run(self, ended: CancellationToken) {
        let (waiting, mut later) = (&self.registrar.waiting, Later::default());
        // It comes although something else comes all the time.
        let mut ticks = tokio::time::interval(TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = ended.cancelled() => return,
                uid = waiting.next() => self.turn(uid, &mut later).await,
                _ = ticks.tick() => {
                    later.due().for_each(|uid| waiting.add(uid));
                    self.note(self.end_quiet_alarm().await);
                }
            }
        }
    }

    async fn turn(&self, uid: Uid, later: &mut Later) {
        if later.holds(uid) {
            return;
        }
        match self.work_on(uid).await {
            Ok(None) => {
                if later.succeeded(uid) {
                    self.note(self.settle_alarm(false).await);
                }
            }
            Ok(Some(pause)) => later.put_off(uid, pause),
            Err(failure) => {
                tracing::warn!(uid = uid.get(), cause = ?failure, "replaced values, or an erased record, could not be destroyed");
                // The copy of a version that was anchored a moment ago is on its way.
                if later.failed(uid) > 1 && !failure.has_an_alarm_of_its_own() {
                    self.note(self.settle_alarm(true).await);
                }
            }
        }
    }

    fn note(&self, alarm: Result<(), Hindrance>) {
        if let Err(hindrance) = alarm {
            tracing::warn!(cause = ?hindrance, "the alarm about replaced values could not be noted or ended");
        }
    }

    async fn settle_alarm(&self, has_failed: bool) -> Result<(), Hindrance> {
        let (examiner, kind) = (self.registrar.examiner(), AlarmKind::ValuesNotDestroyed);
        let mut connection = examiner.parts().pool.acquire().await?;
        match has_failed {
            true => examiner.raise_alarm(&mut connection, kind).await,
            false => examiner.end_alarm(&mut connection, kind).await.map(drop),
        }
    }

    /// Of an earlier process, or of another one that is gone.
    async fn end_quiet_alarm(&self) -> Result<(), Hindrance> {
        let mut connection = self.registrar.examiner().parts().pool.acquire().await?;
        let kind = AlarmKind::ValuesNotDestroyed;
        self.registrar
            .end_when_quiet(&mut connection, kind, QUIET)
            .await
    }

    /// Destroys what there is to be destroyed of a record; tells after which time more is.
    async fn work_on(&self, uid: Uid) -> Result<Option<Duration>, Failure> {
        let examiner = self.registrar.examiner();
        // Once more with all that a verdict rests on: other rows that claim the UID, jobs, who else carries the nonce.
        let sight = examiner.sight().await?;
        let stands = examiner.subject_seen(Subject::uid(uid), sight).await?;
        let chain = examiner.on_chain(uid, &sight.block).await?;
        let (Some(stands), Some(chain)) = (stands, chain) else {
            return Ok(None);
        };
        if stands.remains != Remains::None {
            // Before nothing can be seen of it any more. It is the same as what led here, read again.
            let is_told = match stands.finding.verdict.is_bad() {
                true => self.registrar.file(stands, COME_ACROSS).await?,
                false => stands,
            };
            let is_told = is_told.finding.verdict.is_bad();
            let erased = self.erase(&chain, &sight, is_told).await?;
            return Ok((erased == Erased::CameBack).then_some(TICK));
        }
        match stands.finding.verdict {
            Verdict::Valid => self.redact(uid, &chain).await,
            _ => Ok(None),
        }
    }

    /// Destroys the values of every version of a record that another one replaced; tells after which time more is to be done.
    /// Nothing is done to a record that is not valid, nor before the backup could bring back the version that replaced them.
    async fn redact(&self, uid: Uid, chain: &OnChainRecord) -> Result<Option<Duration>, Failure> {
        let mut connection = self.parts.main.acquire().await?;
        let mut transaction = connection.begin().await?;
        // Whoever makes a copy for its owner, or drafts a correction, locks the record's head first as well.
        records::lock_heads_of(&mut transaction, uid).await?;
        let Some(row) = evidence::by_uid(&mut transaction, uid).await? else {
            return Ok(None);
        };
        if !self.is_valid(chain, &row).await? {
            return Ok(None);
        }
        let (replaced, pause) = self.replaced(chain, &row)?;
        if replaced.is_empty() {
            return Ok(pause);
        }
        self.in_backup(chain, &row, &replaced).await?;
        self.in_rows(&mut transaction, chain, uid, &replaced)
            .await?;
        transaction.commit().await?;
        tracing::info!(
            uid = uid.get(),
            versions = replaced.len(),
            "replaced values were destroyed"
        );
        Ok(pause)
    }

    async fn is_valid(&self, chain: &OnChainRecord, row: &Evidence) -> Result<bool, Hindrance> {
        let examiner = self.registrar.examiner();
        let finding = examiner.judged(chain, Some(row), &[], None).await?;
        Ok(finding.verdict == Verdict::Valid)
    }

    /// The versions that are to lose their values now, and after which time the next one is. What the authority voided counts
    /// for nothing, and stays as it is.
    fn replaced(
        &self,
        chain: &OnChainRecord,
        row: &Evidence,
    ) -> Result<(Vec<Replaced>, Option<Duration>), Failure> {
        let (keys, now) = (
            &self.registrar.examiner().parts().keys,
            self.registrar.examiner().now(),
        );
        let wrapped = row.owner_key.as_ref().ok_or(Failure::WouldNotHold)?;
        let key = keys
            .unwrap_owner_key(wrapped)
            .map_err(|_| Failure::WouldNotHold)?;
        let counting = chain.versions.iter().filter(|one| !one.voided);
        let older = counting
            .rev()
            .skip(1)
            .filter_map(|older| row.version(older.version));
        let (mut replaced, mut pause) = (Vec::new(), None);
        for sealed in older.filter(|sealed| sealed.values.has_values()) {
            let signed_at = sealed.consent.as_ref().map(|consent| consent.received_at);
            let due = signed_at.ok_or(Failure::WouldNotHold)?.plus(self.receipt);
            if due > now {
                pause = pause.max(Some(due.since(now)));
                continue;
            }
            let after = self.what_stays(sealed, row, &key);
            replaced.push(Replaced {
                before: sealed.clone(),
                after: after.ok_or(Failure::WouldNotHold)?,
            });
        }
        Ok((replaced, pause))
    }

    /// A version without its values, and without what its message said of them.
    fn what_stays(&self, sealed: &SealedVersion, row: &Evidence, key: &OwnerKey) -> Option<Backup> {
        let examiner = self.registrar.examiner();
        let front = examiner.parts().keys.front();
        let site = examiner.parts().chain.deployment();
        let opened = sealed.open(key);
        let terms = opened.whole_message()?.terms(site.chain_id, site.relay);
        let (version, draft) = (sealed.values.version, sealed.values.draft);
        let (kind, rng) = (CellKind::ConsentTerms, &mut rand::rng());
        let cell = seal_cell(key, version, draft, kind, &terms.to_json(), rng);
        let mut record = row.head.as_ref()?.record.clone();
        (record.version, record.draft) = (version, draft);
        Some(Backup {
            record,
            values: sealed.values.redacted(),
            consent: sealed.consent.as_ref()?.redacted(cell, &front),
        })
    }

    /// Whether one of these copies holds the newest version whole.
    async fn is_backed_up(
        &self,
        chain: &OnChainRecord,
        row: &Evidence,
        stored: &[StoredBackup],
    ) -> Result<bool, Hindrance> {
        let Some(newest) = newest_of(chain) else {
            return Ok(false);
        };
        let examiner = self.registrar.examiner();
        let of_record = |copy: &&StoredBackup| copy.backup.record.id == row.record_id;
        for copy in stored.iter().filter(of_record) {
            let mut as_copied = row.clone();
            let copied = copy.backup.sealed();
            as_copied
                .versions
                .retain(|one| one.values.version != copied.values.version);
            as_copied.versions.push(copied);
            if examiner.holds(chain, newest, &as_copied).await? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// First in the backup: as long as the rows have their values, this is tried again.
    async fn in_backup(
        &self,
        chain: &OnChainRecord,
        row: &Evidence,
        replaced: &[Replaced],
    ) -> Result<(), Failure> {
        let mut connection = self.parts.backup.acquire().await?;
        let stored = record_backups::of_uid(&mut connection, chain.uid).await?;
        if !self.is_backed_up(chain, row, &stored).await? {
            return Err(Failure::NotBackedUp);
        }
        let now = self.registrar.examiner().now();
        for one in replaced {
            record_backups::insert(&mut connection, &one.after, now).await?;
            record_backups::remove_with_values(&mut connection, &one.after).await?;
        }
        Ok(())
    }

    async fn in_rows(
        &self,
        transaction: &mut MySqlConnection,
        chain: &OnChainRecord,
        uid: Uid,
        replaced: &[Replaced],
    ) -> Result<(), Failure> {
        let examiner = self.registrar.examiner();
        let (front, now) = (examiner.parts().keys.front(), examiner.now());
        for Replaced { before, after } in replaced {
            record_versions::redact(transaction, &before.values).await?;
            let consent = before.consent.as_ref().ok_or(Failure::WouldNotHold)?;
            consents::redact(transaction, consent, &after.consent).await?;
            let (kind, actor) = (RecordEventKind::ValuesDestroyed, Actor::System);
            let id = after.record.id;
            record_events::append(transaction, &front, id, kind, actor, now).await?;
        }
        // A copy made for the owner before holds the values, too; they may ask for another.
        if let Some(one) = replaced.first() {
            access_copies::end_all_of(transaction, &front, one.after.record.id).await?;
        }
        let stands = evidence::by_uid(transaction, uid).await?;
        match stands {
            Some(stands) if self.is_valid(chain, &stands).await? => Ok(()),
            _ => Err(Failure::WouldNotHold),
        }
    }
}

/// Whether a version that another anchored one stands above has its values still.
pub(crate) fn has_replaced_values(row: &Evidence) -> bool {
    let is_anchored = |version: &&SealedVersion| version.values.anchor.is_some();
    let newest = row.versions.iter().rfind(is_anchored);
    let newest = newest.map_or(Version::FIRST, |newest| newest.values.version);
    let is_replaced = |one: &SealedVersion| one.values.version < newest;
    let mut versions = row.versions.iter();
    versions.any(|one| is_replaced(one) && one.values.has_values())
}

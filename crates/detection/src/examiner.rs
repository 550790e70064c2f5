//! Reading what a verdict rests on, row first and chain after, and judging it. Button and sweep both come here.

mod orders;
mod reading;
mod retirement;
mod uids;
mod wallets;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use chain::{Block, ChainReader, OnChainRecord, OnChainVersion, SeenBlock};
use database::anchoring_jobs::{self, AnchoringJob, JobState};
use database::chain_progress::{self, ChainProgress};
use database::evidence::{self, Evidence};
use database::key_checks::{self, KeyCheck};
use database::operations_alarms::AlarmKind;
use database::verifications::Subject;
use database::{MySqlConnection, MySqlPool};
use keyring::ApplicationKeys;
use record::ids::{RecordId, Uid};
use record::time::{Clock, UnixMillis};

use crate::alarm_memory::AlarmMemory;
use crate::clock::ClockSeen;
use crate::obstacle::{Hindrance, alarm_of};
use crate::redaction::has_replaced_values;
use crate::verdict::{Facts, Finding, Job, Patience, Row, holds, judge};

/// The name under which the viewer remembers how far it saw the chain.
const READER: &str = "breach-viewer";

/// What an [`Examiner`] is made of.
pub struct ExaminerParts {
    /// The main database.
    pub pool: MySqlPool,
    /// The application keys.
    pub keys: ApplicationKeys,
    /// The chain, pinned.
    pub chain: ChainReader,
    /// The time.
    pub clock: Clock,
    /// How long records may wait.
    pub patience: Patience,
}

/// Examines records. A clone is a handle to the same.
#[derive(Clone)]
pub struct Examiner {
    parts: Arc<ExaminerParts>,
    keys_are_right: Arc<AtomicBool>,
    clock_seen: Arc<ClockSeen>,
    alarms: Arc<AlarmMemory>,
}

/// One subject, what was read of it, and what that came to.
pub struct Examined {
    /// What it is about.
    pub subject: Subject,
    /// The UID, when the chain knows it.
    pub uid: Option<Uid>,
    /// The rows as they were read.
    pub evidence: Option<Evidence>,
    /// The outcome.
    pub finding: Finding,
    /// Whether an anchor was on its way for it.
    pub in_flight: bool,
    /// What there is to be destroyed of it.
    pub remains: Remains,
    /// When its rows began to be read.
    pub at: UnixMillis,
}

/// What there is to be destroyed of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Remains {
    /// It was not erased.
    None,
    /// It was erased, and nothing is seen of it; a copy may have come back to where the viewer sees nothing.
    Unseen,
    /// It was erased, and rows of it are there, or it is not written down that none are.
    Seen,
}

impl Examined {
    /// Whether values stand there that another version replaced.
    pub(crate) fn has_replaced_values(&self) -> bool {
        self.evidence.as_ref().is_some_and(has_replaced_values)
    }

    /// The record, when there is a row.
    #[must_use]
    pub fn record_id(&self) -> Option<RecordId> {
        self.evidence.as_ref().map(|evidence| evidence.record_id)
    }
}

/// The chain at its newest final block.
#[derive(Clone, Copy)]
pub struct Sight {
    /// The final block.
    pub block: Block,
    /// The UID that the chain gives next.
    pub next_uid: Uid,
}

impl Sight {
    /// The newest UID given.
    #[must_use]
    pub fn last_uid(&self) -> Option<Uid> {
        Uid::new(self.next_uid.get() - 1)
    }
}

impl Examiner {
    /// Of these parts.
    #[must_use]
    pub fn new(parts: ExaminerParts) -> Self {
        Self {
            parts: Arc::new(parts),
            keys_are_right: Arc::default(),
            clock_seen: Arc::default(),
            alarms: Arc::default(),
        }
    }

    pub(crate) fn parts(&self) -> &ExaminerParts {
        &self.parts
    }

    pub(crate) fn alarms(&self) -> &AlarmMemory {
        &self.alarms
    }

    pub(crate) fn now(&self) -> UnixMillis {
        self.parts.clock.now()
    }

    pub(crate) fn clock_seen(&self) -> &ClockSeen {
        &self.clock_seen
    }

    /// Checks the keys. Once they were right they stay so for this process: whoever takes the known values away later must
    /// not stop the work by it.
    pub(crate) async fn check_keys(&self) -> Result<(), Hindrance> {
        if self.keys_are_right.load(Ordering::Relaxed) {
            return Ok(());
        }
        let mut connection = self.parts.pool.acquire().await?;
        match key_checks::verify(&mut connection, &self.parts.keys).await? {
            KeyCheck::Right => self.keys_are_right.store(true, Ordering::Relaxed),
            KeyCheck::Missing | KeyCheck::Wrong(_) => return Err(Hindrance::WrongKeys),
        }
        Ok(())
    }

    /// Checks the keys and the pins, looks at the newest final block, and at our clock beside the newest of all.
    pub async fn sight(&self) -> Result<Sight, Hindrance> {
        self.check_keys().await?;
        let mut connection = self.parts.pool.acquire().await?;
        let head = self.parts.chain.check_pins().await?;
        let seen = self.seen(&mut connection).await?;
        let block = self.parts.chain.final_block_below(&head, seen).await?;
        self.look_at_clock(&mut connection, &head).await?;
        let progress = ChainProgress {
            reader: READER.to_owned(),
            block_number: block.number,
            block_hash: block.hash,
            seen_at: self.now(),
        };
        // A row that is locked must not be waited for where there is nothing new to write.
        if seen.is_none_or(|seen| seen.number < block.number) {
            self.keep_progress(&mut connection, &progress).await?;
        }
        let next_uid = self.parts.chain.next_uid(&block).await?;
        Ok(Sight { block, next_uid })
    }

    /// Where the database does not keep it, the other pins still hold.
    async fn keep_progress(
        &self,
        connection: &mut MySqlConnection,
        progress: &ChainProgress,
    ) -> Result<(), Hindrance> {
        let kept = chain_progress::advance(connection, &self.parts.keys, progress).await;
        match kept.map_err(Hindrance::from) {
            Err(hindrance) if hindrance.concerns_one_thing() => {
                tracing::error!(cause = ?hindrance, "the database refuses to keep how far the chain was seen");
                self.note_refusal(connection, &hindrance).await;
                Ok(())
            }
            kept => kept,
        }
    }

    /// Raises the alarm about what the database refuses, if that can be done.
    async fn note_refusal(&self, connection: &mut MySqlConnection, refused: &Hindrance) {
        let kind = alarm_of(refused.obstacle());
        if let Err(hindrance) = self.raise_alarm(connection, kind).await {
            tracing::warn!(cause = ?hindrance, "an alarm could not be noted");
        }
    }

    async fn seen(&self, connection: &mut MySqlConnection) -> Result<Option<SeenBlock>, Hindrance> {
        match chain_progress::load(connection, &self.parts.keys, READER).await {
            Ok(seen) => Ok(seen.map(|seen| SeenBlock {
                number: seen.block_number,
                hash: seen.block_hash,
            })),
            // Written over by `advance`, which says so in the log; the other pins still hold.
            Err(error) if error.is_tampering() => {
                let kind = AlarmKind::RowTampered;
                self.raise_alarm(connection, kind).await?;
                Ok(None)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Examines one subject by itself: what the button does, and the second reading of a bad verdict.
    pub async fn subject(&self, subject: Subject) -> Result<Option<Examined>, Hindrance> {
        let at = self.now();
        let examined = self.looked_at(subject, None).await?;
        Ok(examined.map(|one| Examined { at, ..one }))
    }

    /// [`Self::subject`], with the chain as it was seen a moment ago: for many at once. Whatever is bad is read again anyway.
    pub(crate) async fn subject_seen(
        &self,
        subject: Subject,
        sight: Sight,
    ) -> Result<Option<Examined>, Hindrance> {
        let at = self.now();
        let examined = self.looked_at(subject, Some(sight)).await?;
        Ok(examined.map(|one| Examined { at, ..one }))
    }

    async fn looked_at(
        &self,
        subject: Subject,
        seen: Option<Sight>,
    ) -> Result<Option<Examined>, Hindrance> {
        if let Some(uid) = subject.as_uid() {
            let examined = self.uids_seen(uid, uid, seen).await?;
            if let Some(examined) = examined.into_iter().find(|one| one.subject == subject) {
                return Ok(Some(examined));
            }
            let row = evidence::by_uid(&mut *self.parts.pool.acquire().await?, uid).await?;
            return match row {
                Some(row) => {
                    let sight = self.sight_or(seen).await?;
                    self.unknown(row, &sight).await.map(Some)
                }
                None => Ok(None),
            };
        }
        let id = RecordId::from_bytes(*subject.as_bytes());
        let row = evidence::by_record(&mut *self.parts.pool.acquire().await?, id).await?;
        let Some(row) = row else { return Ok(None) };
        let sight = self.sight_or(seen).await?;
        let claimed = row
            .claimed_uid
            .and_then(Uid::new)
            .filter(|uid| *uid < sight.next_uid);
        let jobs = self.jobs_of(&row, &sight).await?;
        match claimed.or(lost_uid(&row, &jobs, &sight)) {
            // The chain knows it by now, or it is not the only row that claims this UID.
            Some(uid) => {
                let examined = self.uids_seen(uid, uid, seen).await?;
                Ok(examined.into_iter().find(|one| one.record_id() == Some(id)))
            }
            None => Ok(Some(self.not_on_chain(row, &jobs))),
        }
    }

    pub(crate) async fn sight_or(&self, seen: Option<Sight>) -> Result<Sight, Hindrance> {
        match seen {
            Some(sight) => Ok(sight),
            None => self.sight().await,
        }
    }

    /// The jobs of a row, as they stand to who reads the chain up to this block.
    async fn jobs_of(&self, row: &Evidence, sight: &Sight) -> Result<Vec<Job>, Hindrance> {
        let mut connection = self.parts.pool.acquire().await?;
        let (keys, block) = (&self.parts.keys, sight.block.number);
        reading::jobs(&mut connection, keys, row.record_id, block).await
    }

    /// Of rows that the chain does not know by themselves, those that it does not know by their jobs either. They were read
    /// at `at`.
    pub(crate) async fn all_unknown(
        &self,
        rows: Vec<Evidence>,
        sight: &Sight,
        at: UnixMillis,
    ) -> Result<Vec<Examined>, Hindrance> {
        let mut examined = Vec::with_capacity(rows.len());
        for row in rows {
            let jobs = self.jobs_of(&row, sight).await?;
            if lost_uid(&row, &jobs, sight).is_none() {
                let one = self.not_on_chain(row, &jobs);
                examined.push(Examined { at, ..one });
            }
        }
        Ok(examined)
    }

    /// A row that the chain does not know.
    pub(crate) async fn unknown(
        &self,
        row: Evidence,
        sight: &Sight,
    ) -> Result<Examined, Hindrance> {
        let jobs = self.jobs_of(&row, sight).await?;
        Ok(self.not_on_chain(row, &jobs))
    }

    fn not_on_chain(&self, row: Evidence, jobs: &[Job]) -> Examined {
        Examined {
            subject: Subject::row(row.record_id),
            uid: None,
            finding: self.judged_opened(None, Some(&Row::open(&row, &self.parts.keys)), jobs, None),
            evidence: Some(row),
            in_flight: jobs.iter().any(Job::is_in_flight),
            remains: Remains::None,
            at: self.now(),
        }
    }

    /// What a record with these rows would be judged, were they the ones in the database.
    pub(crate) async fn judged(
        &self,
        chain: &OnChainRecord,
        row: Option<&Evidence>,
        jobs: &[Job],
        nonce_also_at: Option<Uid>,
    ) -> Result<Finding, Hindrance> {
        let opened = self.opened([(chain, row)]).await?.pop().flatten();
        Ok(self.judged_opened(Some(chain), opened.as_ref(), jobs, nonce_also_at))
    }

    fn judged_opened(
        &self,
        chain: Option<&OnChainRecord>,
        row: Option<&Row>,
        jobs: &[Job],
        nonce_also_at: Option<Uid>,
    ) -> Finding {
        judge(&Facts {
            jobs,
            nonce_also_at,
            ..self.facts(chain, row)
        })
    }

    /// Whether these rows hold this version of the chain whole.
    pub(crate) async fn holds(
        &self,
        chain: &OnChainRecord,
        version: &OnChainVersion,
        row: &Evidence,
    ) -> Result<bool, Hindrance> {
        let opened = self.opened([(chain, Some(row))]).await?.pop().flatten();
        Ok(holds(&self.facts(Some(chain), opened.as_ref()), version))
    }

    fn facts<'a>(&self, chain: Option<&'a OnChainRecord>, row: Option<&'a Row>) -> Facts<'a> {
        let deployment = self.parts.chain.deployment();
        Facts {
            obstacle: None,
            chain_id: deployment.chain_id,
            relay: deployment.relay,
            chain,
            row,
            jobs: &[],
            nonce_also_at: None,
            retirement_is_proven: false,
            is_being_destroyed: false,
            is_left: false,
            patience: self.parts.patience,
            now: self.now(),
        }
    }

    /// The chain's word on a UID, as of this block.
    pub(crate) async fn on_chain(
        &self,
        uid: Uid,
        block: &Block,
    ) -> Result<Option<OnChainRecord>, Hindrance> {
        Ok(self.parts.chain.record(uid, block).await?)
    }

    /// The jobs of a record as they stand by now, whatever of them can be seen on the chain.
    pub(crate) async fn jobs(&self, id: RecordId) -> Result<Vec<AnchoringJob>, Hindrance> {
        let mut connection = self.parts.pool.acquire().await?;
        let jobs = anchoring_jobs::of_record(&mut connection, &self.parts.keys, id).await?;
        Ok(jobs.rows)
    }
}

/// The UID under which a row that claims none was anchored: it is looked at as that UID's, which it lost.
fn lost_uid(row: &Evidence, jobs: &[Job], sight: &Sight) -> Option<Uid> {
    let is_anchored = |job: &&Job| job.state == JobState::Anchored;
    let uid = jobs.iter().filter(is_anchored).find_map(|job| job.uid)?;
    (row.claimed_uid.is_none() && uid < sight.next_uid).then_some(uid)
}

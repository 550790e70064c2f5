//! Filing what was examined: the newest verdict on each subject, and the incident that a bad one opens.
//!
//! One incident gathers what one act did, and one mail tells of it. Since an act may fall into the middle of a round, an
//! incident gathers until every record was looked at once more; the mail goes out then, or after a minute.

mod filing;
mod incident;
mod open;
mod telling;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use database::operations_alarms::AlarmKind;
use database::verifications::{Source, Subject};
use database::{MySqlConnection, sweep_rounds};
use record::time::UnixMillis;
use tokio::sync::Mutex;

use crate::deletions::Counted;
use crate::examiner::{Examined, Examiner};
use crate::interruption::Greeted;
use crate::obstacle::Hindrance;
use crate::planted::PlantedRows;
use crate::redaction::Waiting;
use crate::verdict::Verdict;

/// After this time an incident is told by mail, whole or not. A longer pause between two findings parts them.
const GATHERING: Duration = Duration::from_secs(60);

/// The row that is locked while an incident is chosen.
const GATHERING_LOCK: &str = "incident";

/// Files verdicts. A clone is a handle to the same.
#[derive(Clone)]
pub struct Registrar {
    examiner: Examiner,
    officer: String,
    viewer_url: String,
    began_at: Instant,
    /// Held while a bad verdict is filed; processes keep to one another by a locked row. Since when that row can't be
    /// locked: to wait for it again each time would hold up everything.
    gathering: Arc<Mutex<Option<UnixMillis>>>,
    /// What this process saw of the records itself: rows can be put back, this can't.
    memory: Arc<RwLock<Memory>>,
    /// The planted rows that it saw.
    pub(crate) planted: Arc<std::sync::Mutex<PlantedRows>>,
    /// How many rows it saw in the tables that rows are only added to.
    pub(crate) counted: Arc<std::sync::Mutex<Counted>>,
    /// The incidents that it filled last, by number: they are found whatever is planted around them.
    filled: Arc<std::sync::Mutex<BTreeSet<u64>>>,
    /// How many pieces of evidence it has kept with each of the last ones.
    pub(crate) evidence: Arc<std::sync::Mutex<BTreeMap<u64, u64>>>,
    /// How the database's server greeted it last.
    pub(crate) greeted: Arc<Greeted>,
    /// What was come across while verifying, to be destroyed by whoever may.
    pub(crate) waiting: Arc<Waiting>,
    /// How often the database answered when a verdict was filed by itself, be it by a refusal.
    filed: Arc<AtomicU64>,
}

/// The subjects whose newest verdict is bad, and since when all subjects were looked at.
#[derive(Default)]
struct Memory {
    bad: HashSet<Subject>,
    /// Those that were in order again when we looked then.
    mended: HashMap<Subject, UnixMillis>,
    complete_since: Option<UnixMillis>,
}

/// On whose behalf something was examined.
#[derive(Debug, Clone, Copy)]
pub struct Occasion {
    /// Which way led to it.
    pub source: Source,
    /// The sweep's round.
    pub round: Option<u64>,
}

impl Registrar {
    /// Mails go to `officer`; links in them begin with `viewer_url`.
    #[must_use]
    pub fn new(examiner: Examiner, officer: String, viewer_url: &str) -> Self {
        Self {
            began_at: Instant::now(),
            examiner,
            officer,
            viewer_url: viewer_url.trim_end_matches('/').to_owned(),
            gathering: Arc::default(),
            memory: Arc::default(),
            planted: Arc::default(),
            counted: Arc::default(),
            filled: Arc::default(),
            evidence: Arc::default(),
            greeted: Arc::default(),
            waiting: Arc::default(),
            filed: Arc::default(),
        }
    }

    /// Who is told.
    pub(crate) fn officer(&self) -> &str {
        &self.officer
    }

    /// Whether mail stands in the outbox that nobody sends.
    pub(crate) fn holds_back_mail(&self) -> bool {
        let (alarms, kind) = (self.examiner.alarms(), AlarmKind::MailHeldBack);
        alarms.raised_after(kind, UnixMillis(0))
    }

    pub(crate) fn filed(&self) -> Arc<AtomicU64> {
        self.filed.clone()
    }

    /// Since when this process has worked.
    pub(crate) fn began_at(&self) -> Instant {
        self.began_at
    }

    /// Whether rounds were ended in this database before this process began.
    pub(crate) async fn was_at_work_before(
        &self,
        connection: &mut MySqlConnection,
    ) -> Result<bool, Hindrance> {
        let (keys, now) = (&self.examiner.parts().keys, self.examiner.now());
        let began_at = now.minus(self.began_at.elapsed());
        let rounds = sweep_rounds::newest(connection, keys).await?;
        let mut ended = rounds.iter().filter_map(|round| round.finished_at);
        Ok(ended.any(|at| at < began_at))
    }

    /// Who examines.
    #[must_use]
    pub fn examiner(&self) -> &Examiner {
        &self.examiner
    }

    /// Whether a finding on file can be about the trouble that its subject is in now: it was bad when this process last
    /// looked, or nobody has looked since. One of an earlier trouble that somebody put back is not.
    fn can_be_of_now(&self, subject: Subject, found_at: UnixMillis) -> bool {
        let memory = self.memory.read().unwrap_or_else(PoisonError::into_inner);
        if memory
            .mended
            .get(&subject)
            .is_some_and(|at| found_at <= *at)
        {
            return false;
        }
        memory.bad.contains(&subject) || memory.complete_since.is_none_or(|since| found_at >= since)
    }

    fn all_seen_since(&self, begun_at: UnixMillis) {
        let mut memory = self.memory.write().unwrap_or_else(PoisonError::into_inner);
        memory.complete_since = Some(begun_at);
        // What was found before then is old by that alone.
        memory.mended.retain(|_, at| *at >= begun_at);
    }

    /// What this process did not see itself: what the parts of a whole round say that others worked on.
    pub(crate) fn learn(&self, exceptions: impl Iterator<Item = (Subject, Verdict)>) {
        let mut memory = self.memory.write().unwrap_or_else(PoisonError::into_inner);
        for (subject, _) in exceptions.filter(|(_, verdict)| verdict.is_bad()) {
            memory.bad.insert(subject);
        }
    }

    /// These are valid.
    pub(crate) fn forget_bad(&self, subjects: &[Subject]) {
        let memory = self.memory.read().unwrap_or_else(PoisonError::into_inner);
        if memory.bad.is_empty() {
            return;
        }
        drop(memory);
        let mut memory = self.memory.write().unwrap_or_else(PoisonError::into_inner);
        for subject in subjects {
            memory.bad.remove(subject);
        }
    }

    fn remember<'e>(&self, filed: impl IntoIterator<Item = &'e Examined>) {
        let mut memory = self.memory.write().unwrap_or_else(PoisonError::into_inner);
        for one in filed {
            if one.finding.verdict.is_bad() {
                memory.bad.insert(one.subject);
                // Bad again before it was mended: our clock was put back in between.
                if memory
                    .mended
                    .get(&one.subject)
                    .is_some_and(|at| *at >= one.at)
                {
                    memory.mended.remove(&one.subject);
                }
            } else if memory.bad.remove(&one.subject) {
                memory.mended.insert(one.subject, one.at);
            }
        }
    }
}

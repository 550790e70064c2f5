//! A round as a process sees it: which parts are done, which are worked on. Where the database keeps nothing, a round goes on
//! without it.

mod claims;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use database::sweep_parts::{self, SweepPart};
use database::sweep_rounds::{RoundKind, SweepRound};
use database::verifications::Source;

pub(super) use self::claims::{Next, give_back};

use super::begun::{alone, file, open, release, unfiled};
use crate::examiner::{Examined, Sight};
use crate::obstacle::{Hindrance, alarm_of};
use crate::registrar::{Occasion, Registrar};

/// Hears of the progress.
pub(super) type Tell = Box<dyn FnMut(&SweepRound) + Send>;

/// A round.
pub(super) struct Round {
    registrar: Registrar,
    sight: Sight,
    pub(super) round: SweepRound,
    plan: Vec<SweepPart>,
    pub(super) state: Mutex<State>,
}

/// What is known of its parts.
pub(super) struct State {
    /// Those that are done, by us or with our MAC.
    pub(super) done: BTreeMap<u32, SweepPart>,
    /// Those that a task of this process works on without a claim.
    unclaimed: BTreeSet<u32>,
    /// Subjects looked at and bad ones, of the parts that this process is at.
    at_work: BTreeMap<u32, (u64, u64)>,
    kept_at: BTreeMap<u32, Instant>,
    /// Those whose claim the database does not renew: each try may wait for a lock that somebody never gives back.
    unkept: BTreeSet<u32>,
    repairs: u32,
    /// Since when nothing could be claimed though nobody is at what is left.
    stuck_since: Option<Instant>,
    /// The first thing that the database refused.
    pub(super) refused: Option<Hindrance>,
    pub(super) tell: Tell,
}

impl Round {
    /// The round that everybody works on, if it is newer than the one that has ended here; or a new one.
    pub(super) async fn join_or_begin(
        registrar: &Registrar,
        ended: u64,
        tell: Tell,
    ) -> Result<Arc<Self>, Hindrance> {
        let sight = registrar.examiner().sight().await?;
        let holder = *record::ids::RecordId::random(&mut rand::rng()).as_bytes();
        let alone = alone(registrar, &holder).await;
        let mut refused = None;
        tolerate(alone, &mut refused)?;
        let open = open(registrar, ended, &sight).await;
        let round = match tolerate(open, &mut refused)?.flatten() {
            Some(open) => Arc::new(Self::of(registrar, &sight, open, tell)),
            None => Self::begin_at(registrar, RoundKind::Shared, &sight, tell).await?,
        };
        {
            let mut state = round.state();
            state.refused = state.refused.take().or(refused);
        }
        let given_back = release(registrar, &holder).await;
        round.tolerate(given_back)?;
        Ok(round)
    }

    /// A round of this process's own.
    pub(super) async fn begin(
        registrar: &Registrar,
        kind: RoundKind,
        tell: Tell,
    ) -> Result<Arc<Self>, Hindrance> {
        let sight = registrar.examiner().sight().await?;
        Self::begin_at(registrar, kind, &sight, tell).await
    }

    async fn begin_at(
        registrar: &Registrar,
        kind: RoundKind,
        sight: &Sight,
        tell: Tell,
    ) -> Result<Arc<Self>, Hindrance> {
        let unfiled = unfiled(registrar, kind, sight).await?;
        let mut refused = None;
        let filed = tolerate(file(registrar, &unfiled).await, &mut refused)?;
        let round = Self::of(registrar, sight, filed.unwrap_or(unfiled), tell);
        round.state().refused = refused;
        round.told();
        Ok(Arc::new(round))
    }

    fn of(registrar: &Registrar, sight: &Sight, round: SweepRound, tell: Tell) -> Self {
        Self {
            registrar: registrar.clone(),
            sight: *sight,
            plan: SweepPart::all_of(&round),
            round,
            state: Mutex::new(State {
                done: BTreeMap::new(),
                unclaimed: BTreeSet::new(),
                at_work: BTreeMap::new(),
                kept_at: BTreeMap::new(),
                unkept: BTreeSet::new(),
                repairs: 0,
                stuck_since: None,
                refused: None,
                tell,
            }),
        }
    }

    pub(super) fn registrar(&self) -> &Registrar {
        &self.registrar
    }

    /// The chain as it was seen when this process came to the round.
    pub(super) fn sight(&self) -> Sight {
        self.sight
    }

    pub(super) fn kind(&self) -> RoundKind {
        self.round.kind
    }

    /// Its number; zero where its rows stand nowhere.
    pub(super) fn number(&self) -> u64 {
        self.round.id
    }

    /// Whether its rows stand in the database.
    pub(super) fn is_filed(&self) -> bool {
        self.round.id > 0
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Goes on without what the database refused; every other hindrance ends the work.
    pub(super) fn tolerate<V>(&self, done: Result<V, Hindrance>) -> Result<Option<V>, Hindrance> {
        let mut refused = None;
        let value = tolerate(done, &mut refused)?;
        let mut state = self.state();
        state.refused = state.refused.take().or(refused);
        Ok(value)
    }

    /// Files results, and notes in the part what is not valid.
    pub(super) async fn file(
        &self,
        page: Vec<Examined>,
        part: &mut SweepPart,
    ) -> Result<(), Hindrance> {
        if page.is_empty() {
            return Ok(());
        }
        let occasion = Occasion {
            source: match self.round.kind {
                RoundKind::All => Source::Button,
                RoundKind::Shared | RoundKind::Once => Source::Sweep,
            },
            round: self.is_filed().then_some(self.round.id),
        };
        let told = |one: &Examined| {
            let verdict = one.finding.verdict;
            // Rows that the chain does not know all have their verdict in `verifications`.
            if one.uid.is_some() || verdict.is_bad() {
                part.exceptions.set(one.subject, verdict);
            }
            if one.uid.is_none() && part.uids.is_none() {
                part.checked += 1;
                *part.rows.entry(verdict).or_default() += 1;
                self.at_work(part);
            }
        };
        let refused = self.registrar.file_page(page, occasion, told).await?;
        if let Some(refused) = refused {
            let word = alarm_of(refused.obstacle()).as_str();
            part.problem = Some(word.to_owned());
            self.tolerate::<()>(Err(refused))?;
        }
        // A command may be all that runs; beside the others somebody looks every two seconds.
        if self.round.kind == RoundKind::Once {
            let told = self.registrar.tell(None).await;
            self.tolerate(told)?;
        }
        Ok(())
    }

    fn at_work(&self, part: &SweepPart) {
        let progress = (part.checked, part.exceptions.bad());
        self.state().at_work.insert(part.number, progress);
        self.told();
    }

    /// Tells how far the round is.
    fn told(&self) {
        let mut state = self.state();
        let done = state.done.values();
        let done = done.map(|part| (part.checked, part.exceptions.bad()));
        let all = done.chain(state.at_work.values().copied());
        let (checked, bad) = all.fold((0, 0), |(checked, bad), one| (checked + one.0, bad + one.1));
        let progress = SweepRound {
            checked,
            bad,
            ..self.round.clone()
        };
        (state.tell)(&progress);
    }

    /// Hands in a part that is done.
    pub(super) async fn hand_in(&self, mut part: SweepPart) -> Result<(), Hindrance> {
        let now = self.registrar.examiner().now();
        part.finished_at = Some(now);
        let parts = self.registrar.examiner().parts();
        if self.is_filed() {
            let finished = async {
                let mut connection = parts.pool.acquire().await?;
                let keys = &parts.keys;
                Ok(sweep_parts::finish(&mut connection, keys, &self.round, &part, now).await?)
            };
            let finished = finished.await;
            self.tolerate(finished)?;
        }
        {
            let mut state = self.state();
            state.at_work.remove(&part.number);
            state.kept_at.remove(&part.number);
            state.done.insert(part.number, part);
        }
        self.told();
        Ok(())
    }
}

fn tolerate<V>(
    done: Result<V, Hindrance>,
    refused: &mut Option<Hindrance>,
) -> Result<Option<V>, Hindrance> {
    match done {
        Ok(value) => Ok(Some(value)),
        Err(hindrance) if hindrance.concerns_one_thing() => {
            tracing::error!(cause = ?hindrance, "the database refuses what the sweep has to keep");
            refused.get_or_insert(hindrance);
            Ok(None)
        }
        Err(hindrance) => Err(hindrance),
    }
}

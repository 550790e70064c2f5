//! A round as a process sees it: which parts are done, which are next. What others write into its rows counts only with
//! our MAC; what they take away from us is written again. Where the database keeps nothing, a round goes on without it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use database::sweep_parts::{self, Choice, SweepPart};
use database::sweep_rounds::{self, RoundKind, SweepRound};
use database::verifications::Source;

use super::begun::{alone, file, open, release, unfiled};
use crate::examiner::{Examined, Sight};
use crate::obstacle::{Hindrance, alarm_of};
use crate::registrar::{Occasion, Registrar};

/// A part that was claimed and not kept for so long is taken over.
const CLAIM: Duration = Duration::from_secs(30);
/// So often a claim is renewed, and the progress told.
const KEEP_EVERY: Duration = Duration::from_secs(1);
/// So often rows that somebody takes away are put back; then their parts are done without them.
const REPAIRS: u32 = 5;

/// A part that nobody is at can be claimed at once, unless somebody holds its row by a lock: after so long it is done without
/// a claim.
const STUCK: Duration = Duration::from_secs(2);

/// Hears of the progress.
pub(super) type Tell = Box<dyn FnMut(&SweepRound) + Send>;

/// What a worker does next.
pub(super) enum Next {
    /// This part.
    Part(SweepPart),
    /// Others are at what is left.
    Wait,
    /// Nothing: all parts are done.
    Done,
}

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

    /// The next part for a worker, of those that it knows (by their first UIDs) if there is one.
    pub(super) async fn next(&self, holder: &[u8; 16], known: &[u64]) -> Result<Next, Hindrance> {
        if !self.is_filed() {
            return Ok(self.next_unclaimed());
        }
        let claimed = self.claim(holder, known).await;
        match self.tolerate(claimed)? {
            None => Ok(self.next_unclaimed()),
            Some(Some(part)) => {
                self.state().stuck_since = None;
                Ok(Next::Part(part))
            }
            Some(None) => {
                let looked = self.look(holder).await;
                match self.tolerate(looked)? {
                    Some(next) => Ok(next),
                    None => Ok(self.next_unclaimed()),
                }
            }
        }
    }

    async fn claim(
        &self,
        holder: &[u8; 16],
        known: &[u64],
    ) -> Result<Option<SweepPart>, Hindrance> {
        let is_known = |part: &&SweepPart| {
            part.uids
                .is_some_and(|(first, _)| known.contains(&first.get()))
        };
        let preferred = self.plan.iter().filter(is_known).map(|part| part.number);
        let preferred: Vec<u32> = preferred.collect();
        // What is done is not claimed again, though somebody set its row back.
        let done: Vec<u32> = self.state().done.keys().copied().collect();
        let choice = Choice {
            preferred: &preferred,
            done: &done,
        };
        let parts = self.registrar.examiner().parts();
        let now = self.registrar.examiner().now();
        let mut connection = parts.pool.acquire().await?;
        let (keys, times) = (&parts.keys, (now, now.plus(CLAIM)));
        let claimed = sweep_parts::claim(&mut connection, keys, &self.round, holder, choice, times);
        Ok(claimed.await?)
    }

    /// Nothing can be claimed: the others are at it, or all is done, or rows were taken away.
    async fn look(&self, holder: &[u8; 16]) -> Result<Next, Hindrance> {
        let standing = {
            let parts = self.registrar.examiner().parts();
            let mut connection = parts.pool.acquire().await?;
            sweep_parts::of_round(&mut connection, &parts.keys, &self.round).await?
        };
        let (is_done, lost) = self.learn_of(&standing);
        let is_stuck = self.is_stuck(&standing, holder);
        let may_repair = self.state().repairs <= REPAIRS;
        if !lost.is_empty() && may_repair {
            tracing::warn!(
                parts = lost.len(),
                holder = hex::encode(holder),
                "parts of a round are put back"
            );
            if let Err(hindrance) = self.put(&lost).await {
                // Once is enough.
                self.state().repairs = REPAIRS + 1;
                return Err(hindrance);
            }
        }
        Ok(
            match (is_done, is_stuck || !(lost.is_empty() || may_repair)) {
                (true, _) => Next::Done,
                (false, false) => Next::Wait,
                (false, true) => self.next_unclaimed(),
            },
        )
    }

    /// Whether nobody is at what is left, and still it could not be claimed for a while.
    fn is_stuck(&self, standing: &BTreeMap<u32, SweepPart>, holder: &[u8; 16]) -> bool {
        let now = self.registrar.examiner().now();
        let mut state = self.state();
        let is_at_work = !state.at_work.is_empty()
            || standing
                .values()
                .any(|part| part.is_held_by_another(holder, now));
        if is_at_work {
            state.stuck_since = None;
            return false;
        }
        let since = *state.stuck_since.get_or_insert_with(Instant::now);
        since.elapsed() >= STUCK
    }

    /// Whether all is done by now, by us or with our MAC; and the parts whose rows somebody took away or set back.
    fn learn_of(&self, standing: &BTreeMap<u32, SweepPart>) -> (bool, Vec<SweepPart>) {
        let mut state = self.state();
        let is_finished = |part: &SweepPart| part.finished_at.is_some();
        for part in standing.values().filter(|part| is_finished(part)) {
            let done = state.done.entry(part.number);
            done.or_insert_with(|| part.clone());
        }
        let mut lost = Vec::new();
        for part in &self.plan {
            let row = standing.get(&part.number);
            match state.done.get(&part.number) {
                Some(done) if !row.is_some_and(is_finished) => lost.push(done.clone()),
                None if row.is_none() && !state.at_work.contains_key(&part.number) => {
                    lost.push(part.clone());
                }
                _ => {}
            }
        }
        state.repairs += u32::from(!lost.is_empty() && state.repairs <= REPAIRS);
        (state.done.len() >= self.plan.len(), lost)
    }

    /// Where nothing can be claimed: a part that is not done, nor worked on in this process.
    fn next_unclaimed(&self) -> Next {
        let mut state = self.state();
        let state = &mut *state;
        let is_free = |part: &&SweepPart| {
            !state.done.contains_key(&part.number) && !state.at_work.contains_key(&part.number)
        };
        let free = self.plan.iter().filter(is_free);
        let free: Vec<&SweepPart> = free.collect();
        let next = free
            .iter()
            .find(|part| !state.unclaimed.contains(&part.number));
        match next.or(free.first()) {
            Some(part) => {
                state.unclaimed.insert(part.number);
                state.at_work.insert(part.number, (0, 0));
                let now = self.registrar.examiner().now();
                Next::Part(SweepPart {
                    started_at: Some(now),
                    ..(*part).clone()
                })
            }
            None if state.at_work.is_empty() => Next::Done,
            None => Next::Wait,
        }
    }

    async fn put(&self, parts: &[SweepPart]) -> Result<(), Hindrance> {
        let examiner = self.registrar.examiner().parts();
        let mut connection = examiner.pool.acquire().await?;
        sweep_parts::put(&mut connection, &examiner.keys, &self.round, parts).await?;
        Ok(())
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

    /// Keeps the claim on a part, once in a while; false when another worker has taken it over.
    pub(super) async fn keep(&self, part: &mut SweepPart) -> Result<bool, Hindrance> {
        self.at_work(part);
        let is_due = {
            let mut state = self.state();
            let now = Instant::now();
            let kept_at = state.kept_at.entry(part.number).or_insert(now);
            let is_due = now.duration_since(*kept_at) >= KEEP_EVERY;
            if is_due {
                *kept_at = now;
            }
            is_due && !state.unkept.contains(&part.number)
        };
        if !is_due || part.holder.is_none() {
            return Ok(true);
        }
        let now = self.registrar.examiner().now();
        part.lease_until = now.plus(CLAIM);
        let parts = self.registrar.examiner().parts();
        let renewed = async {
            let mut connection = parts.pool.acquire().await?;
            let keys = &parts.keys;
            Ok(sweep_parts::renew(&mut connection, keys, &self.round, part, now).await?)
        };
        let renewed = renewed.await;
        let is_kept = self.tolerate(renewed)?;
        match is_kept {
            Some(true) => {}
            Some(false) => {
                self.state().at_work.remove(&part.number);
            }
            None => {
                self.state().unkept.insert(part.number);
            }
        }
        Ok(is_kept != Some(false))
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

/// Gives back what a worker has claimed of the newest round and not finished.
pub(super) async fn give_back(registrar: &Registrar, holder: &[u8; 16]) -> Result<(), Hindrance> {
    let parts = registrar.examiner().parts();
    let mut connection = parts.pool.acquire().await?;
    for round in sweep_rounds::newest(&mut connection, &parts.keys).await? {
        if round.finished_at.is_none() {
            sweep_parts::release(&mut connection, &parts.keys, &round, holder).await?;
        }
    }
    Ok(())
}

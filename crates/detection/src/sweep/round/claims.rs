//! Which part a worker does next: parts are claimed in the database, so that several processes share a round. What others
//! write into its rows counts only with our MAC; what they take away from us is written again.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use database::sweep_parts::{self, Choice, SweepPart};
use database::sweep_rounds;

use super::Round;
use crate::obstacle::Hindrance;
use crate::registrar::Registrar;

/// A part that was claimed and not kept for so long is taken over.
const CLAIM: Duration = Duration::from_secs(30);
/// So often a claim is renewed, and the progress told.
const KEEP_EVERY: Duration = Duration::from_secs(1);
/// So often rows that somebody takes away are put back; then their parts are done without them.
const REPAIRS: u32 = 5;

/// A part that nobody is at can be claimed at once, unless somebody holds its row by a lock: after so long it is done without
/// a claim.
const STUCK: Duration = Duration::from_secs(2);

/// What a worker does next.
pub(in crate::sweep) enum Next {
    /// This part.
    Part(SweepPart),
    /// Others are at what is left.
    Wait,
    /// Nothing: all parts are done.
    Done,
}

impl Round {
    /// The next part for a worker, of those that it knows (by their first UIDs) if there is one.
    pub(in crate::sweep) async fn next(
        &self,
        holder: &[u8; 16],
        known: &[u64],
    ) -> Result<Next, Hindrance> {
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

    /// Keeps the claim on a part, once in a while; false when another worker has taken it over.
    pub(in crate::sweep) async fn keep(&self, part: &mut SweepPart) -> Result<bool, Hindrance> {
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
}

/// Gives back what a worker has claimed of the newest round and not finished.
pub(in crate::sweep) async fn give_back(
    registrar: &Registrar,
    holder: &[u8; 16],
) -> Result<(), Hindrance> {
    let parts = registrar.examiner().parts();
    let mut connection = parts.pool.acquire().await?;
    for round in sweep_rounds::newest(&mut connection, &parts.keys).await? {
        if round.finished_at.is_none() {
            sweep_parts::release(&mut connection, &parts.keys, &round, holder).await?;
        }
    }
    Ok(())
}

//! The records of which something waits to be destroyed. In memory alone: the sweep, which remembers no record with such
//! values, comes across them again in every round.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound::{Excluded, Unbounded};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use record::ids::Uid;
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::examiner::{Examined, Remains};
use crate::verdict::Verdict;

/// So many wait at once; the sweep comes across the others again, since it remembers none of them.
const MOST: usize = 10_000;

/// So long an erased record is left alone of which nothing is seen.
const BETWEEN: Duration = Duration::from_secs(60 * 60);

/// UIDs, each once.
#[derive(Default)]
pub(crate) struct Waiting {
    state: Mutex<State>,
    added: Notify,
}

#[derive(Default)]
struct State {
    uids: BTreeSet<Uid>,
    /// Erased records, and when their copies were last looked for.
    looked_at: BTreeMap<Uid, Instant>,
    taken: Option<Uid>,
}

impl Waiting {
    /// Takes up those that hold replaced values, or were erased, of what was just verified.
    pub fn note(&self, page: &[Examined]) {
        let is_replaced =
            |one: &Examined| one.finding.verdict == Verdict::Valid && one.has_replaced_values();
        for one in page {
            match (one.uid, one.remains) {
                (Some(uid), Remains::Seen) => self.add(uid),
                (Some(uid), Remains::Unseen) => self.add_at_times(uid),
                (Some(uid), Remains::None) if is_replaced(one) => self.add(uid),
                _ => {}
            }
        }
    }

    /// Whoever restores a dump of a backup brings erased records back to where no verdict looks.
    fn add_at_times(&self, uid: Uid) {
        let now = Instant::now();
        let last = self.state().looked_at.get(&uid).copied();
        if last.is_none_or(|last| now.duration_since(last) > BETWEEN) {
            self.state().looked_at.insert(uid, now);
            self.add(uid);
        }
    }

    pub fn add(&self, uid: Uid) {
        let mut state = self.state();
        if state.uids.len() < MOST {
            state.uids.insert(uid);
            self.added.notify_one();
        }
    }

    /// Waits for one, and takes it. They come in turns: one that is put back keeps nobody waiting.
    pub async fn next(&self) -> Uid {
        loop {
            if let Some(uid) = self.take() {
                return uid;
            }
            self.added.notified().await;
        }
    }

    fn take(&self) -> Option<Uid> {
        let mut state = self.state();
        let after = (state.taken.map_or(Unbounded, Excluded), Unbounded);
        let next = state.uids.range::<Uid, _>(after).next().copied();
        let uid = next.or_else(|| state.uids.first().copied())?;
        state.uids.remove(&uid);
        state.taken = Some(uid);
        Some(uid)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failed test may panic")]
    use super::*;

    #[tokio::test]
    async fn each_comes_once_and_what_is_put_back_comes_after_the_others() {
        let waiting = Waiting::default();
        let [one, two, three] = [1, 2, 3].map(|uid| Uid::new(uid).unwrap());
        for uid in [two, one, two, three] {
            waiting.add(uid);
        }
        assert_eq!(waiting.next().await, one);
        waiting.add(one);
        assert_eq!(waiting.next().await, two);
        assert_eq!(waiting.next().await, three);
        assert_eq!(waiting.next().await, one);
        assert_eq!(waiting.take(), None);
    }

    #[tokio::test(start_paused = true)]
    async fn copies_of_what_was_erased_are_looked_for_once_an_hour() {
        let (waiting, one) = (Waiting::default(), Uid::new(1).unwrap());
        waiting.add_at_times(one);
        assert_eq!(waiting.take(), Some(one));
        waiting.add_at_times(one);
        assert_eq!(waiting.take(), None);
        tokio::time::advance(BETWEEN + Duration::from_secs(1)).await;
        waiting.add_at_times(one);
        assert_eq!(waiting.take(), Some(one));
    }
}

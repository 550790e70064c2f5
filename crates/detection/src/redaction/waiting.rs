//! The records of which something waits to be destroyed. In memory alone: the sweep, which remembers no record with such
//! values, comes across them again in every round.

use std::collections::BTreeSet;
use std::ops::Bound::{Excluded, Unbounded};
use std::sync::{Mutex, MutexGuard, PoisonError};

use record::ids::Uid;
use tokio::sync::Notify;

use crate::examiner::Examined;
use crate::verdict::Verdict;

/// So many wait at once; the sweep comes across the others again, since it remembers none of them.
const MOST: usize = 10_000;

/// UIDs, each once.
#[derive(Default)]
pub(crate) struct Waiting {
    state: Mutex<State>,
    added: Notify,
}

#[derive(Default)]
struct State {
    uids: BTreeSet<Uid>,
    taken: Option<Uid>,
}

impl Waiting {
    /// Takes up those that hold replaced values, or were erased, of what was just verified.
    pub fn note(&self, page: &[Examined]) {
        let is_replaced =
            |one: &Examined| one.finding.verdict == Verdict::Valid && one.has_replaced_values();
        for one in page {
            if let Some(uid) = one
                .uid
                .filter(|_| one.is_to_be_destroyed || is_replaced(one))
            {
                self.add(uid);
            }
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
}

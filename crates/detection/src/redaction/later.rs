//! What is not due yet, or failed: when it comes again.

use std::collections::BTreeMap;
use std::time::Duration;

use record::ids::Uid;
use tokio::time::Instant;

/// After the first failure; after each further one so much longer.
const PAUSE: Duration = Duration::from_secs(10);
const LONGEST: Duration = Duration::from_secs(60);

#[derive(Default)]
pub(super) struct Later(BTreeMap<Uid, Entry>);

struct Entry {
    at: Instant,
    failures: u32,
}

impl Later {
    /// Whether it is not its turn.
    pub fn holds(&self, uid: Uid) -> bool {
        self.0.get(&uid).is_some_and(|one| one.at > Instant::now())
    }

    pub fn put_off(&mut self, uid: Uid, pause: Duration) {
        let at = Instant::now() + pause;
        self.0.insert(uid, Entry { at, failures: 0 });
    }

    /// Notes a failure; tells how many there were in a row.
    pub fn failed(&mut self, uid: Uid) -> u32 {
        let failures = self.0.get(&uid).map_or(0, |one| one.failures) + 1;
        let at = Instant::now() + (PAUSE * failures).min(LONGEST);
        self.0.insert(uid, Entry { at, failures });
        failures
    }

    /// Notes a success; whether with it the last failure is over.
    pub fn succeeded(&mut self, uid: Uid) -> bool {
        let had_failed = self.0.remove(&uid).is_some_and(|one| one.failures > 0);
        had_failed && self.0.values().all(|one| one.failures == 0)
    }

    /// Those whose turn it is.
    pub fn due(&self) -> impl Iterator<Item = Uid> + '_ {
        let now = Instant::now();
        let is_due = move |(_, one): &(&Uid, &Entry)| one.at <= now;
        self.0.iter().filter(is_due).map(|(uid, _)| *uid)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failed test may panic")]
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn what_fails_comes_again_after_a_while_and_longer_each_time() {
        let (one, two) = (Uid::new(1).unwrap(), Uid::new(2).unwrap());
        let mut later = Later::default();
        assert!(!later.holds(one));
        assert_eq!((later.failed(one), later.failed(two)), (1, 1));
        assert!(later.holds(one));
        tokio::time::advance(PAUSE).await;
        assert_eq!(later.due().collect::<Vec<_>>(), [one, two]);
        assert_eq!(later.failed(one), 2);
        tokio::time::advance(PAUSE).await;
        assert!(later.holds(one) && !later.holds(two));
        assert!(!later.succeeded(two), "the other one fails still");
        later.put_off(two, PAUSE * 100);
        assert!(later.succeeded(one));
        assert!(later.holds(two));
        assert!(!later.succeeded(two), "it had not failed");
    }
}

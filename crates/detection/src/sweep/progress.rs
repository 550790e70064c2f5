//! That something goes on.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Nothing that is done at once takes longer: our limits on locks, on connections and on the chain's answers are a few seconds each.
const STANDSTILL: Duration = Duration::from_secs(40);

/// What a process has done by now.
#[derive(Default)]
pub(super) struct Progress {
    examined: Arc<AtomicU64>,
    steps: AtomicU64,
    /// What is filed record by record, each of which may wait for a lock.
    filed: Arc<AtomicU64>,
}

impl Progress {
    /// Filing counts as going on.
    pub(super) fn beside(filed: Arc<AtomicU64>) -> Self {
        Self {
            filed,
            ..Self::default()
        }
    }

    /// How many records were looked at.
    pub(super) fn examined(&self) -> Arc<AtomicU64> {
        self.examined.clone()
    }

    /// So many more were looked at.
    pub(super) fn count(&self, more: u64) {
        self.examined.fetch_add(more, Ordering::Relaxed);
        self.step();
    }

    /// Something was done.
    pub(super) fn step(&self) {
        self.steps.fetch_add(1, Ordering::Relaxed);
    }

    /// Until nothing is done any more. A connection that was lost without a word answers never, and nobody else notices.
    pub(super) async fn stands_still(&self) {
        const LOOK: Duration = Duration::from_secs(1);
        let steps = || self.steps.load(Ordering::Relaxed) + self.filed.load(Ordering::Relaxed);
        let (mut newest, mut since) = (steps(), Instant::now());
        while since.elapsed() < STANDSTILL {
            tokio::time::sleep(LOOK).await;
            let now = steps();
            if now != newest {
                (newest, since) = (now, Instant::now());
            }
        }
    }
}

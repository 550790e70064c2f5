//! The sweep: all records, for ever, at a set rate, by as many processes as there are. docs/SWEEP.md is its page.

mod begun;
mod finish;
mod memory;
mod part;
mod round;
mod unknown;
mod worker;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use database::sweep_rounds::{RoundKind, SweepRound};
use tokio::sync::{Mutex, watch};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use self::round::{Round, Tell};
use self::worker::Worker;
use crate::direct_mail::DirectMail;
use crate::obstacle::Hindrance;
use crate::pace::Pace;
use crate::registrar::Registrar;
use crate::verdict::Obstacle;

const PAUSE_BETWEEN_ROUNDS: Duration = Duration::from_secs(1);
const PAUSE_AFTER_HINDRANCE: Duration = Duration::from_secs(2);

/// How the sweep stands, as this process sees it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SweepStatus {
    /// What keeps it from telling anything.
    pub obstacle: Option<Obstacle>,
    /// Whether records were looked at since.
    pub is_verifying: bool,
}

/// Sweeps all records, again and again.
pub struct Sweeper {
    registrar: Registrar,
    direct_mail: DirectMail,
    rate: u32,
    workers: Vec<Worker>,
    /// The newest round that has ended here. Somebody can put its row back as it was before; it is not taken up again.
    ended: u64,
    examined: Arc<AtomicU64>,
    status: watch::Sender<SweepStatus>,
}

impl Sweeper {
    /// Examines `rate` records a second.
    #[must_use]
    pub fn new(registrar: Registrar, rate: u32, direct_mail: DirectMail) -> Self {
        Self {
            workers: vec![Worker::with_memory()],
            registrar,
            direct_mail,
            rate,
            ended: 0,
            examined: Arc::default(),
            status: watch::Sender::new(SweepStatus::default()),
        }
    }

    /// How it stands, at any time.
    pub fn status(&self) -> watch::Receiver<SweepStatus> {
        self.status.subscribe()
    }

    /// How many records this process has looked at since it began.
    #[must_use]
    pub fn examined(&self) -> Arc<AtomicU64> {
        self.examined.clone()
    }

    /// Works until told to stop; then gives back what it has claimed, so that others need not wait.
    pub async fn run(mut self, shutdown: CancellationToken) {
        while !shutdown.is_cancelled() {
            let pause = tokio::select! {
                () = shutdown.cancelled() => break,
                pause = self.turn() => pause,
            };
            tokio::select! {
                () = shutdown.cancelled() => {}
                () = tokio::time::sleep(pause) => {}
            }
        }
        for worker in &self.workers {
            if let Err(hindrance) = round::give_back(&self.registrar, worker.holder()).await {
                tracing::warn!(cause = ?hindrance, "what the sweep had claimed could not be given back");
            }
        }
    }

    /// One round.
    async fn turn(&mut self) -> Duration {
        let outcome = self.make_round().await;
        let obstacle = outcome.as_ref().err().map(Hindrance::obstacle);
        let before = self.status.borrow().obstacle;
        self.status.send_modify(|status| {
            status.obstacle = obstacle;
            status.is_verifying &= obstacle.is_none();
        });
        if let Err(hindrance) = &outcome
            && before != obstacle
        {
            tracing::warn!(cause = ?hindrance, "nothing can be verified right now");
        }
        if let Err(hindrance) = self.note(outcome.ok(), obstacle).await {
            tracing::warn!(cause = ?hindrance, "an alarm could not be noted");
        }
        self.direct_mail.tell(&self.registrar, obstacle).await;
        if obstacle.is_some() {
            PAUSE_AFTER_HINDRANCE
        } else {
            PAUSE_BETWEEN_ROUNDS
        }
    }

    /// Raises and ends the alarms about what keeps it from telling anything.
    async fn note(
        &self,
        ended: Option<Ended>,
        obstacle: Option<Obstacle>,
    ) -> Result<(), Hindrance> {
        if let Some(obstacle) = obstacle {
            self.registrar.raise(obstacle).await?;
        }
        if let Some(ended) = ended.filter(|ended| ended.by_us && ended.round.is_whole()) {
            self.registrar.all_clear(ended.round.started_at).await?;
        }
        Ok(())
    }

    /// One round, begun or joined, to its end; nothing is alarmed about. For who wants to measure.
    pub async fn round(&mut self) -> Result<SweepRound, Hindrance> {
        Ok(self.make_round().await?.round)
    }

    async fn make_round(&mut self) -> Result<Ended, Hindrance> {
        // Under other keys every row would seem planted, and ours planted to everybody else.
        self.registrar.examiner().check_keys().await?;
        let round = Round::join_or_begin(&self.registrar, self.ended, self.tell()).await?;
        let pace = Arc::new(Mutex::new(Pace::new(self.rate)));
        let workers = std::mem::take(&mut self.workers);
        let (workers, worked) = work(&round, workers, &pace, &self.examined).await;
        self.workers = workers;
        if worked.is_ok() {
            self.ended = self.ended.max(round.number());
        }
        round.end(worked).await
    }

    /// Once records are looked at again, what kept us from it is over, long before the round is.
    fn tell(&self) -> Tell {
        let status = self.status.clone();
        Box::new(move |progress| {
            status.send_if_modified(|status| {
                let is_over = progress.checked > 0 && !status.is_verifying;
                if is_over {
                    *status = SweepStatus {
                        obstacle: None,
                        is_verifying: true,
                    };
                }
                is_over
            });
        })
    }
}

/// A round that has ended.
pub(crate) struct Ended {
    round: SweepRound,
    /// Whether this process was the first to see it.
    by_us: bool,
}

/// Lets the workers do what there is to do in a round; the first hindrance is told once all have stopped.
async fn work(
    round: &Arc<Round>,
    workers: Vec<Worker>,
    pace: &Arc<Mutex<Pace>>,
    examined: &Arc<AtomicU64>,
) -> (Vec<Worker>, Result<(), Hindrance>) {
    let mut tasks = JoinSet::new();
    for mut worker in workers {
        let (round, pace, examined) = (round.clone(), pace.clone(), examined.clone());
        tasks.spawn(async move {
            let worked = worker.work(&round, &pace, &examined).await;
            (worker, worked)
        });
    }
    let (mut workers, mut outcome) = (Vec::new(), Ok(()));
    while let Some(done) = tasks.join_next().await {
        match done {
            Ok((worker, worked)) => {
                workers.push(worker);
                outcome = outcome.and(worked);
            }
            Err(error) => {
                if let Ok(panic) = error.try_into_panic() {
                    std::panic::resume_unwind(panic);
                }
            }
        }
    }
    (workers, outcome)
}

/// One pass over all records, as fast as it goes: what "Verify all" does. `tell` hears of the progress.
pub async fn verify_all(
    registrar: &Registrar,
    tell: impl FnMut(&SweepRound) + Send + 'static,
) -> Result<SweepRound, Hindrance> {
    alone(registrar, RoundKind::All, 1, Box::new(tell)).await
}

/// One round by as many workers, as fast as it goes: what `breach-viewer sweep --once` does.
pub async fn sweep_once(
    registrar: &Registrar,
    workers: usize,
    tell: impl FnMut(&SweepRound) + Send + 'static,
) -> Result<SweepRound, Hindrance> {
    alone(registrar, RoundKind::Once, workers, Box::new(tell)).await
}

/// A round of this process's own, that remembers nothing.
async fn alone(
    registrar: &Registrar,
    kind: RoundKind,
    workers: usize,
    tell: Tell,
) -> Result<SweepRound, Hindrance> {
    let round = Round::begin(registrar, kind, tell).await?;
    let workers = (0..workers.max(1)).map(|_| Worker::forgetful()).collect();
    let pace = Arc::new(Mutex::new(Pace::unlimited()));
    let (_, worked) = work(&round, workers, &pace, &Arc::default()).await;
    Ok(round.end(worked).await?.round)
}

/// So many more were looked at.
fn count(examined: &AtomicU64, more: u64) {
    examined.fetch_add(more, Ordering::Relaxed);
}

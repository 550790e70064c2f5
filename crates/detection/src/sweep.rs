//! The sweep: all records, for ever, at a set rate, by as many processes as there are. docs/SWEEP.md is its page.

mod begun;
mod finish;
mod memory;
mod part;
mod progress;
mod round;
mod unknown;
mod worker;

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use database::sweep_rounds::{RoundKind, SweepRound};
use tokio::sync::{Mutex, watch};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use self::progress::Progress;
use self::round::{Round, Tell};
use self::worker::Worker;
use crate::direct_mail::DirectMail;
use crate::obstacle::{Hindrance, OUTAGES};
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
    /// Whether records are looked at all the same, or were since.
    pub is_verifying: bool,
}

impl SweepStatus {
    /// Whether nothing can be verified.
    #[must_use]
    pub fn is_hindered(&self) -> bool {
        self.obstacle.is_some() && !self.is_verifying
    }
}

/// Sweeps all records, again and again.
pub struct Sweeper {
    registrar: Registrar,
    direct_mail: DirectMail,
    rate: u32,
    workers: Vec<Worker>,
    /// The newest round that has ended here. Somebody can put its row back as it was before; it is not taken up again.
    ended: u64,
    progress: Arc<Progress>,
    /// Whether the newest round came to its end, whatever was refused on the way.
    went_through: bool,
    status: watch::Sender<SweepStatus>,
}

impl Sweeper {
    /// Examines `rate` records a second.
    #[must_use]
    pub fn new(registrar: Registrar, rate: u32, direct_mail: DirectMail) -> Self {
        Self {
            workers: vec![Worker::with_memory()],
            direct_mail,
            rate,
            ended: 0,
            progress: Arc::new(Progress::beside(registrar.filed())),
            registrar,
            went_through: false,
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
        self.progress.examined()
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
        let obstacle = match &outcome {
            Ok(_) => {
                self.registrar.meet_server().await;
                None
            }
            Err(hindrance) => Some(self.registrar.obstacle(hindrance).await),
        };
        let before = self.status.borrow().obstacle;
        if before.is_none() {
            // Records were looked at since, also where no round has ended in between.
            self.direct_mail.tell(&self.registrar, None).await;
        }
        self.status.send_modify(|status| {
            status.obstacle = obstacle;
            let goes_on = obstacle.is_none_or(|one| one == Obstacle::DatabaseRefuses);
            status.is_verifying &= goes_on && self.went_through;
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
        self.went_through = false;
        let progress = self.progress.clone();
        tokio::select! {
            made = self.work_through() => made,
            () = progress.stands_still() => {
                Err(sqlx::Error::Io(std::io::ErrorKind::TimedOut.into()).into())
            }
        }
    }

    async fn work_through(&mut self) -> Result<Ended, Hindrance> {
        // Under other keys every row would seem planted, and ours planted to everybody else.
        self.registrar.examiner().check_keys().await?;
        let round = Round::join_or_begin(&self.registrar, self.ended, self.tell()).await?;
        let pace = Arc::new(Mutex::new(Pace::new(self.rate)));
        let mut workers = std::mem::take(&mut self.workers);
        if workers.is_empty() {
            // The one before was given up with the round that stood still.
            workers.push(Worker::with_memory());
        }
        let (workers, worked) = work(&round, workers, &pace, &self.progress).await;
        self.workers = workers;
        self.went_through = worked.is_ok();
        if self.went_through {
            self.ended = self.ended.max(round.number());
        }
        let mut ended = round.end(worked).await?;
        match ended.refused.take() {
            Some(refused) => Err(refused),
            None => Ok(ended),
        }
    }

    /// Once records are looked at again, what kept us from it is over, long before the round is.
    fn tell(&self) -> Tell {
        let status = self.status.clone();
        Box::new(move |progress| {
            status.send_if_modified(|status| {
                let can_be_over = status.obstacle.is_none_or(|one| OUTAGES.contains(&one));
                let is_over = progress.checked > 0 && !status.is_verifying && can_be_over;
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
    /// The first thing that the database refused on the way.
    refused: Option<Hindrance>,
}

/// Lets the workers do what there is to do in a round; the first hindrance is told once all have stopped.
async fn work(
    round: &Arc<Round>,
    workers: Vec<Worker>,
    pace: &Arc<Mutex<Pace>>,
    progress: &Arc<Progress>,
) -> (Vec<Worker>, Result<(), Hindrance>) {
    let mut tasks = JoinSet::new();
    for mut worker in workers {
        let (round, pace, progress) = (round.clone(), pace.clone(), progress.clone());
        tasks.spawn(async move {
            let worked = worker.work(&round, &pace, &progress).await;
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

/// A round of this process's own, that remembers nothing. Where something was refused on the way, it names that as its problem:
/// what it found all the same must not be lost with it.
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
    let ended = round.end(worked).await?;
    if let Some(refused) = ended.refused
        && let Err(hindrance) = registrar.raise(refused.obstacle()).await
    {
        tracing::warn!(cause = ?hindrance, "an alarm could not be noted");
    }
    Ok(ended.round)
}

//! The sweep: all records, for ever, at a set rate, by one process at a time.

mod pass;

use std::time::Duration;

use database::leases::{self, Lease};
use database::sweep_rounds::SweepRound;
use database::verifications::Source;
use rand::Rng as _;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use self::pass::{LEASE_LENGTH, Pass, Unknown};
use crate::direct_mail::DirectMail;
use crate::obstacle::Hindrance;
use crate::pace::Pace;
use crate::registrar::Registrar;
use crate::verdict::Obstacle;

const LEASE: &str = "sweep";
const PAUSE_BETWEEN_ROUNDS: Duration = Duration::from_secs(1);
const PAUSE_AFTER_HINDRANCE: Duration = Duration::from_secs(2);

/// How the sweep stands, as this process sees it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SweepStatus {
    /// Whether this process does the work; another one may.
    pub leading: bool,
    /// What keeps it from telling anything.
    pub obstacle: Option<Obstacle>,
}

/// Sweeps all records, again and again.
pub struct Sweeper {
    registrar: Registrar,
    direct_mail: DirectMail,
    rate: u32,
    holder: [u8; 16],
    unknown: Unknown,
    status: watch::Sender<SweepStatus>,
}

impl Sweeper {
    /// Examines `rate` records a second.
    #[must_use]
    pub fn new(registrar: Registrar, rate: u32, direct_mail: DirectMail) -> Self {
        let mut holder = [0; 16];
        rand::rng().fill_bytes(&mut holder);
        Self {
            registrar,
            direct_mail,
            rate,
            holder,
            unknown: Unknown::default(),
            status: watch::Sender::new(SweepStatus::default()),
        }
    }

    /// How it stands, at any time.
    pub fn status(&self) -> watch::Receiver<SweepStatus> {
        self.status.subscribe()
    }

    /// Works until told to stop; then gives the lease back, so that the next process need not wait for its end.
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
        if let Err(hindrance) = self.give_back().await {
            tracing::warn!(cause = ?hindrance, "the sweep's lease could not be given back");
        }
    }

    async fn give_back(&self) -> Result<(), Hindrance> {
        let (parts, now) = (
            self.registrar.examiner().parts(),
            self.registrar.examiner().now(),
        );
        let lease = Lease {
            name: LEASE.to_owned(),
            holder: self.holder,
            expires_at: now,
        };
        let mut connection = parts.pool.acquire().await?;
        Ok(leases::release(&mut connection, &lease).await?)
    }

    /// One round, if it is ours to make.
    async fn turn(&mut self) -> Duration {
        let outcome = self.round_under_lease().await;
        let (leading, obstacle) = match &outcome {
            Ok(leading) => (*leading, None),
            Err(Hindrance::LostLease) => (false, None),
            Err(hindrance) => (true, Some(hindrance.obstacle())),
        };
        let before = self
            .status
            .send_replace(SweepStatus { leading, obstacle })
            .obstacle;
        if let Err(hindrance) = &outcome
            && before != obstacle
        {
            tracing::warn!(cause = ?hindrance, "nothing can be verified right now");
        }
        if let Err(hindrance) = self.note(leading, obstacle).await {
            tracing::warn!(cause = ?hindrance, "an alarm could not be noted");
        }
        self.direct_mail.tell(&self.registrar, obstacle).await;
        if obstacle.is_some() {
            PAUSE_AFTER_HINDRANCE
        } else {
            PAUSE_BETWEEN_ROUNDS
        }
    }

    /// Raises and ends alarms, and tells of those that last.
    async fn note(&self, leading: bool, obstacle: Option<Obstacle>) -> Result<(), Hindrance> {
        match obstacle {
            Some(obstacle) => self.registrar.raise(obstacle).await?,
            None if leading => {
                self.registrar.all_clear().await?;
                self.registrar.look_for_planted_rows().await?;
            }
            None => {}
        }
        // Under keys that are not the database's nothing can be written that anybody would believe.
        if obstacle == Some(Obstacle::WrongKeys) {
            return Ok(());
        }
        self.registrar.look_for_stalled_sweep(self.rate).await?;
        self.registrar.tell_alarms().await
    }

    async fn round_under_lease(&mut self) -> Result<bool, Hindrance> {
        let examiner = self.registrar.examiner();
        let (parts, now) = (examiner.parts(), examiner.now());
        // Under other keys every lease would seem planted, and ours planted to everybody else.
        examiner.check_keys().await?;
        let held = {
            let mut connection = parts.pool.acquire().await?;
            let (keys, holder) = (&parts.keys, &self.holder);
            leases::acquire(&mut connection, keys, LEASE, holder, LEASE_LENGTH, now).await?
        };
        let Some(mut lease) = held else {
            return Ok(false);
        };
        let (pace, lent) = (Pace::new(self.rate), Some(&mut lease));
        let unknown = &mut self.unknown;
        let round = Pass::make(&self.registrar, Source::Sweep, pace, lent, unknown, |_| {}).await;
        if let Err(hindrance) = &round
            && hindrance.is_database_outage()
        {
            // The lease ends by itself, or is taken again by this process.
            return round.map(|_| true);
        }
        let mut connection = parts.pool.acquire().await?;
        leases::release(&mut connection, &lease).await?;
        round.map(|_| true)
    }
}

/// One pass over all records, as fast as it goes: what "Verify all" does. `tell` hears of the progress.
pub async fn verify_all(
    registrar: &Registrar,
    tell: impl FnMut(&SweepRound) + Send,
) -> Result<SweepRound, Hindrance> {
    let (pace, mut unknown) = (Pace::unlimited(), Unknown::default());
    Pass::make(registrar, Source::Button, pace, None, &mut unknown, tell).await
}

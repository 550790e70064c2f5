//! The sweep: all records, for ever, at a set rate, by one process at a time.

use std::time::Duration;

use database::evidence;
use database::leases::{self, Lease};
use database::sweep_rounds::{self, SweepRound};
use database::verifications::{self, Source};
use rand::Rng as _;
use record::ids::{RecordId, Uid};
use sqlx::Connection;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::examiner::{Examined, Sight};
use crate::obstacle::Hindrance;
use crate::pace::Pace;
use crate::registrar::{Occasion, Registrar};
use crate::verdict::Obstacle;

const LEASE: &str = "sweep";
const LEASE_LENGTH: Duration = Duration::from_secs(30);
const PAUSE_BETWEEN_ROUNDS: Duration = Duration::from_secs(1);
const PAUSE_AFTER_HINDRANCE: Duration = Duration::from_secs(2);
/// Rounds that are kept for people to look at.
const ROUNDS_KEPT: u64 = 1000;

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
    rate: u32,
    holder: [u8; 16],
    status: watch::Sender<SweepStatus>,
}

/// Where a pass stands.
struct Pass<'a> {
    round: SweepRound,
    pace: Pace,
    lease: Option<&'a mut Lease>,
}

impl Sweeper {
    /// Examines `rate` records a second.
    #[must_use]
    pub fn new(registrar: Registrar, rate: u32) -> Self {
        let mut holder = [0; 16];
        rand::rng().fill_bytes(&mut holder);
        Self {
            registrar,
            rate,
            holder,
            status: watch::Sender::new(SweepStatus::default()),
        }
    }

    /// How it stands, at any time.
    pub fn status(&self) -> watch::Receiver<SweepStatus> {
        self.status.subscribe()
    }

    /// Works until told to stop.
    pub async fn run(self, shutdown: CancellationToken) {
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
    }

    /// One round, if it is ours to make.
    async fn turn(&self) -> Duration {
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
        let noted = match obstacle {
            Some(obstacle) => self.registrar.raise(obstacle).await,
            None if leading => self.tidy().await,
            None => Ok(()),
        };
        let noted = match noted {
            Ok(()) => self.registrar.tell_alarms().await,
            failed => failed,
        };
        if let Err(hindrance) = noted {
            tracing::warn!(cause = ?hindrance, "an alarm could not be noted");
        }
        if obstacle.is_some() {
            PAUSE_AFTER_HINDRANCE
        } else {
            PAUSE_BETWEEN_ROUNDS
        }
    }

    /// What a round leaves to be done when it has ended well.
    async fn tidy(&self) -> Result<(), Hindrance> {
        self.registrar.all_clear().await?;
        self.registrar.look_for_planted_rows().await
    }

    async fn round_under_lease(&self) -> Result<bool, Hindrance> {
        let parts = self.registrar.examiner().parts();
        let now = self.registrar.examiner().now();
        let lease = {
            let mut connection = parts.pool.acquire().await?;
            leases::acquire(
                &mut connection,
                &parts.keys,
                LEASE,
                &self.holder,
                LEASE_LENGTH,
                now,
            )
            .await?
        };
        let Some(mut lease) = lease else {
            return Ok(false);
        };
        let pace = Pace::new(self.rate);
        let round = all_records(
            &self.registrar,
            Source::Sweep,
            pace,
            Some(&mut lease),
            |_| {},
        )
        .await;
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
    all_records(registrar, Source::Button, Pace::unlimited(), None, tell).await
}

/// One pass: every UID of the chain in order, then the rows that the chain does not know.
async fn all_records(
    registrar: &Registrar,
    source: Source,
    pace: Pace,
    lease: Option<&mut Lease>,
    mut tell: impl FnMut(&SweepRound) + Send,
) -> Result<SweepRound, Hindrance> {
    let examiner = registrar.examiner();
    let parts = examiner.parts();
    let sight = examiner.sight().await?;
    let total = total(registrar, &sight).await?;
    let round = {
        let mut connection = parts.pool.acquire().await?;
        sweep_rounds::start(&mut connection, &parts.keys, total, examiner.now()).await?
    };
    tell(&round);
    let mut pass = Pass { round, pace, lease };
    let swept = uids_and_rows(registrar, source, &sight, &mut pass, &mut tell).await;
    match swept {
        Ok(()) => registrar.end_round(pass.round.started_at).await?,
        // What was found is told in its time, also when the round could not be finished.
        Err(_) => registrar.tell(None).await?,
    }
    let now = examiner.now();
    pass.round.finished_at = Some(now);
    pass.round.problem = swept.as_ref().err().map(|hindrance| {
        crate::obstacle::alarm_of(hindrance.obstacle())
            .as_str()
            .to_owned()
    });
    let mut connection = parts.pool.acquire().await?;
    sweep_rounds::update(&mut connection, &parts.keys, &pass.round).await?;
    sweep_rounds::delete_before(&mut connection, pass.round.id.saturating_sub(ROUNDS_KEPT)).await?;
    tell(&pass.round);
    swept.map(|()| pass.round)
}

async fn total(registrar: &Registrar, sight: &Sight) -> Result<u64, Hindrance> {
    let mut connection = registrar.examiner().parts().pool.acquire().await?;
    let unknown = evidence::count_unknown_to_chain(&mut connection, sight.next_uid).await?;
    Ok(sight.next_uid.get() - 1 + unknown)
}

async fn uids_and_rows(
    registrar: &Registrar,
    source: Source,
    sight: &Sight,
    pass: &mut Pass<'_>,
    tell: &mut (impl FnMut(&SweepRound) + Send),
) -> Result<(), Hindrance> {
    let examiner = registrar.examiner();
    let mut from = Uid::new(1);
    while let (Some(first), Some(last)) = (from, sight.last_uid())
        && first <= last
    {
        pass.pace.turn().await;
        let end = first
            .get()
            .saturating_add(u64::from(pass.pace.at_once()) - 1);
        let end = Uid::new(end).map_or(last, |end| end.min(last));
        let page = examiner.uids(first, end).await?;
        pass.take_in(registrar, source, page, tell).await?;
        from = end.next();
    }
    rows_unknown(registrar, source, sight, pass, tell).await?;
    forget_gone_rows(registrar).await
}

/// Rows without a UID, then rows with one that the chain has not given.
async fn rows_unknown(
    registrar: &Registrar,
    source: Source,
    sight: &Sight,
    pass: &mut Pass<'_>,
    tell: &mut (impl FnMut(&SweepRound) + Send),
) -> Result<(), Hindrance> {
    let examiner = registrar.examiner();
    let limit = pass.pace.at_once();
    for with_uid in [false, true] {
        let mut after: Option<RecordId> = None;
        loop {
            pass.pace.turn().await;
            let rows = {
                let mut connection = examiner.parts().pool.acquire().await?;
                match with_uid {
                    false => evidence::without_uid(&mut connection, after, limit).await?,
                    true => {
                        evidence::surplus(&mut connection, sight.next_uid, after, limit).await?
                    }
                }
            };
            let Some(last) = rows.last() else { break };
            after = Some(last.record_id);
            let mut page = Vec::with_capacity(rows.len());
            for row in rows {
                page.push(examiner.unknown(row).await?);
            }
            pass.take_in(registrar, source, page, tell).await?;
        }
    }
    Ok(())
}

/// Planted rows that were taken out meanwhile: there is nothing left to be at fault.
async fn forget_gone_rows(registrar: &Registrar) -> Result<(), Hindrance> {
    const AT_ONCE: u32 = 100;
    let mut connection = registrar.examiner().parts().pool.acquire().await?;
    for subject in verifications::without_subject(&mut connection, AT_ONCE).await? {
        let mut transaction = connection.begin().await?;
        registrar
            .resolve(&mut transaction, subject, "the row is gone")
            .await?;
        verifications::remove(&mut transaction, subject).await?;
        transaction.commit().await?;
    }
    Ok(())
}

impl Pass<'_> {
    async fn take_in(
        &mut self,
        registrar: &Registrar,
        source: Source,
        page: Vec<Examined>,
        tell: &mut (impl FnMut(&SweepRound) + Send),
    ) -> Result<(), Hindrance> {
        let parts = registrar.examiner().parts();
        let occasion = Occasion {
            source,
            round: Some(self.round.id),
        };
        self.pace
            .took(u32::try_from(page.len()).unwrap_or(u32::MAX));
        let round = &mut self.round;
        let filed = |bad| {
            round.checked += 1;
            round.bad += u64::from(bad);
            tell(round);
        };
        registrar.file_page(page, occasion, filed).await?;
        registrar.tell(None).await?;
        let now = registrar.examiner().now();
        let mut connection = parts.pool.acquire().await?;
        sweep_rounds::update(&mut connection, &parts.keys, &self.round).await?;
        if let Some(lease) = self.lease.as_deref_mut() {
            let renewed =
                leases::renew(&mut connection, &parts.keys, lease, LEASE_LENGTH, now).await?;
            *lease = renewed.ok_or(Hindrance::LostLease)?;
        }
        Ok(())
    }
}

//! What is looked for beside the rounds of the sweep: these may take hours, and who holds one up must not silence the alarms.

use std::time::Duration;

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::obstacle::Hindrance;
use crate::registrar::Registrar;
use crate::sweep::SweepStatus;

const EVERY: Duration = Duration::from_secs(2);
/// What takes longer waits for something that somebody holds.
const PATIENCE: Duration = Duration::from_secs(20);

/// Looks for planted and deleted rows and for a sweep that stands still, and tells of alarms and incidents.
pub struct Lookout {
    registrar: Registrar,
    rate: u32,
    sweep: watch::Receiver<SweepStatus>,
}

impl Lookout {
    /// Beside a sweep of this rate that stands like this.
    #[must_use]
    pub fn new(registrar: Registrar, rate: u32, sweep: watch::Receiver<SweepStatus>) -> Self {
        Self {
            registrar,
            rate,
            sweep,
        }
    }

    /// Looks until told to stop.
    pub async fn run(self, shutdown: CancellationToken) {
        let mut was_hindered = false;
        while !shutdown.is_cancelled() {
            let looked = tokio::select! {
                () = shutdown.cancelled() => return,
                looked = self.look() => looked,
            };
            if let Err(cause) = &looked
                && !was_hindered
            {
                tracing::warn!(cause, "alarms can't be looked after right now");
            }
            was_hindered = looked.is_err();
            tokio::select! {
                () = shutdown.cancelled() => {}
                () = tokio::time::sleep(EVERY) => {}
            }
        }
    }

    /// Each by itself: what keeps one from being done keeps no other. The first cause is told.
    async fn look(&self) -> Result<(), String> {
        let registrar = &self.registrar;
        // Under other keys every row would seem planted, and nothing can be written that anybody would believe.
        step(registrar.examiner().check_keys()).await?;
        let is_verifying = self.sweep.borrow().is_verifying;
        let cleared = match is_verifying {
            true => step(registrar.clear_outages()).await,
            false => Ok(()),
        };
        // What is known is told before anything is looked for, which may take long.
        let found = step(registrar.tell(None)).await;
        let told = step(registrar.tell_alarms()).await;
        let planted = step(registrar.look_for_planted_rows()).await;
        let deleted = step(registrar.look_for_deleted_rows()).await;
        let stalled = step(registrar.look_for_stalled_sweep(self.rate)).await;
        let heard = step(registrar.look_for_held_mail()).await;
        cleared
            .and(found)
            .and(told)
            .and(planted)
            .and(deleted)
            .and(stalled)
            .and(heard)
    }
}

async fn step<V>(work: impl Future<Output = Result<V, Hindrance>>) -> Result<V, String> {
    match tokio::time::timeout(PATIENCE, work).await {
        Ok(Ok(done)) => Ok(done),
        Ok(Err(hindrance)) => Err(format!("{hindrance:?}")),
        Err(_) => Err("something is held".to_owned()),
    }
}

//! What is over is destroyed by itself. An hour after signing, the link's copy of the owner's key goes: what a receipt needed it
//! for is over. So does that of a link that nobody used, a day after it expired: whoever finds it in an old mail and the rows in an
//! old backup opens nothing; a copy of everything goes with it. So does what requests to take consent back hold, and what nobody signed in time, as a whole.

use std::time::Duration;

use database::{MySqlPool, RowError, access_copies, consent_links};
use enrolment::EnrolmentError;
use keyring::FrontKeys;
use record::time::Clock;
use sqlx::Connection as _;
use web_kit::lifetime::Lifetime;

use crate::pass;

const EVERY: Duration = Duration::from_mins(5);
/// A clock that is hours ahead for a moment destroys nothing.
const LAPSED: Duration = Duration::from_hours(24);

/// What is looked at, and for how long it waits.
pub struct Forgetting {
    pub database: MySqlPool,
    pub front: FrontKeys,
    pub clock: Clock,
    /// How long what nobody signed stays after its last link has expired.
    pub drafts: Duration,
}

impl Forgetting {
    /// Forgets again and again until the end. A database that is away is asked again.
    pub async fn run(self, lifetime: Lifetime) {
        loop {
            match self.forget().await {
                Ok(0) => {}
                Ok(count) => {
                    tracing::info!(count, "destroyed the key copies of links whose use is over");
                }
                Err(error) => {
                    tracing::warn!(%error, "could not destroy the key copies of links whose use is over");
                }
            }
            match self.lapse().await {
                Ok((0, 0)) => {}
                Ok((count, tampered)) => {
                    tracing::info!(count, tampered, "destroyed what nobody signed in time");
                }
                Err(error) => {
                    tracing::warn!(%error, "could not destroy what nobody signed in time")
                }
            }
            if let Err(error) = self.tidy().await {
                tracing::warn!(%error, "could not wipe requests to take consent back that are over");
            }
            tokio::select! {
                () = tokio::time::sleep(EVERY) => {}
                () = lifetime.ended() => return,
            }
        }
    }

    async fn forget(&self) -> Result<usize, RowError> {
        let mut connection = self.database.acquire().await?;
        let (front, now) = (&self.front, self.clock.now());
        let used =
            consent_links::forget_used(&mut connection, front, now.minus(pass::LIFETIME)).await?;
        let lapsed =
            consent_links::forget_lapsed(&mut connection, front, now.minus(LAPSED)).await?;
        let mut transaction = connection.begin().await?;
        let copies = access_copies::end_expired(&mut transaction, front, now.minus(LAPSED)).await?;
        transaction.commit().await?;
        Ok(used + lapsed + copies)
    }

    async fn tidy(&self) -> Result<usize, RowError> {
        let mut connection = self.database.acquire().await?;
        enrolment::request::tidy(&mut connection, &self.front, self.clock.now()).await
    }

    async fn lapse(&self) -> Result<(usize, usize), EnrolmentError> {
        let now = self.clock.now();
        let before = now.minus(self.drafts);
        enrolment::lapse(&self.database, &self.front, before, now).await
    }
}

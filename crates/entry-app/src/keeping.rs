//! Keeps the days on which records are due to be erased, and tells the desk of them.

use std::sync::Arc;
use std::time::Duration;

use enrolment::EnrolmentError;
use enrolment::retention::{Looked, Warning, reckon, warn};
use keyring::ApplicationKeys;
use notification::Recipient;
use record::ids::RecordId;
use record::time::Clock;
use sqlx::MySqlPool;
use web_kit::lifetime::Lifetime;
use web_kit::profile::ControllerProfile;

use crate::rules::rules;

const EVERY: Duration = Duration::from_secs(1);

/// What it takes.
pub struct Keeper {
    pub pool: MySqlPool,
    pub keys: ApplicationKeys,
    pub clock: Clock,
    pub profile: Arc<ControllerProfile>,
    /// Who is told.
    pub desk: Recipient,
    /// The page that lists what is due.
    pub url: String,
}

impl Keeper {
    /// Looks again and again until the end. A database that is away is asked again.
    pub async fn run(self, lifetime: Lifetime) {
        let (mut after, mut planted) = (None, Planted::default());
        let mut is_away = false;
        loop {
            // Where somebody keeps rows locked, the end waits for no look: each record is reckoned in a transaction of its own.
            let looked = tokio::select! {
                looked = self.look(after) => looked,
                () = lifetime.ended() => return,
            };
            match looked {
                Ok(looked) => {
                    after = looked.last;
                    planted.add(&looked);
                    is_away = false;
                }
                Err(error) => {
                    // What goes on is said once.
                    if !std::mem::replace(&mut is_away, true) {
                        tracing::warn!(%error, "the days on which records are due can't be kept");
                    }
                }
            }
            tokio::select! {
                () = tokio::time::sleep(EVERY) => {}
                () = lifetime.ended() => return,
            }
        }
    }

    /// One look. At the end of a round all days are known, and the desk is told.
    async fn look(&self, after: Option<RecordId>) -> Result<Looked, EnrolmentError> {
        let looked = reckon(&self.pool, &self.keys, &rules(&self.profile), after).await?;
        if looked.last.is_none() {
            self.tell().await?;
        }
        Ok(looked)
    }

    async fn tell(&self) -> Result<(), EnrolmentError> {
        let mut transaction = self.pool.begin().await.map_err(database::RowError::from)?;
        let warning = Warning {
            desk: self.desk.as_str(),
            url: &self.url,
            days: self.profile.retention.warn_days,
            now: self.clock.now(),
        };
        warn(&mut transaction, &self.keys.front(), &warning).await?;
        transaction
            .commit()
            .await
            .map_err(database::RowError::from)?;
        Ok(())
    }
}

/// How many rows of a round are not ours; told at its end, where that is another number than before.
#[derive(Default)]
struct Planted {
    so_far: usize,
    before: usize,
}

impl Planted {
    fn add(&mut self, looked: &Looked) {
        self.so_far += looked.planted;
        if looked.last.is_some() {
            return;
        }
        let planted = std::mem::take(&mut self.so_far);
        if planted > 0 && planted != self.before {
            tracing::error!(
                planted,
                "ALARM: rows that tell until when records are kept, or what they are reckoned from, are not ours"
            );
        }
        self.before = planted;
    }
}

//! Whether the key files are those that the database was set up with. With others every row would look tampered with. And whether
//! they are behind: the version in use was destroyed elsewhere, and what it wraps would be lost.

use std::time::Duration;

use database::RowError;
use database::key_checks::{self, KeyCheck};
use database::operations_alarms::{self, AlarmKind};
use keyring::{ApplicationKeys, FrontKeys};
use record::time::Clock;
use sqlx::{MySqlConnection, MySqlPool};

use crate::lifetime::Lifetime;

const OTHER_KEYS: &str = "the keys are not the ones that the database was set up with";
const BEHIND: &str =
    "the application key in use here is retired: this host has not been given the newest key file";
const AGAIN: Duration = Duration::from_secs(2);
const LOOKED_AT_EVERY: Duration = Duration::from_secs(10);
/// The alarm of another host that is behind is noticed anew before that.
const OUTDATED_AFTER: Duration = Duration::from_secs(60);

/// The keys that a process holds.
#[derive(Clone)]
pub enum HeldKeys {
    /// Of entry-app and breach-viewer.
    Application(ApplicationKeys),
    /// Of consent-dapp.
    Front(FrontKeys),
}

impl HeldKeys {
    async fn check(&self, pool: &MySqlPool) -> anyhow::Result<KeyCheck> {
        let mut connection = pool.acquire().await?;
        Ok(match self {
            Self::Application(keys) => key_checks::verify(&mut connection, keys).await?,
            Self::Front(keys) => key_checks::verify_front(&mut connection, keys).await?,
        })
    }

    /// For `/readyz`.
    pub(crate) async fn are_right(&self, pool: &MySqlPool) -> anyhow::Result<()> {
        anyhow::ensure!(self.check(pool).await? == KeyCheck::Right, OTHER_KEYS);
        if let Self::Application(keys) = self {
            let mut connection = pool.acquire().await?;
            anyhow::ensure!(!is_behind(&mut connection, keys).await?, BEHIND);
        }
        Ok(())
    }

    /// Ends the start of a process that could only do harm. A database that does not answer, or has no tables yet, is for
    /// `/readyz` to tell.
    pub async fn refuse_others(&self, pool: &MySqlPool) -> anyhow::Result<()> {
        match self.check(pool).await {
            Ok(KeyCheck::Wrong(problem)) => Err(anyhow::Error::new(problem).context(OTHER_KEYS)),
            Ok(KeyCheck::Right | KeyCheck::Missing) => Ok(()),
            Err(error) => {
                tracing::warn!(
                    error = format!("{error:#}"),
                    "the keys could not be checked yet"
                );
                Ok(())
            }
        }
    }

    /// Waits until the keys are known to be right: for work that would take every row for a planted one. False when the
    /// process ends first.
    pub async fn wait_until_right(&self, pool: &MySqlPool, lifetime: &Lifetime) -> bool {
        while !lifetime.is_ending() {
            if matches!(self.check(pool).await, Ok(KeyCheck::Right)) {
                return true;
            }
            tokio::select! {
                () = lifetime.ended() => {}
                () = tokio::time::sleep(AGAIN) => {}
            }
        }
        false
    }

    /// Does such work once the keys are right.
    pub async fn then(self, pool: MySqlPool, lifetime: Lifetime, work: impl Future<Output = ()>) {
        if self.wait_until_right(&pool, &lifetime).await {
            work.await;
        }
    }
}

/// Says in the log that a host is behind, and what to do.
pub fn say_behind(version: u32) {
    tracing::error!(
        version,
        "ALARM: this host seals with an application key that is retired: copy the newest key file to it. Nobody is entered here until then"
    );
}

async fn is_behind(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
) -> Result<bool, RowError> {
    key_checks::is_retired(connection, keys, keys.current_version()).await
}

/// Keeps the alarm that a host is behind with its key file, for as long as this one is. Runs until the process ends.
pub async fn tell_when_behind(
    keys: ApplicationKeys,
    pool: MySqlPool,
    clock: Clock,
    lifetime: Lifetime,
) {
    let mut was_behind = false;
    while !lifetime.is_ending() {
        match note(&keys, &pool, &clock).await {
            Ok(is_behind) => {
                if is_behind && !was_behind {
                    say_behind(keys.current_version());
                }
                was_behind = is_behind;
            }
            // Others tell of a database that does not answer.
            Err(error) => tracing::debug!(
                error = format!("{error:#}"),
                "whether the keys are behind could not be asked"
            ),
        }
        tokio::select! {
            () = lifetime.ended() => {}
            () = tokio::time::sleep(LOOKED_AT_EVERY) => {}
        }
    }
}

async fn note(keys: &ApplicationKeys, pool: &MySqlPool, clock: &Clock) -> anyhow::Result<bool> {
    let (mut connection, now) = (pool.acquire().await?, clock.now());
    let is_behind = is_behind(&mut connection, keys).await?;
    let kind = AlarmKind::KeysBehind;
    if is_behind {
        operations_alarms::raise(&mut connection, kind, now).await?;
    } else {
        let before = now.minus(OUTDATED_AFTER);
        operations_alarms::clear_unseen_since(&mut connection, kind, before).await?;
    }
    Ok(is_behind)
}

//! Whether the key files are those that the database was set up with. With others every row would look tampered with.

use std::time::Duration;

use database::key_checks::{self, KeyCheck};
use keyring::{ApplicationKeys, FrontKeys};
use sqlx::MySqlPool;

use crate::lifetime::Lifetime;

const OTHER_KEYS: &str = "the keys are not the ones that the database was set up with";
const AGAIN: Duration = Duration::from_secs(2);

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

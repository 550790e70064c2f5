//! Telling an outage of the database from somebody who ends our connections, or holds what is asked by them: then the server
//! gives another one.

use std::time::Duration;

use database::uptime;

use crate::obstacle::Hindrance;
use crate::registrar::Registrar;
use crate::verdict::Obstacle;

/// What broke off before a server had been up for so long, its restart may have broken off.
const RESTARTED: Duration = Duration::from_secs(30);
/// Who ends connections again and again also ends those that ask: several are tried.
const TRIES: usize = 10;
const PAUSE: Duration = Duration::from_millis(50);
const PATIENCE: Duration = Duration::from_secs(2);

impl Registrar {
    /// What keeps us from telling anything.
    pub async fn obstacle(&self, hindrance: &Hindrance) -> Obstacle {
        match hindrance.obstacle() {
            Obstacle::DatabaseUnreachable if self.is_interrupted().await => {
                Obstacle::DatabaseInterrupts
            }
            obstacle => obstacle,
        }
    }

    /// Whether the server answers, and has all along.
    async fn is_interrupted(&self) -> bool {
        let pool = &self.examiner().parts().pool;
        let asked = async {
            for _ in 0..TRIES {
                match uptime(pool).await {
                    Ok(up) => return up >= RESTARTED,
                    Err(error) => tracing::debug!(%error, "no connection to ask by"),
                }
                tokio::time::sleep(PAUSE).await;
            }
            false
        };
        tokio::time::timeout(PATIENCE, asked).await.unwrap_or(false)
    }
}

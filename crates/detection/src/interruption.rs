//! Telling an outage of the database from somebody who ends our connections, or holds what is asked by them: then the server
//! goes on greeting whoever connects.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use database::greeting;

use crate::obstacle::Hindrance;
use crate::registrar::Registrar;
use crate::verdict::Obstacle;

/// Connections that end before anybody says who they are fill a server's log: so seldom is one made for no other reason.
const EVERY: Duration = Duration::from_secs(10 * 60);

/// When the server greeted us last, and with which number.
#[derive(Default)]
pub(crate) struct Greeted(Mutex<Option<(Instant, u32)>>);

impl Greeted {
    /// Gives back the greeting before.
    fn remember(&self, number: u32) -> Option<u32> {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let before = last.replace((Instant::now(), number));
        before.map(|(_, number)| number)
    }

    fn is_old(&self) -> bool {
        let last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        last.is_none_or(|(at, _)| at.elapsed() >= EVERY)
    }
}

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

    /// All is well: remembers the server as it is now, to know it again.
    pub(crate) async fn meet_server(&self) {
        if self.greeted.is_old()
            && let Some(number) = greeting(&self.examiner().parts().pool).await
        {
            self.greeted.remember(number);
        }
    }

    /// Whether the server greets us, and has not been started anew since it did last: then it would count from the beginning.
    async fn is_interrupted(&self) -> bool {
        let Some(number) = greeting(&self.examiner().parts().pool).await else {
            return false;
        };
        let before = self.greeted.remember(number);
        before.is_some_and(|before| before < number)
    }
}

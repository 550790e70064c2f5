//! Telling an outage of the database from somebody who ends our connections, or holds what is asked by them: then the server
//! goes on greeting whoever connects.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use database::greeting;

use crate::obstacle::Hindrance;
use crate::registrar::Registrar;
use crate::verdict::Obstacle;

/// Connections that end before anybody says who they are fill a server's log: so seldom is one made for no other reason.
const EVERY: Duration = Duration::from_secs(10 * 60);

/// An answer holds for so long: a server may turn away who breaks off too often, and one that was started anew is told by its
/// first number alone.
const HOLDS: Duration = Duration::from_secs(60);

/// What this process knows of the database's server.
#[derive(Default)]
pub(crate) struct Greeted(Mutex<Known>);

#[derive(Default)]
struct Known {
    /// When it greeted us last, and with which number.
    last: Option<(Instant, u32)>,
    /// When we asked last whether it is there, and whether it was.
    answer: Option<(Instant, bool)>,
}

impl Greeted {
    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether this is the server that greeted us before, and not started anew since: then it would count from the beginning.
    fn is_the_same(&self, number: u32) -> bool {
        let before = self.known().last.replace((Instant::now(), number));
        before.is_some_and(|(_, before)| before < number)
    }

    fn is_old(&self) -> bool {
        let last = self.known().last;
        last.is_none_or(|(at, _)| at.elapsed() >= EVERY)
    }

    fn answer(&self) -> Option<bool> {
        let answer = self.known().answer;
        let recent = answer.filter(|(at, _)| at.elapsed() < HOLDS);
        recent.map(|(_, answer)| answer)
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
            self.greeted.is_the_same(number);
        }
    }

    /// Whether the server greets us as before.
    async fn is_interrupted(&self) -> bool {
        if let Some(answer) = self.greeted.answer() {
            return answer;
        }
        let number = greeting(&self.examiner().parts().pool).await;
        let answer = number.is_some_and(|number| self.greeted.is_the_same(number));
        self.greeted.known().answer = Some((Instant::now(), answer));
        answer
    }
}

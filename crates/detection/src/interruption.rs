//! Telling an outage of the database from somebody who ends our connections, or holds what is asked by them: then the server
//! goes on greeting whoever connects.

use std::time::{Duration, Instant};

use database::greeting;
use tokio::sync::Mutex;

use crate::obstacle::Hindrance;
use crate::registrar::Registrar;
use crate::verdict::Obstacle;

/// Connections that end before anybody says who they are fill a server's log: so seldom is one made for no other reason.
const EVERY: Duration = Duration::from_secs(10 * 60);

/// An answer holds for so long: a server may turn away who breaks off too often, and one that was started anew is told by its
/// first number alone.
const HOLDS: Duration = Duration::from_secs(60);

/// What this process knows of the database's server; held while it is asked.
#[derive(Default)]
pub(crate) struct Greeted(Mutex<Known>);

#[derive(Default)]
struct Known {
    /// When it greeted us last, and with which number.
    last: Option<(Instant, u32)>,
    /// When we asked last whether it is there, and whether it was.
    answer: Option<(Instant, bool)>,
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
        let mut known = self.greeted.0.lock().await;
        if known.last.is_none_or(|(at, _)| at.elapsed() >= EVERY) {
            let number = greeting(&self.examiner().parts().pool).await;
            known.last = number.map(|number| (Instant::now(), number)).or(known.last);
        }
    }

    /// Whether the server greets us as before, and was not started anew since: then it would count from the beginning.
    async fn is_interrupted(&self) -> bool {
        let mut known = self.greeted.0.lock().await;
        if let Some((at, answer)) = known.answer
            && at.elapsed() < HOLDS
        {
            return answer;
        }
        let number = greeting(&self.examiner().parts().pool).await;
        let now = Instant::now();
        let before = known.last;
        known.last = number.map(|number| (now, number)).or(before);
        let answer = before
            .zip(number)
            .is_some_and(|((_, before), number)| before < number);
        known.answer = Some((now, answer));
        answer
    }
}

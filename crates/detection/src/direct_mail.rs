//! The officer's mail of an alarm that the outbox can't carry: it stands in the database that does not answer, or under
//! keys that are not ours.

use database::operations_alarms::AlarmKind;
use notification::{EventKey, Mailer};
use record::time::UnixMillis;

use crate::alarms::LASTING;
use crate::obstacle::alarm_of;
use crate::registrar::Registrar;
use crate::verdict::Obstacle;

/// Remembers how long an obstacle has stood, and whether the officer was told.
pub struct DirectMail {
    mailer: Mailer,
    standing: Option<Standing>,
}

struct Standing {
    alarm: AlarmKind,
    since: UnixMillis,
    is_told: bool,
}

impl DirectMail {
    /// Sends by this mailer.
    #[must_use]
    pub fn new(mailer: Mailer) -> Self {
        Self {
            mailer,
            standing: None,
        }
    }

    /// Tells of an obstacle that lasts, once. One that ended and came back is a new one.
    pub async fn tell(&mut self, registrar: &Registrar, obstacle: Option<Obstacle>) {
        let alarm = obstacle.filter(|one| keeps_from_outbox(*one)).map(alarm_of);
        let now = registrar.examiner().now();
        self.standing = alarm.map(|alarm| match self.standing.take() {
            // It has lasted since now at the latest, also where our clock was put back.
            Some(standing) if standing.alarm == alarm => Standing {
                since: standing.since.min(now),
                ..standing
            },
            _ => Standing {
                alarm,
                since: now,
                is_told: false,
            },
        });
        let Some(standing) = &mut self.standing else {
            return;
        };
        if standing.is_told || now.since(standing.since) < LASTING {
            return;
        }
        let (alarm, since) = (standing.alarm, standing.since);
        let what = format!("{}{}", alarm.as_str(), since.0);
        let event = EventKey::of("operations_alarm", what.as_bytes());
        let (mail, officer) = (registrar.alarm_mail(alarm, since), registrar.officer());
        standing.is_told = self.mailer.send_at_once(event, since, officer, &mail).await;
    }
}

/// The others are told by the outbox, which tries again until it is heard.
fn keeps_from_outbox(obstacle: Obstacle) -> bool {
    matches!(
        obstacle,
        Obstacle::DatabaseUnreachable
            | Obstacle::DatabaseReadOnly
            | Obstacle::DatabaseRefuses
            | Obstacle::WrongKeys
    )
}

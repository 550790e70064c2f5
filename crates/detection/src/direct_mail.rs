//! The officer's mail of an alarm that the outbox can't carry: it stands in the database that does not answer, or under
//! keys that are not ours, or somebody holds back what stands there.

use std::collections::BTreeMap;

use database::operations_alarms::AlarmKind;
use notification::{EventKey, Mailer};
use record::time::UnixMillis;

use crate::alarms::LASTING;
use crate::obstacle::alarm_of;
use crate::registrar::Registrar;
use crate::verdict::Obstacle;

/// Remembers how long alarms have stood, and whether the officer was told.
pub struct DirectMail {
    mailer: Mailer,
    standing: BTreeMap<AlarmKind, Standing>,
}

struct Standing {
    since: UnixMillis,
    is_told: bool,
}

impl DirectMail {
    /// Sends by this mailer.
    #[must_use]
    pub fn new(mailer: Mailer) -> Self {
        Self {
            mailer,
            standing: BTreeMap::new(),
        }
    }

    /// Tells of an obstacle that lasts, and of mail that is held back, once. What ended and came back is new.
    pub async fn tell(&mut self, registrar: &Registrar, obstacle: Option<Obstacle>) {
        let now = registrar.examiner().now();
        let obstacle = obstacle.filter(|one| keeps_from_outbox(*one)).map(alarm_of);
        let held = registrar
            .holds_back_mail()
            .then_some(AlarmKind::MailHeldBack);
        let alarms = [obstacle, held];
        self.standing
            .retain(|alarm, _| alarms.contains(&Some(*alarm)));
        for alarm in alarms.into_iter().flatten() {
            let standing = self.standing.entry(alarm).or_insert(Standing {
                since: now,
                is_told: false,
            });
            // It has lasted since now at the latest, also where our clock was put back.
            standing.since = standing.since.min(now);
            // Mail that is held back has been so for long.
            let lasts = Some(alarm) == held || now.since(standing.since) >= LASTING;
            if standing.is_told || !lasts {
                continue;
            }
            let since = standing.since;
            let what = format!("{}{}", alarm.as_str(), since.0);
            let event = EventKey::of("operations_alarm", what.as_bytes());
            let (mail, officer) = (registrar.alarm_mail(alarm, since), registrar.officer());
            standing.is_told = self.mailer.send_at_once(event, since, officer, &mail).await;
        }
    }
}

/// The others are told by the outbox, which tries again until it is heard.
fn keeps_from_outbox(obstacle: Obstacle) -> bool {
    matches!(
        obstacle,
        Obstacle::DatabaseUnreachable
            | Obstacle::DatabaseReadOnly
            | Obstacle::DatabaseRefuses
            | Obstacle::DatabaseInterrupts
            | Obstacle::WrongKeys
    )
}

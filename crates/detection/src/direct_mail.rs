//! The officer's mail of an alarm that the outbox can't carry: it stands in the database that does not answer, or under
//! keys that are not ours, or somebody holds back what stands there.

use std::collections::BTreeMap;
use std::time::Duration;

use database::operations_alarms::AlarmKind;
use notification::{EventKey, Mailer};
use record::time::UnixMillis;

use crate::alarms::LASTING;
use crate::obstacle::{alarm_of, is_no_breach};
use crate::registrar::Registrar;
use crate::verdict::Obstacle;

/// An alarm that was not seen for so long has ended: who lets us do a little in between keeps nobody from being told.
const QUIET: Duration = Duration::from_secs(2 * 60);

/// Remembers how long alarms have stood, and whether the officer was told.
pub struct DirectMail {
    mailer: Mailer,
    standing: BTreeMap<Trouble, Standing>,
}

/// What keeps the outbox from carrying an alarm. The database may fail in this way now and in that way then.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Trouble {
    Database,
    Keys,
    HeldBack,
}

struct Standing {
    since: UnixMillis,
    seen_at: UnixMillis,
    told: Option<AlarmKind>,
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
        let obstacle = obstacle.and_then(|one| Some((trouble(one)?, alarm_of(one))));
        let held = registrar
            .holds_back_mail()
            .then_some((Trouble::HeldBack, AlarmKind::MailHeldBack));
        let stands = |one| {
            [obstacle, held]
                .iter()
                .flatten()
                .any(|(trouble, _)| *trouble == one)
        };
        self.standing
            .retain(|trouble, standing| stands(*trouble) || now.since(standing.seen_at) < QUIET);
        for (trouble, alarm) in [obstacle, held].into_iter().flatten() {
            let standing = self.standing.entry(trouble).or_insert(Standing {
                since: now,
                seen_at: now,
                told: None,
            });
            // It has lasted since now at the latest, also where our clock was put back.
            standing.since = standing.since.min(now);
            standing.seen_at = now;
            // Mail that is held back has been so for long.
            let lasts = trouble == Trouble::HeldBack || now.since(standing.since) >= LASTING;
            if !lasts || !standing.has_news(alarm) {
                continue;
            }
            let since = standing.since;
            let what = format!("{}{}", alarm.as_str(), since.0);
            let event = EventKey::of("operations_alarm", what.as_bytes());
            let (mail, officer) = (
                registrar.alarm_mail(alarm, since, false),
                registrar.officer(),
            );
            if self.mailer.send_at_once(event, since, officer, &mail).await {
                standing.told = Some(alarm);
            }
        }
    }
}

impl Standing {
    /// Whether nothing was told yet, or that it is no breach, which can't be said any more.
    fn has_news(&self, alarm: AlarmKind) -> bool {
        self.told
            .is_none_or(|told| is_no_breach(told) && !is_no_breach(alarm))
    }
}

/// The others are told by the outbox, which tries again until it is heard.
fn trouble(obstacle: Obstacle) -> Option<Trouble> {
    match obstacle {
        Obstacle::DatabaseUnreachable
        | Obstacle::DatabaseReadOnly
        | Obstacle::DatabaseRefuses
        | Obstacle::DatabaseInterrupts => Some(Trouble::Database),
        Obstacle::WrongKeys => Some(Trouble::Keys),
        _ => None,
    }
}

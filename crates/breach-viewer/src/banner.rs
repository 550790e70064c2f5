//! The banner above every page: why nothing can be verified right now, and what else operations have to mend.

use std::time::Duration;

use database::operations_alarms::{self, AlarmKind};
use detection::{SweepStatus, alarm_of, hinders_verification, is_no_breach, words};
use sqlx::MySqlPool;
use tokio::sync::watch;
use web_kit::components::Tone;
use web_kit::lifetime::Lifetime;
use web_kit::site::{Banner, Site};

const EVERY: Duration = Duration::from_millis(500);
/// A database that is slow must not keep the banner from saying so.
const PATIENCE: Duration = Duration::from_secs(2);

/// Keeps it true until the process ends.
pub async fn keep(
    site: Site,
    pool: MySqlPool,
    mut sweep: watch::Receiver<SweepStatus>,
    lifetime: Lifetime,
) {
    while !lifetime.is_ending() {
        let seen_here = sweep.borrow_and_update().obstacle.map(alarm_of);
        let on_file = match seen_here {
            Some(AlarmKind::DatabaseUnreachable) => Vec::new(),
            _ => on_file(&pool).await,
        };
        site.set_banner(banner(seen_here, &on_file));
        tokio::select! {
            () = lifetime.ended() => {}
            () = tokio::time::sleep(EVERY) => {}
        }
    }
}

/// The alarms that this process or another one raised; none while the database can't tell, which the sweep sees.
async fn on_file(pool: &MySqlPool) -> Vec<AlarmKind> {
    let read = async {
        let mut connection = pool.acquire().await.ok()?;
        operations_alarms::all(&mut connection).await.ok()
    };
    let alarms = tokio::time::timeout(PATIENCE, read).await.ok().flatten();
    let alarms = alarms.unwrap_or_default().into_iter();
    alarms.map(|alarm| alarm.kind).collect()
}

/// Only what this process has met itself is said to hinder it: an alarm on file is another's word, or an intruder's.
fn banner(seen_here: Option<AlarmKind>, on_file: &[AlarmKind]) -> Option<Banner> {
    let mut said = Vec::new();
    if let Some(kind) = seen_here {
        let goes_on = match is_no_breach(kind) {
            true => "This is not a breach; the sweep goes on by itself once it can.",
            false => "The sweep goes on by itself once it can.",
        };
        let hinders = hinders_verification(kind);
        said.extend(hinders.then_some("Nothing can be verified right now."));
        said.push(words(kind));
        said.extend(hinders.then_some(goes_on));
    }
    let others = on_file.iter().filter(|kind| Some(**kind) != seen_here);
    said.extend(others.map(|kind| words(*kind)));
    (!said.is_empty()).then(|| Banner {
        tone: Tone::Warning,
        text: said.join(" "),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_hinders_comes_first_and_says_that_it_is_no_breach() {
        assert!(banner(None, &[]).is_none());
        let text = |seen, on_file: &[AlarmKind]| banner(seen, on_file).map(|banner| banner.text);
        let both = text(
            Some(AlarmKind::ChainUnreachable),
            &[AlarmKind::MailFailing, AlarmKind::ChainUnreachable],
        );
        let both = both.unwrap_or_default();
        assert!(both.starts_with(
            "Nothing can be verified right now. The chain does not answer. This is not a breach"
        ));
        assert!(both.ends_with("Mail can't be delivered."));
        assert_eq!(both.matches("The chain does not answer.").count(), 1);
        let keys = text(Some(AlarmKind::KeysWrong), &[]).unwrap_or_default();
        assert!(keys.starts_with("Nothing can be verified right now. The keys are not"));
        assert!(!keys.contains("not a breach"), "somebody may have done it");
        let interrupts = text(Some(AlarmKind::DatabaseInterrupts), &[]).unwrap_or_default();
        assert!(interrupts.starts_with("Nothing can be verified right now. The database answers"));
        assert!(!interrupts.contains("not a breach"));
        let on_file = text(None, &[AlarmKind::ChainUnreachable]);
        assert_eq!(on_file.as_deref(), Some("The chain does not answer."));
        let mail = text(None, &[AlarmKind::MailFailing]);
        assert_eq!(mail.as_deref(), Some("Mail can't be delivered."));
    }
}

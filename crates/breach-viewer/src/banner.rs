//! The banner above every page for staff: why nothing can be verified right now, and what else operations have to mend.

use std::time::Duration;

use database::operations_alarms::AlarmKind;
use detection::{Registrar, SweepStatus, alarm_of, hinders_verification, is_no_breach, words};
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
    registrar: Registrar,
    mut sweep: watch::Receiver<SweepStatus>,
    lifetime: Lifetime,
) {
    while !lifetime.is_ending() {
        let seen_here = sweep.borrow_and_update().obstacle.map(alarm_of);
        let on_file = match seen_here {
            Some(AlarmKind::DatabaseUnreachable) => Vec::new(),
            _ => on_file(&pool, &registrar).await,
        };
        site.set_banner(banner(seen_here, &on_file));
        tokio::select! {
            () = lifetime.ended() => {}
            () = tokio::time::sleep(EVERY) => {}
        }
    }
}

/// The alarms that this process or another one raised; none while the database can't tell, which the sweep sees.
async fn on_file(pool: &MySqlPool, registrar: &Registrar) -> Vec<AlarmKind> {
    let read = async {
        let mut connection = pool.acquire().await.ok()?;
        registrar.standing(&mut connection).await.ok()
    };
    let alarms = tokio::time::timeout(PATIENCE, read).await.ok().flatten();
    let alarms = alarms.unwrap_or_default().into_iter();
    alarms.map(|alarm| alarm.kind).collect()
}

/// Only what this process has met itself is said to hinder it: an alarm on file is another's word, or an intruder's.
fn banner(seen_here: Option<AlarmKind>, on_file: &[AlarmKind]) -> Option<Banner> {
    let met = seen_here.map(met);
    let others = on_file.iter().filter(|kind| Some(**kind) != seen_here);
    let others = others.map(|kind| words(*kind).to_owned());
    let said: Vec<_> = met.clone().into_iter().chain(others).collect();
    (!said.is_empty()).then(|| Banner {
        tone: Tone::Warning,
        text: said.join(" "),
        to_anybody: met.filter(|_| seen_here.is_some_and(keeps_out)),
    })
}

/// What this process has met, and what it means.
fn met(kind: AlarmKind) -> String {
    if !hinders_verification(kind) {
        return words(kind).to_owned();
    }
    let goes_on = match is_no_breach(kind) {
        true => "This is not a breach; the sweep goes on by itself once it can.",
        false => "The sweep goes on by itself once it can.",
    };
    let said = ["Nothing can be verified right now.", words(kind), goes_on];
    said.join(" ")
}

/// Whether nobody can sign in to be told.
fn keeps_out(kind: AlarmKind) -> bool {
    matches!(
        kind,
        AlarmKind::DatabaseUnreachable | AlarmKind::DatabaseReadOnly | AlarmKind::KeysWrong
    )
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

    #[test]
    fn strangers_are_told_only_what_keeps_everybody_out() {
        let on_file = [AlarmKind::MailFailing];
        let told = |seen| banner(seen, &on_file).and_then(|banner| banner.to_anybody);
        assert_eq!(told(None), None);
        assert_eq!(told(Some(AlarmKind::ChainUnreachable)), None);
        let keys = told(Some(AlarmKind::KeysWrong)).unwrap_or_default();
        assert!(keys.contains("The keys are not"), "{keys}");
        assert!(!keys.contains("Mail"), "{keys}");
    }
}

//! The banner above every page: why nothing can be verified right now, and what else operations have to mend.

use std::time::Duration;

use database::operations_alarms::{self, AlarmKind};
use detection::{SweepStatus, alarm_of, hinders_verification, words};
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

fn banner(seen_here: Option<AlarmKind>, on_file: &[AlarmKind]) -> Option<Banner> {
    let alarms: Vec<AlarmKind> = match seen_here {
        Some(kind) if !on_file.contains(&kind) => std::iter::once(kind)
            .chain(on_file.iter().copied())
            .collect(),
        _ => on_file.to_vec(),
    };
    let (hindering, others): (Vec<AlarmKind>, Vec<AlarmKind>) = alarms
        .into_iter()
        .partition(|kind| hinders_verification(*kind));
    let said = |kinds: &[AlarmKind]| {
        kinds
            .iter()
            .map(|kind| words(*kind))
            .collect::<Vec<_>>()
            .join(" ")
    };
    let text = match (hindering.is_empty(), others.is_empty()) {
        (true, true) => return None,
        (true, false) => said(&others),
        (false, _) => format!(
            "Nothing can be verified right now. {} This is not a breach; the sweep goes on by itself once it can. {}",
            said(&hindering),
            said(&others)
        ),
    };
    Some(Banner {
        tone: Tone::Warning,
        text: text.trim_end().to_owned(),
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
        let mail = text(None, &[AlarmKind::MailFailing]);
        assert_eq!(mail.as_deref(), Some("Mail can't be delivered."));
    }
}

//! The alarms that stand: what each means, and what to do.

use database::operations_alarms::{Alarm, AlarmKind};
use detection::{SweepStatus, alarm_of, words};
use record::time::UnixMillis;

use super::ago::ago;

/// One alarm.
pub struct Line {
    pub text: &'static str,
    pub advice: &'static str,
    /// Whether somebody may be hiding something behind it.
    pub is_grave: bool,
    /// None for one that this process has only just met.
    pub since: Option<String>,
}

/// Those on file, and what this process meets itself.
pub fn standing(on_file: &[Alarm], sweep: SweepStatus, now: UnixMillis) -> Vec<Line> {
    let met = sweep.obstacle.map(alarm_of);
    let met = met.filter(|kind| on_file.iter().all(|alarm| alarm.kind != *kind));
    let line = |kind, since| Line {
        text: words(kind),
        advice: advice(kind),
        is_grave: is_grave(kind),
        since,
    };
    let on_file = on_file
        .iter()
        .map(|alarm| line(alarm.kind, Some(ago(alarm.since, now))));
    let met = met.map(|kind| line(kind, None));
    met.into_iter().chain(on_file).collect()
}

/// The others say nothing of the records.
const fn is_grave(alarm: AlarmKind) -> bool {
    !matches!(
        alarm,
        AlarmKind::WatchNotConfigured
            | AlarmKind::WatchBehind
            | AlarmKind::MailFailing
            | AlarmKind::MailUndelivered
            | AlarmKind::ControllerFunds
            | AlarmKind::AnchoringStuck
            | AlarmKind::ValuesNotDestroyed
    )
}

/// What an officer can do or ask for. docs/OPERATIONS.md tells operations more.
const fn advice(alarm: AlarmKind) -> &'static str {
    match alarm {
        AlarmKind::DatabaseUnreachable => "Ask operations to bring the database back.",
        AlarmKind::DatabaseReadOnly => {
            "Ask operations who made it read-only, and to end that or to name the primary server."
        }
        AlarmKind::DatabaseRefuses => {
            "Ask operations who changed the table, the right or the row, or keeps it locked, and to put it right. Look at the records \
             meanwhile."
        }
        AlarmKind::DatabaseInterrupts => {
            "Ask operations who ends the connections, or whether the network between breach-viewer and the database drops them."
        }
        AlarmKind::SweepStalled => {
            "Press \"Verify all\" on the page of the records. Ask operations whether the database is too slow for the set rate."
        }
        AlarmKind::ChainUnreachable => {
            "Ask operations to look at the chain's endpoint. Work goes on by itself."
        }
        AlarmKind::ChainWrong => {
            "Ask operations which is wrong, the endpoint or the deployment file. The pins must not be replaced to silence this."
        }
        AlarmKind::ChainBehind => {
            "Ask operations for another endpoint: this one lags or was reset."
        }
        AlarmKind::ChainDisagrees => {
            "Ask the authority: a master-data misreports, or the endpoint lies."
        }
        AlarmKind::EndpointsDisagree => {
            "Ask operations to find out by a third endpoint which one lies."
        }
        AlarmKind::ChainForgets => {
            "Ask operations for an archive node as the chain's endpoint. The grid shows which records wait for it, as unverifiable."
        }
        AlarmKind::ClockOff => {
            "Ask operations to set the viewer's clock by the network, and to look whether the chain's endpoint gets new blocks."
        }
        AlarmKind::KeysWrong => "Ask operations to put the right key files back.",
        AlarmKind::KeysBehind => {
            "Ask operations to copy the newest key files to every host of entry-app and breach-viewer. Nobody is entered at the one \
             that lacks them, and breach-viewer may call genuine records altered there."
        }
        AlarmKind::RowTampered => {
            "Ask operations for the log of breach-viewer, which names the rows, and for who wrote to the database then."
        }
        AlarmKind::RowsDeleted => {
            "Ask operations for the log of breach-viewer, which names the table, and for who deleted from it then."
        }
        AlarmKind::SchemaChanged => {
            "Ask operations who changed it, and to undo that: a trigger goes, a table is put right."
        }
        AlarmKind::WatchNotConfigured => {
            "Ask operations to set the watch up: breaches are then found within a second, with the statement as evidence."
        }
        AlarmKind::WatchLogOff => {
            "Ask operations who switched the log off, and to switch it on again."
        }
        AlarmKind::WatchRefused => {
            "Ask operations who took the right away, and to give it back by what \"sealwatch grants\" prints."
        }
        AlarmKind::WatchBehind => {
            "Ask operations whether the database is overloaded. The sweep finds what the watch has not reached."
        }
        AlarmKind::WatchGap => {
            "Wait for the next whole round of the sweep, and ask operations who purged the log."
        }
        AlarmKind::MailFailing => {
            "Ask operations to look at the mail server. Mails wait, and go out once it takes them."
        }
        AlarmKind::MailUndelivered => {
            "Open the page \"Mail\": it says which mail, to whom, and what to do."
        }
        AlarmKind::MailHeldBack => {
            "Ask operations who locks or changes rows of the table \"outbox\", and to end that. Look at the incidents meanwhile."
        }
        AlarmKind::ControllerFunds => "Ask the authority to fill the controller's account up.",
        AlarmKind::AnchoringStuck => "Look at the banner of entry-app, which says why.",
        AlarmKind::ValuesNotDestroyed => {
            "Ask operations for the log of breach-viewer, which names the record and the reason."
        }
    }
}

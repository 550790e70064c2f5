//! What keeps us from telling anything, as an error: never a breach.

use chain::ChainError;
use database::operations_alarms::AlarmKind;
use database::{RowError, turns_away};
use notification::EnqueueError;

use crate::verdict::Obstacle;

/// Nothing can be told right now. The cause goes to the log, the obstacle to the page.
#[derive(Debug, thiserror::Error)]
pub enum Hindrance {
    /// The chain gave no usable answer.
    #[error("the chain gave no usable answer")]
    Chain(#[from] ChainError),
    /// The database gave none.
    #[error("the database gave no usable answer")]
    Row(#[from] RowError),
    /// It gave no connection, or broke one off.
    #[error("no connection to the database")]
    Connection(#[source] RowError),
    /// The keys at hand are not those of the database.
    #[error("the keys are not those that the database was written with")]
    WrongKeys,
    /// The node keeps no state of a block at which a contract wallet is to be asked.
    #[error("the node keeps no state old enough to ask a contract wallet")]
    Forgotten,
    /// A mail could not be put into the outbox.
    #[error("the mail could not be put into the outbox")]
    Mail(#[from] EnqueueError),
}

impl From<sqlx::Error> for Hindrance {
    fn from(error: sqlx::Error) -> Self {
        Self::Connection(RowError::Sql(error))
    }
}

impl Hindrance {
    /// What a verdict says of it.
    #[must_use]
    pub fn obstacle(&self) -> Obstacle {
        match self {
            Self::Chain(ChainError::Unreachable { .. }) => Obstacle::ChainUnreachable,
            Self::Chain(ChainError::WrongChain { .. }) => Obstacle::WrongChain,
            Self::Chain(ChainError::Behind { .. }) => Obstacle::ChainBehind,
            Self::Chain(ChainError::Disagreement { .. } | ChainError::Malformed { .. }) => {
                Obstacle::ChainDisagrees
            }
            Self::Chain(ChainError::EndpointsDisagree { .. }) => Obstacle::EndpointsDisagree,
            Self::WrongKeys => Obstacle::WrongKeys,
            Self::Forgotten => Obstacle::ChainForgets,
            Self::Connection(RowError::Sql(error)) if turns_away(error) => {
                Obstacle::DatabaseUnreachable
            }
            Self::Connection(error) | Self::Row(error) | Self::Mail(EnqueueError::Row(error)) => {
                match error {
                    error if error.is_refusal() => Obstacle::DatabaseRefuses,
                    error if error.is_read_only() => Obstacle::DatabaseReadOnly,
                    _ => Obstacle::DatabaseUnreachable,
                }
            }
        }
    }

    /// Whether the database can't be talked to: then nothing more can be written down either, and each try takes seconds.
    pub(crate) const fn is_database_outage(&self) -> bool {
        matches!(
            self,
            Self::Connection(RowError::Sql(
                sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed
            )) | Self::Row(RowError::Sql(sqlx::Error::Io(_)))
        )
    }

    /// Whether only this one thing could not be read or written: everything else can go on. That a server is read-only
    /// any trigger can say of a single row.
    pub(crate) fn concerns_one_thing(&self) -> bool {
        let refuses = [Obstacle::DatabaseRefuses, Obstacle::DatabaseReadOnly];
        refuses.contains(&self.obstacle()) || matches!(self, Self::Row(RowError::Changed { .. }))
    }
}

/// The alarm that an obstacle raises.
#[must_use]
pub const fn alarm_of(obstacle: Obstacle) -> AlarmKind {
    match obstacle {
        Obstacle::DatabaseUnreachable => AlarmKind::DatabaseUnreachable,
        Obstacle::DatabaseReadOnly => AlarmKind::DatabaseReadOnly,
        Obstacle::DatabaseRefuses => AlarmKind::DatabaseRefuses,
        Obstacle::DatabaseInterrupts => AlarmKind::DatabaseInterrupts,
        Obstacle::ChainUnreachable => AlarmKind::ChainUnreachable,
        Obstacle::WrongChain => AlarmKind::ChainWrong,
        Obstacle::ChainBehind => AlarmKind::ChainBehind,
        Obstacle::ChainDisagrees => AlarmKind::ChainDisagrees,
        Obstacle::EndpointsDisagree => AlarmKind::EndpointsDisagree,
        Obstacle::ChainForgets => AlarmKind::ChainForgets,
        Obstacle::WrongKeys => AlarmKind::KeysWrong,
    }
}

/// In words for the banner and the mail.
#[must_use]
pub const fn words(alarm: AlarmKind) -> &'static str {
    match alarm {
        AlarmKind::DatabaseUnreachable => "The database does not answer.",
        AlarmKind::DatabaseReadOnly => {
            "The database is read-only: no verdict, incident or mail can be kept in it."
        }
        AlarmKind::DatabaseRefuses => {
            "The database answers, but refuses what Sealwatch reads or writes: a table, a right or a row was changed or is locked. \
             Somebody may have done so to hide something; find out who."
        }
        AlarmKind::DatabaseInterrupts => {
            "The database answers, but Sealwatch's connections to it are ended, or what is asked by them never comes back. Somebody may \
             have done so to hide something; find out who."
        }
        AlarmKind::SweepStalled => {
            "No round over all records has ended for long. Somebody may be disturbing it; find out who."
        }
        AlarmKind::ChainUnreachable => "The chain does not answer.",
        AlarmKind::ChainWrong => "The endpoint serves another chain than the pinned one.",
        AlarmKind::ChainBehind => "The chain is behind what was seen of it before.",
        AlarmKind::ChainDisagrees => "The chain's contracts tell different things.",
        AlarmKind::EndpointsDisagree => {
            "The two endpoints of the chain tell different things: one of them lies or is broken."
        }
        AlarmKind::ChainForgets => {
            "The chain's node can't tell what contract wallets answered when their owners signed: it keeps no state that old. The records \
             of these owners can't be verified; all others are. An archive node mends it."
        }
        AlarmKind::ClockOff => {
            "Our clock and the time of the chain's newest block are more than five minutes apart: one of the two is off, or the \
             chain's endpoint has had no new block for long. Verdicts do not rest on our clock; times of incidents and alarms do."
        }
        AlarmKind::KeysWrong => {
            "The keys are not those that the database was written with, or somebody has written over all that shows it."
        }
        AlarmKind::KeysBehind => {
            "A server has not been given the newest key file, and holds one whose key is retired. It enters nobody until it has it."
        }
        AlarmKind::RowTampered => {
            "Somebody wrote rows behind Sealwatch's back: of accounts, sessions, links, jobs, mails, notices, incidents, requests of \
             owners, consent taken back, the heads of records, or of no record at all. They are not used; the log names them. Find out who has access to the database."
        }
        AlarmKind::RowsDeleted => {
            "Somebody took rows out of a table from which Sealwatch deletes nothing: mails, incidents, steps, jobs, links, accounts, requests \
             to be erased, consent taken back, or who looked at what. The log names the table. Find out who has access to the database, and compare with a backup."
        }
        AlarmKind::SchemaChanged => {
            "Somebody changed Sealwatch's tables, put a trigger on one, or had the server do something first in each session \
             (init_connect). Undo it, and find out who."
        }
        AlarmKind::WatchNotConfigured => {
            "The watch is not set up (WATCH_DATABASE_URL): breaches are found by the sweep alone, and no statement is kept as evidence."
        }
        AlarmKind::WatchLogOff => {
            "The database's binary log is switched off, or does not hold whole rows of our database any more. The sweep goes on. \
             Find out who changed it."
        }
        AlarmKind::WatchRefused => {
            "The database refuses the watch's account, or one of its rights was taken away. The sweep goes on."
        }
        AlarmKind::WatchBehind => {
            "The watch does not keep up with the database's binary log, or can't reach it. The sweep goes on."
        }
        AlarmKind::WatchGap => {
            "The binary log lacks changes that the watch has not seen: purged, logged without their rows, or more at once than it can hold. The alarm ends \
             when the sweep has looked at every record since."
        }
        AlarmKind::MailFailing => "Mail can't be delivered.",
        AlarmKind::MailUndelivered => {
            "A mail could not be delivered to its reader; the viewer's page \"Mail\" says which, and what to do."
        }
        AlarmKind::MailHeldBack => {
            "Mail that is due has not been sent for minutes. Unless the mail server is slow, somebody holds it back in the \
             database; find out who, and look at the viewer's pages for what it would have told."
        }
        AlarmKind::ControllerFunds => "The controller's account can't pay for anchoring.",
        AlarmKind::AnchoringStuck => "Anchoring does not move on.",
        AlarmKind::ValuesNotDestroyed => {
            "Values that a correction replaced can't be destroyed: the backup of records does not answer, or lacks a whole copy of what \
             replaced them, or a right is missing. It is tried again by itself."
        }
    }
}

/// [`words`], by the word that a round keeps as its problem.
#[must_use]
pub fn words_of(problem: &str) -> &'static str {
    let kind = problem.parse();
    kind.map_or("Something was refused on the way; the log names it.", words)
}

/// Whether somebody may keep us from our work in the database on purpose.
pub(crate) const fn may_be_meant(alarm: AlarmKind) -> bool {
    matches!(
        alarm,
        AlarmKind::DatabaseRefuses | AlarmKind::DatabaseInterrupts | AlarmKind::DatabaseReadOnly
    )
}

/// Whether it keeps us from some records only, while all others are judged.
pub(crate) const fn concerns_some_records(alarm: AlarmKind) -> bool {
    matches!(alarm, AlarmKind::DatabaseRefuses | AlarmKind::ChainForgets)
}

/// Whether no verdict can be given for as long as this alarm stands. What concerns some records is not among these: the others
/// are judged all the same, and what is found is kept. Nothing can be kept where it is read-only: what the pages know is of before.
#[must_use]
pub fn hinders_verification(alarm: AlarmKind) -> bool {
    !concerns_some_records(alarm) && ALL.into_iter().any(|one| alarm_of(one) == alarm)
}

/// Whether that can be said to be no breach. That nothing in the database fits the keys may also be because somebody has
/// written over all of it, and that it breaks us off because somebody has it do so.
#[must_use]
pub fn is_no_breach(alarm: AlarmKind) -> bool {
    hinders_verification(alarm) && !may_be_meant(alarm) && alarm != AlarmKind::KeysWrong
}

/// Every obstacle that an alarm of ours stands for.
pub(crate) const ALL: [Obstacle; 11] = [
    Obstacle::DatabaseUnreachable,
    Obstacle::DatabaseReadOnly,
    Obstacle::DatabaseRefuses,
    Obstacle::DatabaseInterrupts,
    Obstacle::ChainUnreachable,
    Obstacle::WrongChain,
    Obstacle::ChainBehind,
    Obstacle::ChainDisagrees,
    Obstacle::EndpointsDisagree,
    Obstacle::ChainForgets,
    Obstacle::WrongKeys,
];

/// Those that are over once any record was looked at.
pub(crate) const OUTAGES: [Obstacle; 6] = [
    Obstacle::DatabaseUnreachable,
    Obstacle::DatabaseInterrupts,
    Obstacle::ChainUnreachable,
    Obstacle::WrongChain,
    Obstacle::ChainBehind,
    Obstacle::WrongKeys,
];

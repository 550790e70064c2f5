//! Until when one record may be kept, from what its owner signed and took back, the profile, and what staff decided.

use database::record_events::{RecordEvent, RecordEventKind};
use database::records::Record;
use database::retentions::{self, Retention};
use database::{Checked, MySqlConnection, consents, record_events};
use keyring::ApplicationKeys;
use record::consent::{Choice, Purpose};
use record::ids::Version;
use record::keeping::Start;
use record::time::UnixMillis;

use super::prolong::{Prolongation, open_prolongations};
use super::rules::Rules;
use crate::EnrolmentError;
use crate::signed::{Signed, newest_signed};
use crate::withdrawal::TakenBack;

/// Until when, and why.
#[derive(Debug, Default)]
pub struct Term {
    /// Each purpose that was signed.
    pub purposes: Vec<Kept>,
    /// When the last of them was over or is; none where nobody can tell.
    pub purposes_until: Option<UnixMillis>,
    /// What staff decided, oldest first: the newest holds.
    pub prolongations: Vec<Prolongation>,
    /// Whether somebody changed, planted or took away what this rests on: then nobody can tell.
    pub is_tampered: bool,
}

/// One purpose.
#[derive(Debug)]
pub struct Kept {
    /// In the words in which it was signed.
    pub purpose: Choice,
    /// Until when it permits to keep the data.
    pub until: KeptUntil,
}

/// Until when a purpose permits to keep the data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeptUntil {
    /// Until then.
    Day(UnixMillis),
    /// The owner does not allow it, or not any more since then.
    NotAllowed(Option<UnixMillis>),
    /// The profile does not name it: nobody knows.
    Unknown,
}

impl Term {
    /// Of a record; it rests on nothing, and nobody can tell, where nothing that was signed stands.
    ///
    /// # Errors
    /// When the database can't be reached.
    pub async fn load(
        connection: &mut MySqlConnection,
        keys: &ApplicationKeys,
        record: &Record,
        rules: &Rules<'_>,
    ) -> Result<Self, EnrolmentError> {
        let id = record.id;
        let history = record_events::of_record(connection, &keys.front(), id).await?;
        let mut term = Self::default();
        let standing = match retentions::load(connection, keys, id).await {
            Err(error) if error.is_tampering() => {
                term.is_tampered = true;
                None
            }
            standing => standing?,
        };
        term.look_at_prolongations(connection, keys, standing.as_ref(), &history)
            .await?;
        if let Some(signed) = newest_signed(connection, keys, record).await? {
            term.look_at_purposes(connection, keys, record, &signed, &history, rules)
                .await?;
        }
        Ok(term)
    }

    /// From when on nothing permits to keep the record; none where nobody can tell.
    #[must_use]
    pub fn due_at(&self) -> Option<UnixMillis> {
        let until = self.purposes_until.filter(|_| !self.is_tampered)?;
        let prolonged = self.prolongations.last().map(|newest| newest.until);
        Some(prolonged.map_or(until, |prolonged| prolonged.max(until)))
    }

    /// Whether that time has come.
    #[must_use]
    pub fn is_due(&self, now: UnixMillis) -> bool {
        self.due_at().is_some_and(|due_at| due_at <= now)
    }

    async fn look_at_prolongations(
        &mut self,
        connection: &mut MySqlConnection,
        keys: &ApplicationKeys,
        standing: Option<&Retention>,
        history: &Checked<RecordEvent>,
    ) -> Result<(), EnrolmentError> {
        match open_prolongations(connection, keys, standing).await {
            Err(error) if error.is_tampering() => self.is_tampered = true,
            opened => self.prolongations = opened?,
        }
        // Whoever takes the row away, or puts an older one back, has not what the history tells of.
        self.is_tampered |= !history.tampered.is_empty()
            || told(history, RecordEventKind::RetentionProlonged) > self.prolongations.len();
        Ok(())
    }

    async fn look_at_purposes(
        &mut self,
        connection: &mut MySqlConnection,
        keys: &ApplicationKeys,
        record: &Record,
        signed: &Signed,
        history: &Checked<RecordEvent>,
        rules: &Rules<'_>,
    ) -> Result<(), EnrolmentError> {
        let front = keys.front();
        let taken = TakenBack::load(connection, &front, record.id, signed.draft).await?;
        let first = consents::load(connection, record.id, Version::FIRST).await?;
        let first = first.filter(|first| first.is_ours(&front));
        let (Some(purposes), Some(first)) = (&signed.purposes, first) else {
            self.is_tampered = true;
            return Ok(());
        };
        self.is_tampered |=
            taken.tampered > 0 || taken.rows < told(history, RecordEventKind::ConsentWithdrawn);
        let starts = (signed.received_at, first.received_at);
        let kept = purposes.iter().map(|purpose| Kept {
            purpose: Choice::from(purpose),
            until: until(purpose, starts, &taken, rules),
        });
        self.purposes = kept.collect();
        self.purposes_until = last_of(&self.purposes, signed.received_at);
        Ok(())
    }
}

fn told(history: &Checked<RecordEvent>, kind: RecordEventKind) -> usize {
    let events = history.rows.iter();
    events.filter(|event| event.kind == kind).count()
}

/// `starts` are the newest signature and the first one.
fn until(
    purpose: &Purpose,
    (newest, first): (UnixMillis, UnixMillis),
    taken: &TakenBack,
    rules: &Rules<'_>,
) -> KeptUntil {
    let Some(keeping) = (rules.keeping)(purpose) else {
        return KeptUntil::Unknown;
    };
    if (rules.is_choice)(purpose) {
        let since = taken.since(&Choice::from(purpose));
        if !purpose.granted || since.is_some() {
            return KeptUntil::NotAllowed(since.filter(|_| purpose.granted));
        }
    }
    let start = match keeping.start {
        Start::Signature => newest,
        Start::FirstSignature => first,
    };
    KeptUntil::Day(keeping.period.after(start))
}

/// The last day of those that there are; where the owner allows nothing, the day on which that became so.
fn last_of(purposes: &[Kept], signed_at: UnixMillis) -> Option<UnixMillis> {
    let mut last = None;
    let mut refused = signed_at;
    for kept in purposes {
        match kept.until {
            KeptUntil::Unknown => return None,
            KeptUntil::Day(day) => last = last.max(Some(day)),
            KeptUntil::NotAllowed(since) => refused = since.unwrap_or(refused).max(refused),
        }
    }
    Some(last.unwrap_or(refused))
}

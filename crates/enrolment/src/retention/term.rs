//! Until when one record may be kept, from what its owner signed, took back and objected to, the profile, and what staff decided.

use database::record_events::{RecordEvent, RecordEventKind};
use database::records::Record;
use database::retentions::{self, Retention};
use database::{Checked, MySqlConnection, consents, record_events};
use keyring::ApplicationKeys;
use record::consent::Choice;
use record::ids::Version;
use record::keeping::Start;
use record::time::UnixMillis;

use super::prolong::{Prolongation, open_prolongations};
use super::rules::Rules;
use crate::EnrolmentError;
use crate::restriction::{Limits, Reason, Standing, Use};

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
    /// The owner does not allow it.
    NotAllowed,
    /// The owner does not any more, since then.
    TakenBack(UnixMillis),
    /// The owner objected to it, and it has ended, since then.
    Ended(UnixMillis),
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
        term.look_at_purposes(connection, keys, record, &history, rules)
            .await?;
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
        history: &Checked<RecordEvent>,
        rules: &Rules<'_>,
    ) -> Result<(), EnrolmentError> {
        let limits = Limits::load(connection, keys, record, history, &*rules.basis).await?;
        let Some((_, newest)) = limits.signed else {
            return Ok(());
        };
        let first = consents::load(connection, record.id, Version::FIRST).await?;
        let first = first.filter(|first| first.is_ours(&keys.front()));
        let (Some(uses), Some(first)) = (&limits.uses, first) else {
            self.is_tampered = true;
            return Ok(());
        };
        self.is_tampered |= limits.consent_is_tampered || limits.is_for(Reason::Unknown);
        let starts = (newest, first.received_at);
        let kept = uses.iter().map(|one| Kept {
            purpose: one.choice.clone(),
            until: until(one, starts, rules),
        });
        self.purposes = kept.collect();
        self.purposes_until = last_of(&self.purposes, newest);
        Ok(())
    }
}

fn told(history: &Checked<RecordEvent>, kind: RecordEventKind) -> usize {
    let events = history.rows.iter();
    events.filter(|event| event.kind == kind).count()
}

/// What a purpose still permits; `newest` and `first` are the signatures that its period may begin with.
fn until(one: &Use, (newest, first): (UnixMillis, UnixMillis), rules: &Rules<'_>) -> KeptUntil {
    let Some(keeping) = (rules.keeping)(&one.choice) else {
        return KeptUntil::Unknown;
    };
    match one.standing {
        Standing::NotAllowed => KeptUntil::NotAllowed,
        Standing::TakenBack(since) => KeptUntil::TakenBack(since),
        Standing::Ended(since) => KeptUntil::Ended(since),
        // Until an objection is decided nothing has ended.
        Standing::Allowed | Standing::LegalDuty | Standing::Other | Standing::ObjectedTo(_) => {
            let start = match keeping.start {
                Start::Signature => newest,
                Start::FirstSignature => first,
            };
            KeptUntil::Day(keeping.period.after(start))
        }
    }
}

/// The last day of those that there are; where no purpose is left, the day on which that became so.
fn last_of(purposes: &[Kept], signed_at: UnixMillis) -> Option<UnixMillis> {
    let mut last = None;
    let mut none_since = signed_at;
    for kept in purposes {
        match kept.until {
            KeptUntil::Unknown => return None,
            KeptUntil::Day(day) => last = last.max(Some(day)),
            KeptUntil::NotAllowed => {}
            KeptUntil::TakenBack(since) | KeptUntil::Ended(since) => {
                none_since = none_since.max(since);
            }
        }
    }
    Some(last.unwrap_or(none_since))
}

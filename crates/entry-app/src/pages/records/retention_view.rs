//! Until when a record is kept, on its page and in the list of what is due.

use database::records::{Record, RecordState};
use enrolment::retention::{Hold, KeptUntil, Prolongation, Term, hold};
use record::time::UnixMillis;
use sqlx::MySqlConnection;
use web_kit::components::Tone;
use web_kit::error::Result;

use super::explain;
use super::staff_names::StaffNames;
use crate::state::Desk;
use crate::urls;

/// What is shown of it.
pub struct RetentionView {
    pub tone: Tone,
    pub label: &'static str,
    /// From when on nothing permits to keep it; none where nobody can tell.
    pub due_at: Option<UnixMillis>,
    pub purposes: Vec<PurposeLine>,
    /// The newest first: it is the one that holds.
    pub prolongations: Vec<ProlongationLine>,
    pub is_tampered: bool,
    /// Why its erasure can't be released, where it is due.
    pub held: Option<&'static str>,
    /// Where it is released.
    pub release: Option<String>,
}

/// Until when one purpose permits to keep it.
pub struct PurposeLine {
    pub name: String,
    pub words: &'static str,
    pub until: Option<UnixMillis>,
}

/// A decision to keep it for longer.
pub struct ProlongationLine {
    pub decision: Prolongation,
    pub by: String,
}

impl RetentionView {
    /// Of a record that was anchored; none of others, and of one that is being erased.
    pub async fn load(
        desk: &Desk,
        connection: &mut MySqlConnection,
        record: &Record,
    ) -> Result<Option<Self>> {
        let Some(uid) = record.uid.filter(|_| record.state != RecordState::Erasing) else {
            return Ok(None);
        };
        let now = desk.clock.now();
        let term = Term::load(connection, &desk.keys, record, &desk.rules())
            .await
            .map_err(explain)?;
        let hold = hold(connection, &desk.keys, record, &term, now)
            .await
            .map_err(explain)?;
        let names = match term.prolongations.is_empty() {
            true => None,
            false => Some(StaffNames::load(desk, connection).await?),
        };
        let (label, tone) = state_of(&term, now);
        let is_due = term.is_due(now);
        Ok(Some(Self {
            tone,
            label,
            due_at: term.due_at(),
            is_tampered: term.is_tampered,
            held: hold.filter(|_| is_due).map(hold_in_words),
            release: hold.is_none().then(|| urls::release(now, &[uid])),
            purposes: purposes_of(&term),
            prolongations: prolongations_of(term, names.as_ref()),
        }))
    }
}

fn state_of(term: &Term, now: UnixMillis) -> (&'static str, Tone) {
    match term.due_at() {
        _ if term.is_tampered => ("Can't be told", Tone::Bad),
        None => ("Can't be told", Tone::Warning),
        Some(_) if term.is_due(now) => ("Due to be erased", Tone::Bad),
        Some(due_at) if term.purposes_until < Some(now) && due_at > now => {
            ("Kept for longer", Tone::Warning)
        }
        Some(_) => ("Kept", Tone::Good),
    }
}

fn purposes_of(term: &Term) -> Vec<PurposeLine> {
    let line = |kept: &enrolment::retention::Kept| {
        let (words, until) = match kept.until {
            KeptUntil::Day(day) => ("until", Some(day)),
            KeptUntil::TakenBack(since) => ("taken back", Some(since)),
            KeptUntil::Ended(since) => ("ended by objection", Some(since)),
            KeptUntil::NotAllowed => ("not allowed", None),
            KeptUntil::Unknown => ("not in the profile: nobody can tell", None),
        };
        PurposeLine {
            name: kept.purpose.name.clone(),
            words,
            until,
        }
    };
    term.purposes.iter().map(line).collect()
}

fn prolongations_of(term: Term, names: Option<&StaffNames>) -> Vec<ProlongationLine> {
    let decisions = term.prolongations.into_iter().rev();
    let line = |decision: Prolongation| ProlongationLine {
        by: names.map_or_else(String::new, |names| names.of(decision.by).to_owned()),
        decision,
    };
    decisions.map(line).collect()
}

/// What has to be seen to first.
pub const fn hold_in_words(hold: Hold) -> &'static str {
    match hold {
        Hold::Erasing => "it is being erased already.",
        Hold::Tampered => {
            "someone changed what tells until when it is kept. Please tell your data-protection officer."
        }
        Hold::Unknown => {
            "nobody can tell until when it may be kept: the profile does not name a purpose that was signed."
        }
        Hold::NotDue => "something permits to keep it by now.",
        Hold::Correction => "a correction is under way. Have it anchored, or give it up.",
        Hold::Restricted => {
            "its owner had its use restricted, or objects to one. Decide about that, and lift it."
        }
        Hold::CorrectionAsked => "its owner waits for an answer about a correction.",
        Hold::ErasureAsked => "its owner asked to have it erased. Decide about that.",
        Hold::CopyAsked => {
            "its owner asked for a copy of everything, and has not had it. Hand it over, or take it back."
        }
    }
}

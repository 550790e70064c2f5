//! What the owner signed, as the record's page shows it, and what of it still holds.

use database::Checked;
use database::record_events::{RecordEvent, RecordEventKind};
use database::records::Record;
use enrolment::withdrawal::TakenBack;
use record::consent::{Choice, Purpose};
use record::ids::Version;
use record::time::UnixMillis;
use sqlx::MySqlConnection;
use web_kit::components::Tone;
use web_kit::error::Result;
use web_kit::profile::ControllerProfile;

use super::explain;
use crate::state::Desk;

/// The owner's answer.
pub struct SignedView {
    pub version: Version,
    pub at: UnixMillis,
    /// None when the message does not open, or its row is not ours.
    pub purposes: Option<Vec<Answer>>,
    /// Whether somebody wrote, changed or took away what tells what was taken back: then nobody can tell what holds.
    pub is_tampered: bool,
}

/// A purpose, and what the owner said to it.
pub struct Answer {
    pub name: String,
    /// The article that it rests on.
    pub article: String,
    pub label: &'static str,
    pub tone: Tone,
    pub taken_back_at: Option<UnixMillis>,
    basis: Basis,
    /// Whether the profile names it: else nobody knows what it rests on.
    is_known: bool,
}

/// What lets the data be used for a purpose.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Basis {
    /// The owner allows it.
    Allowed,
    /// The owner does not, or not any more.
    NotAllowed,
    /// A duty of law.
    LegalDuty,
    /// Something else than consent.
    Other,
}

/// What is left where an owner allows nothing, or nothing any more.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Left {
    /// Legal duties, and nothing else.
    LegalDuties,
    /// Nothing.
    Nothing,
}

impl Answer {
    fn new(purpose: &Purpose, profile: &ControllerProfile, taken: &TakenBack) -> Self {
        let since = taken.since(&Choice::from(purpose));
        let (label, tone, basis) = match (profile.is_choice(purpose), purpose.granted, since) {
            (false, _, _) if profile.is_legal_duty(purpose) => {
                ("Legal duty", Tone::Neutral, Basis::LegalDuty)
            }
            (false, _, _) => ("Does not rest on consent", Tone::Neutral, Basis::Other),
            (true, true, None) => ("Granted", Tone::Good, Basis::Allowed),
            (true, true, Some(_)) => ("Taken back", Tone::Warning, Basis::NotAllowed),
            (true, false, _) => ("Not granted", Tone::Neutral, Basis::NotAllowed),
        };
        Self {
            name: purpose.name.clone(),
            article: article(&purpose.lawful_basis),
            label,
            tone,
            taken_back_at: since.filter(|_| basis == Basis::NotAllowed && purpose.granted),
            basis,
            is_known: profile.knows(purpose),
        }
    }

    pub fn is_allowed(&self) -> bool {
        self.basis == Basis::Allowed
    }
}

impl SignedView {
    /// Whether there is something that the owner could take back.
    pub fn has_allowed(&self) -> bool {
        self.answers().iter().any(Answer::is_allowed)
    }

    /// Whether there is something that the owner could allow again.
    pub fn has_not_allowed(&self) -> bool {
        let mut answers = self.answers().iter();
        answers.any(|answer| answer.basis == Basis::NotAllowed)
    }

    /// What is left to keep the data for, where the owner allows nothing of what rests on consent; none while something else is, or
    /// where it can't be told.
    pub fn left(&self) -> Option<Left> {
        let answers = self.answers();
        let has = |basis| answers.iter().any(|answer| answer.basis == basis);
        let is_known = answers.iter().all(|answer| answer.is_known);
        if !is_known || !has(Basis::NotAllowed) || has(Basis::Allowed) || has(Basis::Other) {
            return None;
        }
        Some(match has(Basis::LegalDuty) {
            true => Left::LegalDuties,
            false => Left::Nothing,
        })
    }

    /// None of them while nobody can tell what was taken back.
    fn answers(&self) -> &[Answer] {
        match self.is_tampered {
            true => &[],
            false => self.purposes.as_deref().unwrap_or_default(),
        }
    }
}

/// Of `Art. 6(1)(a): your consent` the article alone: the rest speaks to the owner.
fn article(lawful_basis: &str) -> String {
    let (article, _) = lawful_basis.split_once(':').unwrap_or((lawful_basis, ""));
    article.trim().to_owned()
}

/// The consent to the newest version that was signed. The history tells how often consent was taken back: a withdrawal that
/// somebody took away is missed by it, and in a history that somebody changed nothing is.
pub async fn load(
    desk: &Desk,
    connection: &mut MySqlConnection,
    record: &Record,
    history: &Checked<RecordEvent>,
) -> Result<Option<SignedView>> {
    let signed = enrolment::newest_signed(connection, &desk.keys, record)
        .await
        .map_err(explain)?;
    let Some(signed) = signed else {
        return Ok(None);
    };
    let (front, id) = (desk.keys.front(), record.id);
    let taken = TakenBack::load(connection, &front, id, signed.draft)
        .await
        .map_err(explain)?;
    let told = history
        .rows
        .iter()
        .filter(|event| event.kind == RecordEventKind::ConsentWithdrawn)
        .count();
    let purposes = signed.purposes.map(|purposes| {
        let purposes = purposes.iter();
        purposes
            .map(|purpose| Answer::new(purpose, &desk.profile, &taken))
            .collect()
    });
    Ok(Some(SignedView {
        version: signed.version,
        at: signed.received_at,
        purposes,
        is_tampered: taken.tampered > 0 || taken.rows < told || !history.tampered.is_empty(),
    }))
}

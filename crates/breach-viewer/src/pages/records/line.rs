//! A record as a line of the grid.

use database::anchoring_jobs::{self, AnchoringJob, JobState};
use database::records::RecordState;
use database::records_view::ViewedRecord;
use database::verifications::VerdictKind;
use enrolment::restriction::{Cause, Limits};
use record::ids::Uid;
use record::time::UnixMillis;
use sqlx::MySqlConnection;
use web_kit::components::Tone;
use web_kit::error::Result;

use super::{restricted, standing};
use crate::pages::verdict_view;
use crate::state::Watchtower;
use crate::urls;

/// A name of more words is cut, so that it leaves room for the other columns.
const MOST_LETTERS: usize = 5;

/// What a line shows.
pub struct Line {
    /// The element's id, by which it is updated in place.
    pub element: String,
    pub address: String,
    pub uid: Option<Uid>,
    pub masked_name: String,
    /// What restricts it, beside its state: then no part of its name is shown.
    pub mark: Option<&'static str>,
    /// Why it is restricted; empty where it is not.
    pub causes: Vec<Cause>,
    /// Whether there is a row whose name does not open where it stands.
    pub name_is_locked: bool,
    pub state: &'static str,
    /// What that means, where the record is not anchored.
    pub meaning: Option<&'static str>,
    /// Whether its owner declined, or did not sign in time: nothing personal is left, and nothing will be anchored.
    pub has_ended: bool,
    pub label: &'static str,
    pub tone: Tone,
    pub parts: String,
    pub checked_at: Option<UnixMillis>,
    pub proof: Option<String>,
    pub transaction: Option<String>,
}

impl Line {
    pub async fn new(
        tower: &Watchtower,
        connection: &mut MySqlConnection,
        viewed: &ViewedRecord,
    ) -> Result<Self> {
        let row = viewed.row.as_ref().map(|row| row.id);
        let jobs =
            anchoring_jobs::anchored_or_newest_of(connection, &tower.keys, row.as_slice()).await?;
        let limits = match row {
            Some(id) => Some(restricted::of_one(tower, connection, id).await?),
            None => None,
        };
        let job = row.and_then(|id| jobs.get(&id));
        Ok(Self::of(tower, viewed, job, limits.as_ref()))
    }

    /// A page of them.
    pub async fn all(
        tower: &Watchtower,
        connection: &mut MySqlConnection,
        viewed: &[ViewedRecord],
    ) -> Result<Vec<Self>> {
        let id = |one: &ViewedRecord| one.row.as_ref().map(|row| row.id);
        let ids: Vec<_> = viewed.iter().filter_map(id).collect();
        let jobs = anchoring_jobs::anchored_or_newest_of(connection, &tower.keys, &ids).await?;
        let limits = restricted::of_page(tower, connection, viewed).await?;
        let job = |one| id(one).and_then(|id| jobs.get(&id));
        let limits = |one| id(one).and_then(|id| limits.get(&id));
        let line = |one| Self::of(tower, one, job(one), limits(one));
        Ok(viewed.iter().map(line).collect())
    }

    /// While nothing can be verified, no record is called valid; what was found bad stays so.
    fn of(
        tower: &Watchtower,
        viewed: &ViewedRecord,
        job: Option<&AnchoringJob>,
        limits: Option<&Limits>,
    ) -> Self {
        let verification = viewed.verification.as_ref();
        let verdict = verification.map(|verification| verification.verdict);
        let is_bad = verdict.is_some_and(VerdictKind::is_bad);
        let hindered = tower.is_hindered();
        let shown = if hindered && !is_bad {
            Some(VerdictKind::Unverifiable)
        } else {
            verdict
        };
        let row = viewed.row.as_ref();
        let state = row.and_then(|row| Some(row.record.as_ref()?.state));
        let is_empty = state.is_some_and(RecordState::is_empty);
        // Somebody may have put back what was destroyed.
        let has_ended = is_empty && !is_bad;
        let (label, tone) = match viewed.verdict_is_tampered {
            true => ("Verdict tampered with", Tone::Bad),
            false => badge(shown, has_ended),
        };
        let name = row.map(|row| row.open_name(&tower.keys));
        let name_is_locked = matches!(name, Some(None)) && !has_ended;
        let mark = limits.and_then(Limits::mark).filter(|_| !is_empty);
        let masked_name = match &name {
            Some(Some(_)) if mark.is_some() => "not shown".to_owned(),
            Some(Some(name)) => masked(name),
            Some(None) if has_ended => "destroyed".to_owned(),
            Some(None) => "does not open".to_owned(),
            None => "–".to_owned(),
        };
        // Of what is valid nothing is on file but that: the word on the chain is the one that was anchored.
        let of_job = || job.filter(|job| job.state == JobState::Anchored);
        let expected = verification.and_then(|one| one.proof_expected);
        let expected = expected.or_else(|| of_job().and_then(|job| job.proof));
        let transaction = job.and_then(|job| job.transaction_hash);
        Self {
            element: format!("row-{}", viewed.subject),
            address: urls::record(viewed.subject),
            uid: viewed.subject.as_uid(),
            masked_name,
            mark,
            causes: limits
                .map(|limits| limits.causes.clone())
                .unwrap_or_default(),
            name_is_locked,
            state: row.map_or("no row", |row| {
                row.record.as_ref().map_or("tampered with", standing::words)
            }),
            meaning: state
                .filter(|_| viewed.subject.as_uid().is_none() && !is_bad)
                .and_then(standing::meaning),
            has_ended,
            label,
            tone,
            parts: verification
                .map(|one| verdict_view::parts(&one.fields))
                .unwrap_or_default(),
            checked_at: verification.map(|one| one.checked_at),
            proof: expected.map(|proof| proof.to_string()),
            transaction: transaction.map(|hash| hash.to_string()),
        }
    }
}

impl Line {
    /// Nothing can be told of it right now, unless it was found bad before.
    pub fn call_unverifiable(&mut self) {
        if self.tone == Tone::Bad {
            return;
        }
        self.label = verdict_view::label(VerdictKind::Unverifiable);
        self.tone = verdict_view::tone(VerdictKind::Unverifiable);
    }
}

/// A verdict in a word or two, and how it looks.
const fn badge(verdict: Option<VerdictKind>, has_ended: bool) -> (&'static str, Tone) {
    match verdict {
        Some(verdict) => {
            let tone = match verdict {
                // Nothing is waited for.
                VerdictKind::Pending if has_ended => Tone::Neutral,
                _ => verdict_view::tone(verdict),
            };
            (verdict_view::label(verdict), tone)
        }
        None => ("Not verified yet", Tone::Waiting),
    }
}

/// The first letters of the first words: enough to find a line again, too little to read a list of people.
fn masked(name: &str) -> String {
    let words = name
        .split_whitespace()
        .filter_map(|word| word.chars().next());
    words
        .take(MOST_LETTERS)
        .map(|letter| format!("{letter}…"))
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(test)]
mod tests {
    use super::masked;

    #[test]
    fn names_keep_their_first_letters() {
        assert_eq!(masked("Zoë van Dijk"), "Z… v… D…");
        assert_eq!(masked("  "), "");
        assert_eq!(masked(&"Jo ".repeat(60)), "J… J… J… J… J…");
    }
}

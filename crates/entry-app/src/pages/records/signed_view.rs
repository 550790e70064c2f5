//! What the owner signed, as the record's page shows it, and what of it still holds.

use enrolment::restriction::{Limits, Standing as UseStanding, Use};
use record::ids::Version;
use record::time::UnixMillis;
use web_kit::components::Tone;

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
    /// Since when it is taken back, objected to, or over.
    pub since: Option<UnixMillis>,
}

impl Answer {
    fn of(one: &Use) -> Self {
        let (label, tone, since) = match one.standing {
            UseStanding::Allowed => ("Granted", Tone::Good, None),
            UseStanding::NotAllowed => ("Not granted", Tone::Neutral, None),
            UseStanding::TakenBack(at) => ("Taken back", Tone::Warning, Some(at)),
            UseStanding::LegalDuty => ("Legal duty", Tone::Neutral, None),
            UseStanding::Other => ("Does not rest on consent", Tone::Neutral, None),
            UseStanding::ObjectedTo(at) => ("Objected to", Tone::Warning, Some(at)),
            UseStanding::Ended(at) => ("Ended by objection", Tone::Warning, Some(at)),
        };
        Self {
            name: one.choice.name.clone(),
            article: article(&one.choice.lawful_basis),
            label,
            tone,
            since,
        }
    }
}

impl SignedView {
    /// Of a record of which something is signed.
    pub fn of(limits: &Limits) -> Option<Self> {
        let (version, at) = limits.signed?;
        let uses = limits.uses.as_ref();
        Some(Self {
            version,
            at,
            purposes: uses.map(|uses| uses.iter().map(Answer::of).collect()),
            is_tampered: limits.consent_is_tampered,
        })
    }
}

/// Of `Art. 6(1)(a): your consent` the article alone: the rest speaks to the owner.
fn article(lawful_basis: &str) -> String {
    let (article, _) = lawful_basis.split_once(':').unwrap_or((lawful_basis, ""));
    article.trim().to_owned()
}

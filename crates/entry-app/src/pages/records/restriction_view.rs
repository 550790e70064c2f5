//! What restricts a record, and what its owner asked for, as pages show it.

use database::restriction_steps::{
    RestrictionStep, RestrictionStepKind as Kind, RestrictionSubject as Subject,
};
use database::sealed;
use enrolment::restriction::{Cause, Ground, Limits, Reason, Request, Wanted};
use keyring::{CellKind, OwnerKey};
use record::ids::RecordId;
use record::time::UnixMillis;
use web_kit::components::Tone;
use zeroize::Zeroizing;

use super::how_asked::{identity_in_words, way_in_words};
use crate::urls;

/// All of it, on the record's page.
pub struct RestrictionView {
    pub causes: Vec<CauseLine>,
    pub requests: Vec<RequestLine>,
    pub is_tampered: bool,
    /// Whether there is anything that the owner may object to.
    pub has_objectable: bool,
}

/// Why it is restricted.
pub struct CauseLine {
    pub text: &'static str,
    pub since: Option<UnixMillis>,
}

/// How a request stands.
pub struct RequestLine {
    pub address: String,
    pub title: &'static str,
    pub label: &'static str,
    pub tone: Tone,
    pub asked_at: UnixMillis,
    pub way: Option<&'static str>,
    /// By when there has to be an answer, while there is none.
    pub due_at: Option<UnixMillis>,
    /// What staff can do about it; none where it is over.
    pub action: Option<&'static str>,
}

impl RestrictionView {
    pub fn of(id: RecordId, limits: &Limits, now: UnixMillis) -> Self {
        let requests = limits.requests.all.iter().rev();
        Self {
            causes: limits.causes.iter().map(CauseLine::of).collect(),
            requests: requests.map(|one| RequestLine::of(id, one, now)).collect(),
            is_tampered: limits.is_for(Reason::Unknown),
            has_objectable: !limits.objectable().is_empty(),
        }
    }

    /// Whether there is anything to say.
    pub fn is_empty(&self) -> bool {
        self.causes.is_empty() && self.requests.is_empty()
    }
}

impl CauseLine {
    fn of(cause: &Cause) -> Self {
        Self {
            text: cause.reason.in_words(),
            since: cause.since,
        }
    }
}

impl RequestLine {
    pub fn of(id: RecordId, request: &Request, now: UnixMillis) -> Self {
        let (label, tone) = standing(request, now);
        let is_marketing = request.asked.subject == Subject::Marketing;
        Self {
            address: urls::restriction(id, request.id()),
            title: title(request),
            label,
            tone,
            asked_at: request.asked.at,
            way: request.asked.way.map(way_in_words),
            due_at: request.asked.due_at.filter(|_| request.is_open()),
            action: match (request.is_open(), request.restricts()) {
                _ if is_marketing => None,
                (true, _) => Some("Decide…"),
                (false, true) => Some("Lift it…"),
                (false, false) => None,
            },
        }
    }
}

/// A step, as the page shows it.
pub struct StepLine {
    pub what: &'static str,
    pub at: UnixMillis,
    pub how: Option<&'static str>,
    pub identity: Option<&'static str>,
    /// Words of the owner, or of staff; a text of its own where they do not open.
    pub note: Option<Zeroizing<String>>,
}

impl StepLine {
    pub fn of(subject: Subject, step: &RestrictionStep, key: Option<&OwnerKey>) -> Self {
        let note = step.note.as_deref().map(|cell| {
            let (version, draft, kind) = (step.version, step.draft, CellKind::RestrictionNote);
            let opened =
                key.and_then(|key| sealed::open_cell(key, version, draft, kind, cell).ok());
            let text = opened.and_then(|cell| cell.text().map(str::to_owned));
            Zeroizing::new(text.unwrap_or_else(|| "(does not open)".to_owned()))
        });
        let is_objection = subject != Subject::Restriction;
        Self {
            what: match step.kind {
                Kind::Asked => "Asked",
                Kind::Granted if is_objection => "Upheld",
                Kind::Granted => "Stays restricted",
                Kind::Refused => "Refused",
                Kind::Ending => "Told that it ends",
                Kind::Lifted => "Lifted",
                Kind::Withdrawn => "Taken back by the owner",
            },
            at: step.at,
            how: step.way.map(way_in_words),
            identity: step.identity.map(identity_in_words),
            note,
        }
    }
}

/// What is asked for, in a word or two.
pub fn title(request: &Request) -> &'static str {
    match (&request.wanted, request.asked.subject) {
        (Wanted::Restriction(_), _) => "Restriction",
        (Wanted::Objection(_), Subject::Marketing) => "Objection to direct marketing",
        (Wanted::Objection(_), _) => "Objection",
    }
}

/// How it stands.
pub fn standing(request: &Request, now: UnixMillis) -> (&'static str, Tone) {
    let is_objection = request.asked.subject != Subject::Restriction;
    if request.asked.subject == Subject::Marketing {
        return ("Ended at once", Tone::Good);
    }
    if request.has(Kind::Withdrawn) {
        return ("Taken back", Tone::Neutral);
    }
    if request.is_open() {
        return match request.asked.due_at.is_some_and(|due| now > due) {
            true => ("Answer overdue", Tone::Bad),
            false => ("To be decided", Tone::Warning),
        };
    }
    match (request.has(Kind::Lifted), request.has(Kind::Refused)) {
        (true, true) => ("Refused, lifted", Tone::Neutral),
        (true, false) if is_objection => ("Upheld, lifted", Tone::Good),
        (true, false) => ("Lifted", Tone::Neutral),
        (false, true) => ("Refused, not lifted yet", Tone::Waiting),
        (false, false) if is_objection => ("Upheld, not lifted yet", Tone::Waiting),
        (false, false) if request.has(Kind::Ending) => ("About to be lifted", Tone::Waiting),
        (false, false) => ("Restricted", Tone::Warning),
    }
}

/// The grounds as a form offers them: (a), (b) and (c) of Art. 18(1).
pub const GROUNDS: [(Ground, &str); 3] = [
    (
        Ground::Accuracy,
        "Details are wrong, until that is verified",
    ),
    (
        Ground::Unlawful,
        "The use is not lawful, and they do not want it erased",
    ),
    (
        Ground::Claims,
        "They need it for a legal claim, though it is not needed here any more",
    ),
];

//! What an owner restricted, and what they objected to, as they read it.

use database::restriction_steps::{RestrictionStepKind as Kind, RestrictionSubject as Subject};
use enrolment::restriction::{Ground, Limits, Request, Wanted};
use web_kit::components::Moment;

/// One request.
pub struct RequestLine {
    pub title: &'static str,
    /// The purposes, or the ground.
    pub about: String,
    pub standing: &'static str,
    pub asked_at: Moment,
    /// By when there is an answer, while there is none.
    pub due_at: Option<Moment>,
}

/// All of them, the newest first.
pub fn lines(limits: &Limits) -> Vec<RequestLine> {
    limits
        .requests
        .all
        .iter()
        .rev()
        .map(RequestLine::of)
        .collect()
}

impl RequestLine {
    fn of(request: &Request) -> Self {
        let due_at = request.asked.due_at.filter(|_| request.is_open());
        Self {
            title: match request.asked.subject {
                Subject::Restriction => "You asked for a restriction",
                Subject::Objection => "You objected",
                Subject::Marketing => "You objected to direct marketing",
            },
            about: match &request.wanted {
                Wanted::Restriction(ground) => ground_in_words(*ground).to_owned(),
                Wanted::Objection(purposes) => {
                    let names: Vec<&str> = purposes.iter().map(|one| one.name.as_str()).collect();
                    names.join(", ")
                }
            },
            standing: standing(request),
            asked_at: Moment::new(request.asked.at),
            due_at: due_at.map(Moment::new),
        }
    }
}

/// The grounds, as their owner gives them.
pub const GROUNDS: [(Ground, &str); 3] = [
    (
        Ground::Accuracy,
        "My details are wrong, and have to be checked",
    ),
    (
        Ground::Unlawful,
        "They are used unlawfully, but I don’t want them erased",
    ),
    (Ground::Claims, "I need them kept for a legal claim of mine"),
];

/// A ground, as its owner gives it.
pub fn ground_in_words(ground: Ground) -> &'static str {
    let mut grounds = GROUNDS.into_iter();
    grounds
        .find(|(offered, _)| *offered == ground)
        .map_or("", |(_, words)| words)
}

fn standing(request: &Request) -> &'static str {
    let is_objection = request.asked.subject != Subject::Restriction;
    if request.asked.subject == Subject::Marketing {
        return "it ended at once, and for good";
    }
    if request.has(Kind::Withdrawn) {
        return "you took it back";
    }
    if request.is_open() {
        return "your record is restricted, and somebody decides about it";
    }
    match (request.has(Kind::Refused), request.restricts()) {
        (true, true) => "refused; your record is still restricted until that is lifted",
        (true, false) => "refused, and lifted",
        (false, true) if is_objection => {
            "that use has ended; your record is still restricted until that is lifted"
        }
        (false, false) if is_objection => "that use has ended",
        (false, true) if request.is_announced() => {
            "your record is restricted; that is about to end"
        }
        (false, true) => "your record stays restricted",
        (false, false) => "lifted",
    }
}

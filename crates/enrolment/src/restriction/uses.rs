//! What of what an owner signed the data may be used for.

use record::consent::{Basis, Choice, Purpose};
use record::time::UnixMillis;

use super::requests::Requests;
use crate::withdrawal::TakenBack;

/// A purpose, and whether the data may be used for it.
#[derive(Debug, Clone)]
pub struct Use {
    /// The purpose, as it was signed.
    pub choice: Choice,
    /// What it rests on.
    pub basis: Basis,
    /// Whether the data may be used for it.
    pub standing: Standing,
}

/// Whether data may be used for a purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// The owner allows it.
    Allowed,
    /// The owner does not.
    NotAllowed,
    /// The owner does not any more, since then.
    TakenBack(UnixMillis),
    /// A duty of law does.
    LegalDuty,
    /// Something else does.
    Other,
    /// The owner objected then, and it has not been decided, or not for them.
    ObjectedTo(UnixMillis),
    /// The owner objected, and it has ended, since then.
    Ended(UnixMillis),
}

/// What is left of all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Left {
    /// Legal duties, and nothing else.
    LegalDuties,
    /// Nothing.
    Nothing,
    /// More, or nobody knows.
    More,
}

impl Use {
    pub(super) fn of(
        purpose: &Purpose,
        basis: Basis,
        taken: &TakenBack,
        requests: &Requests,
    ) -> Self {
        let choice = Choice::from(purpose);
        let standing = match (basis, purpose.granted) {
            (Basis::Consent | Basis::Unknown, false) => Standing::NotAllowed,
            (Basis::Consent | Basis::Unknown, true) => taken
                .since(&choice)
                .map_or(Standing::Allowed, Standing::TakenBack),
            (Basis::LegalDuty, _) => Standing::LegalDuty,
            (Basis::Weighed | Basis::Marketing | Basis::Other, _) => objected(&choice, requests),
        };
        Self {
            choice,
            basis,
            standing,
        }
    }

    /// Whether the owner may object to it: it has not ended, and nothing about it is undecided.
    #[must_use]
    pub fn takes_objection(&self) -> bool {
        self.basis.takes_objections() && self.standing == Standing::Other
    }

    fn is_gone(&self) -> bool {
        matches!(
            self.standing,
            Standing::NotAllowed | Standing::TakenBack(_) | Standing::Ended(_)
        )
    }
}

/// By whatever the profile says today: an objection stands that was upheld when it said something else.
fn objected(choice: &Choice, requests: &Requests) -> Standing {
    let mut about = requests.all.iter().filter(|one| {
        let mut purposes = one.purposes().iter();
        purposes.any(|purpose| purpose == choice) && one.stands()
    });
    let Some(request) = about.next() else {
        return Standing::Other;
    };
    let decided = request.steps.get(1).unwrap_or(&request.asked);
    match request.has_ended_purposes() {
        true => Standing::Ended(decided.at),
        false => Standing::ObjectedTo(request.asked.at),
    }
}

/// What is left where the owner allows nothing of what they could end.
pub(super) fn left(uses: &[Use]) -> Left {
    let is_known = uses.iter().all(|one| one.basis != Basis::Unknown);
    let stays = |one: &&Use| !one.is_gone();
    if !is_known || !uses.iter().any(Use::is_gone) {
        return Left::More;
    }
    match uses.iter().find(stays) {
        None => Left::Nothing,
        Some(_)
            if uses
                .iter()
                .filter(stays)
                .all(|one| one.standing == Standing::LegalDuty) =>
        {
            Left::LegalDuties
        }
        Some(_) => Left::More,
    }
}

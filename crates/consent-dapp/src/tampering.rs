//! What can only be so because somebody changed rows behind our back: told in the log, and nothing of it is shown.

use enrolment::restriction::Limits;
use enrolment::withdrawal::TakenBack;
use web_kit::error::Error;

/// The fault of a link whose rows do not belong together; `what` names no personal data.
pub fn tampered(what: impl Into<String>) -> Error {
    let what = what.into();
    tracing::error!(what, "ALARM: the rows behind a link were changed");
    Error::internal(what)
}

/// Of withdrawals that somebody planted or changed nothing is used; what they took back nobody can tell here.
pub fn told(taken: &TakenBack) {
    if taken.tampered > 0 {
        tracing::error!("ALARM: a planted or altered withdrawal was passed over");
    }
}

/// Of steps of a restriction that somebody planted or changed nothing is used, but that there are such.
pub fn told_of_steps(limits: &Limits) {
    if limits.requests.tampered > 0 {
        tracing::error!("ALARM: a planted or altered step of a restriction was passed over");
    }
}

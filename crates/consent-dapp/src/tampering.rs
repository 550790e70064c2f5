//! What can only be so because somebody changed rows behind our back: told in the log, and nothing of it is shown.

use std::error::Error as StdError;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use database::RowError;
use enrolment::EnrolmentError;
use enrolment::restriction::Limits;
use enrolment::withdrawal::TakenBack;
use keyring::{OpenError, UnwrapError};
use web_kit::error::{Cause, Error};

use crate::app::App;
use crate::closed::Closed;
use crate::refusal::Refusal;
use crate::visit::wants_json;

/// Rows that do not belong together.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Tampering(String);

/// The fault of a link whose rows do not belong together; `what` names no personal data.
pub fn tampered(what: impl Into<String>) -> Error {
    let what = what.into();
    tracing::error!(what, "ALARM: the rows behind a link were changed");
    Error::internal(Tampering(what))
}

/// Middleware: whatever door an owner came by, rows that are not ours are no fault that goes away by trying again. The link is
/// closed, and its page says what to do.
pub async fn close(State(app): State<App>, request: Request, next: Next) -> Response {
    let by_script = wants_json(request.headers());
    let response = next.run(request).await;
    let Some(cause) = response.extensions().get::<Cause>() else {
        return response;
    };
    if !cause.chain().any(is_tampering) {
        return response;
    }
    if !cause.chain().any(|error| error.is::<Tampering>()) {
        tracing::error!("ALARM: the rows behind a link were changed");
    }
    match by_script {
        true => Refusal::from(Closed::Altered).into_response(),
        false => Closed::Altered.page(&app, None).into_response(),
    }
}

/// A row without our MAC, a cell or a key that does not open in its place, or what [`tampered`] found.
fn is_tampering(error: &(dyn StdError + 'static)) -> bool {
    let row = match error.downcast_ref::<EnrolmentError>() {
        Some(EnrolmentError::Unreadable(_)) => return true,
        Some(EnrolmentError::Row(row)) => Some(row),
        _ => error.downcast_ref::<RowError>(),
    };
    row.is_some_and(RowError::is_tampering)
        || error.is::<OpenError>()
        || error.is::<UnwrapError>()
        || error.is::<Tampering>()
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

//! What goes wrong at the edge: one small enum, matched to statuses. Causes go to the log, never to a page.

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt::Write as _;
use std::sync::Arc;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

/// What a handler answers with.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a request was not served. Any error becomes [`Error::Internal`] by `?`, or [`Error::Unavailable`] when it was the
/// database that did not answer; what the person can do something about is said by the handler.
///
/// It does not implement `std::error::Error`, since that would forbid the conversion.
#[derive(Debug)]
pub enum Error {
    /// There is nothing at this address (or nothing that this person may know of).
    NotFound,
    /// The person is signed in and may not do this.
    Forbidden,
    /// The person's role includes the page, and not this; the text says why. Whoever answers so has written it down.
    Refused(Cow<'static, str>),
    /// The request can't be understood; the text says why in plain words.
    BadRequest(Cow<'static, str>),
    /// It was too long ago that somebody showed who they are.
    Unidentified(Cow<'static, str>),
    /// The thing has changed meanwhile; the text says what to do.
    Conflict(Cow<'static, str>),
    /// What was asked for does not carry our seal any more; the text says what it is and what to do.
    Tampered(Cow<'static, str>),
    /// Too many tries; when to come back.
    TooMany {
        /// Seconds to wait.
        retry_after: u64,
    },
    /// A part we depend on does not answer.
    Unavailable {
        /// The part, as the person knows it: "the database".
        what: &'static str,
    },
    /// Our own fault. The cause goes to the log.
    Internal(Box<dyn StdError + Send + Sync>),
}

impl<E: StdError + Send + Sync + 'static> From<E> for Error {
    fn from(error: E) -> Self {
        if is_database_outage(&error) {
            tracing::warn!(error = %chain_of(&error), "the database does not answer");
            return Self::Unavailable {
                what: "the database",
            };
        }
        Self::Internal(Box::new(error))
    }
}

impl Error {
    /// A request that can't be understood.
    pub fn bad_request(text: impl Into<Cow<'static, str>>) -> Self {
        Self::BadRequest(text.into())
    }

    /// What the role does not include, with the reason.
    pub fn refused(text: impl Into<Cow<'static, str>>) -> Self {
        Self::Refused(text.into())
    }

    /// Somebody has to show again who they are.
    pub fn unidentified(text: impl Into<Cow<'static, str>>) -> Self {
        Self::Unidentified(text.into())
    }

    /// A thing that has changed meanwhile.
    pub fn conflict(text: impl Into<Cow<'static, str>>) -> Self {
        Self::Conflict(text.into())
    }

    /// A thing that somebody changed behind our back: it is shown as such, and not used.
    pub fn tampered(text: impl Into<Cow<'static, str>>) -> Self {
        Self::Tampered(text.into())
    }

    /// An internal fault from anything that makes an error (`anyhow::Error`, a text).
    pub fn internal(error: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self::Internal(error.into())
    }

    fn status(&self) -> StatusCode {
        match self {
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::Forbidden | Self::Refused(_) => StatusCode::FORBIDDEN,
            Self::BadRequest(_) => StatusCode::BAD_REQUEST,
            Self::Unidentified(_) => StatusCode::UNAUTHORIZED,
            Self::Conflict(_) => StatusCode::CONFLICT,
            Self::TooMany { .. } => StatusCode::TOO_MANY_REQUESTS,
            Self::Unavailable { .. } => StatusCode::SERVICE_UNAVAILABLE,
            Self::Tampered(_) | Self::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn note(&self) -> ErrorNote {
        let (title, text): (&'static str, Cow<'static, str>) = match self {
            Self::NotFound => (
                "There is nothing here",
                "The address may be mistyped, or what was here is gone.".into(),
            ),
            Self::Forbidden => (
                "You may not do this",
                "Your role does not include it. If you think it should, ask your controller manager.".into(),
            ),
            Self::Refused(text) => ("You may not do this", text.clone()),
            Self::BadRequest(text) => ("This request can't be used", text.clone()),
            Self::Unidentified(text) => ("Please show once more that it's you", text.clone()),
            Self::Conflict(text) => ("This has changed meanwhile", text.clone()),
            Self::Tampered(text) => ("Changed behind Sealwatch's back", text.clone()),
            Self::TooMany { retry_after } => (
                "Too many tries",
                format!("Please wait {} and try again.", wait(*retry_after)).into(),
            ),
            Self::Unavailable { what } => (
                "Not available right now",
                format!("We can't reach {what}. Nothing is lost; please try again in a moment.").into(),
            ),
            Self::Internal(_) => (
                "Something went wrong on our side",
                "It has been noted. Please try again; if it happens again, tell the people who run this site the number below.".into(),
            ),
        };
        ErrorNote { title, text }
    }
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        response.extensions_mut().insert(self.note());
        match self {
            Self::Internal(error) => {
                tracing::error!(error = %chain_of(error.as_ref()), "internal error");
                response.extensions_mut().insert(Cause(Arc::from(error)));
            }
            Self::TooMany { retry_after } => {
                let wait = HeaderValue::from(retry_after);
                response.headers_mut().insert(header::RETRY_AFTER, wait);
            }
            Self::Forbidden => {
                response.extensions_mut().insert(RoleRefused);
            }
            _ => {}
        }
        response
    }
}

/// Why [`Error::Internal`] was answered. It travels in the response to layers of the app that tell some causes apart, and no page
/// shows it.
#[derive(Debug, Clone)]
pub struct Cause(Arc<dyn StdError + Send + Sync>);

impl Cause {
    /// The error and what caused it, one after the other.
    pub fn chain(&self) -> impl Iterator<Item = &(dyn StdError + 'static)> {
        let first: &(dyn StdError + 'static) = self.0.as_ref();
        std::iter::successors(Some(first), |&error| error.source())
    }
}

/// Marks the answer to who asked for a page that their role does not include: the gate writes it down.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RoleRefused;

/// What the error page says. It travels in the response to the layer that knows the app's name and draws the page.
#[derive(Debug, Clone)]
pub(crate) struct ErrorNote {
    pub(crate) title: &'static str,
    pub(crate) text: Cow<'static, str>,
}

fn wait(seconds: u64) -> String {
    match seconds {
        0..=1 => "a second".to_owned(),
        2..=90 => format!("{seconds} seconds"),
        _ => format!("{} minutes", seconds.div_ceil(60)),
    }
}

/// An error and its causes in one line, for the log.
pub(crate) fn chain_of(error: &(dyn StdError + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        // Writing to a string can't fail.
        let _ = write!(text, ": {error}");
        cause = error.source();
    }
    text
}

fn is_database_outage(error: &(dyn StdError + 'static)) -> bool {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if let Some(error) = error.downcast_ref::<sqlx::Error>() {
            return matches!(
                error,
                sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed
            );
        }
        cause = error.source();
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("reading the record")]
    struct Reading(#[source] sqlx::Error);

    #[test]
    fn a_database_that_does_not_answer_is_told_apart_from_a_fault() {
        assert!(matches!(
            Error::from(Reading(sqlx::Error::PoolTimedOut)),
            Error::Unavailable {
                what: "the database"
            }
        ));
        assert!(matches!(
            Error::from(Reading(sqlx::Error::RowNotFound)),
            Error::Internal(_)
        ));
    }

    #[test]
    fn causes_are_for_the_log_alone() {
        let response = Error::from(Reading(sqlx::Error::RowNotFound)).into_response();
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
        let note = response.extensions().get::<ErrorNote>();
        assert!(note.is_some_and(|note| !note.text.contains("reading the record")));
    }

    #[test]
    fn waiting_times_are_said_as_people_say_them() {
        assert_eq!(wait(1), "a second");
        assert_eq!(wait(40), "40 seconds");
        assert_eq!(wait(601), "11 minutes");
    }
}

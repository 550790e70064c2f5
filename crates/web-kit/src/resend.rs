//! A form that could not be served is not lost: the page that says so holds it, to be sent again.

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::{Method, StatusCode};
use url::form_urlencoded;

use crate::form::is_form;

/// A form as it was sent. It can't be printed: it may hold somebody's details.
pub(crate) struct Sent {
    /// Path and query that it was sent to.
    pub(crate) address: String,
    /// Names and values, without passwords.
    pub(crate) fields: Vec<(String, String)>,
    /// Whether there was one: it is typed again.
    pub(crate) has_password: bool,
}

/// The request, and what of it is worth sending again; a longer one than `most` goes its way without a copy.
pub(crate) async fn copied(request: Request, most: usize) -> (Request, Option<Sent>) {
    if request.method() != Method::POST || !is_form(&request) || length(&request) > most {
        return (request, None);
    }
    let address = request.uri().path_and_query();
    let address = address.map_or_else(String::new, |address| address.as_str().to_owned());
    let (parts, body) = request.into_parts();
    // What breaks off on its way reaches the handler as a form that is not whole.
    let bytes = to_bytes(body, most).await.unwrap_or_default();
    let fields = form_urlencoded::parse(&bytes).into_owned();
    // Also a new one that is typed once more.
    let (passwords, fields): (Vec<_>, Vec<_>) =
        fields.partition(|(name, _)| name.starts_with("password"));
    let request = Request::from_parts(parts, Body::from(bytes));
    // Six digits are soon typed, and a secret.
    if fields.iter().any(|(name, _)| name == "code") {
        return (request, None);
    }
    let sent = Sent {
        address,
        fields,
        has_password: !passwords.is_empty(),
    };
    (request, Some(sent))
}

/// Whether the same may well be served in a moment.
pub(crate) fn helps(status: StatusCode) -> bool {
    let later = [StatusCode::TOO_MANY_REQUESTS, StatusCode::UNAUTHORIZED];
    status.is_server_error() || later.contains(&status)
}

/// Too long where it is not said.
fn length(request: &Request) -> usize {
    let length = request.headers().get(axum::http::header::CONTENT_LENGTH);
    let length = length.and_then(|length| length.to_str().ok()?.parse().ok());
    length.unwrap_or(usize::MAX)
}

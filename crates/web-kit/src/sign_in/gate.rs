//! The gate before every page for staff.

use axum::Json;
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{MatchedPath, Request, State};
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::Sessions;
use super::kept_form::Kept;
use super::page::{Reason, SignInPage};
use crate::error::{Result, RoleRefused};
use crate::form::is_form;
use crate::site::Site;

/// A longer form is not kept: sealed and written as hex it must pass through the sign-in form and fit the session's row.
const KEPT_MAX: usize = 16 * 1024;

#[derive(Clone)]
struct Gate {
    site: Site,
    sessions: Sessions,
}

pub(super) fn close<S: Clone + Send + Sync + 'static>(
    site: &Site,
    sessions: &Sessions,
    pages: Router<S>,
) -> Router<S> {
    let gate = Gate {
        site: site.clone(),
        sessions: sessions.clone(),
    };
    pages.route_layer(from_fn_with_state(gate, pass))
}

async fn pass(State(gate): State<Gate>, mut request: Request, next: Next) -> Result<Response> {
    match gate.sessions.person(request.headers()).await? {
        Some(person) => {
            request.extensions_mut().insert(person.clone());
            let page = request.extensions().get::<MatchedPath>().cloned();
            let mut response = next.run(request).await;
            if response.extensions().get::<RoleRefused>().is_some() {
                gate.sessions
                    .note_refusal(&person, page.as_ref().map_or("", MatchedPath::as_str))
                    .await?;
            }
            // For the frame of an error's page.
            response.extensions_mut().insert(person);
            Ok(response)
        }
        None => gate.turn_away(request).await,
    }
}

impl Gate {
    async fn turn_away(&self, request: Request) -> Result<Response> {
        if wants_json(&request) {
            let message = "You have been signed out. Reload the page to sign in again.";
            return Ok((
                StatusCode::UNAUTHORIZED,
                Json(json!({ "message": message })),
            )
                .into_response());
        }
        let posted = !request.method().is_safe();
        let kept = self.keep(request).await?;
        let reason = match (posted, kept.form.is_some()) {
            (false, _) => Reason::Asked,
            (true, true) => Reason::FormKept,
            (true, false) => Reason::NothingKept,
        };
        let page = SignInPage::new(&self.site, reason)
            .keeping(kept.seal(self.sessions.keys(), self.sessions.app())?);
        page.answer(StatusCode::UNAUTHORIZED)
    }

    async fn keep(&self, request: Request) -> Result<Kept> {
        let posted_form = !request.method().is_safe() && is_form(&request);
        let (parts, body) = request.into_parts();
        Ok(Kept {
            page: page_of(&parts),
            form: match posted_form {
                true => read_form(body).await,
                false => None,
            },
            person: self.sessions.former_person(&parts.headers).await?,
            at: self.sessions.clock().now(),
        })
    }
}

fn wants_json(request: &Request) -> bool {
    request
        .headers()
        .get(header::ACCEPT)
        .is_some_and(|accept| accept.as_bytes().starts_with(b"application/json"))
}

fn page_of(parts: &Parts) -> String {
    match (parts.method.is_safe(), parts.uri.path_and_query()) {
        (true, Some(address)) => address.as_str().to_owned(),
        // A form goes back to its page, which has the same path.
        _ => parts.uri.path().to_owned(),
    }
}

/// Nothing for a bare button: there is nothing to fill in again.
async fn read_form(body: Body) -> Option<String> {
    let bytes = to_bytes(body, KEPT_MAX).await.ok()?;
    let form = String::from_utf8(bytes.to_vec()).ok()?;
    (!form.is_empty()).then_some(form)
}

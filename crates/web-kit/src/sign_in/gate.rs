//! The gate before every page for staff.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Json;
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{MatchedPath, Request, State};
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use record::ids::StaffId;
use record::time::UnixMillis;
use serde_json::json;

use super::kept_form::Kept;
use super::page::{Reason, SignInPage};
use super::{Sessions, SignedIn};
use crate::error::{Result, RoleRefused};
use crate::form::is_form;
use crate::site::Site;

/// A longer form is not kept: sealed and written as hex it must pass through the sign-in form and fit the session's row.
const KEPT_MAX: usize = 16 * 1024;

/// So many refusals of one person stand in the history in a minute, and each in the log: a loop must not bury what others did.
const NOTED: u32 = 30;
const MINUTE: Duration = Duration::from_secs(60);

#[derive(Clone)]
struct Gate {
    site: Site,
    sessions: Sessions,
    /// Of whom how many refusals were written down, since when.
    noted: Arc<Mutex<HashMap<StaffId, (UnixMillis, u32)>>>,
}

pub(super) fn close<S: Clone + Send + Sync + 'static>(
    site: &Site,
    sessions: &Sessions,
    pages: Router<S>,
) -> Router<S> {
    let gate = Gate {
        site: site.clone(),
        sessions: sessions.clone(),
        noted: Arc::default(),
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
                let page = page.as_ref().map_or("", MatchedPath::as_str);
                gate.note_refusal(&person, page).await?;
            }
            // For the frame of an error's page.
            response.extensions_mut().insert(person);
            Ok(response)
        }
        None => gate.turn_away(request).await,
    }
}

impl Gate {
    async fn note_refusal(&self, person: &SignedIn, page: &str) -> Result<()> {
        let now = self.sessions.clock().now();
        let count = {
            let mut noted = self.noted.lock().unwrap_or_else(PoisonError::into_inner);
            noted.retain(|_, (since, _)| now.since(*since) < MINUTE);
            let (_, count) = noted.entry(person.staff_id()).or_insert((now, 0));
            *count += 1;
            *count
        };
        match count {
            0..=NOTED => self.sessions.note_refusal(person, page).await,
            _ => {
                tracing::warn!(page, "more refusals of one account than the history takes");
                Ok(())
            }
        }
    }

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

//! `/sign-in` and `/sign-out`.

use std::time::Duration;

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};

use super::Sessions;
use super::flash::Flash;
use super::kept_form::Kept;
use super::sessions::Attempt;
use super::signed_in::leave;
use crate::components::Tone;
use crate::error::Result;
use crate::form::FormState;
use crate::page::{Page, html};
use crate::rate_limit::per_address;
use crate::site::Site;

/// Sign-ins of one client address: a whole office may share one.
const BURST: u32 = 30;
const PERIOD: Duration = Duration::from_secs(2);

#[derive(Clone)]
struct Door {
    site: Site,
    sessions: Sessions,
}

/// Why the sign-in page is shown.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Reason {
    /// A page was asked for.
    Asked,
    /// A form was sent without a live session; it comes back.
    FormKept,
    /// Something was sent without a live session and must be done again.
    NothingKept,
    /// After signing out.
    SignedOut,
}

/// The page.
#[derive(Template)]
#[template(path = "kit/sign_in.html")]
pub(super) struct SignInPage {
    page: Page,
    reason: Reason,
    form: FormState,
    kept: String,
}

impl SignInPage {
    pub(super) fn new(site: &Site, reason: Reason) -> Self {
        Self {
            page: Page::plain(site.clone(), "/sign-in".to_owned()).titled("Sign in"),
            reason,
            form: FormState::new(),
            kept: String::new(),
        }
    }

    /// Carries on, through the sign-in form, where it leads afterwards.
    pub(super) fn keeping(mut self, kept: String) -> Self {
        self.kept = kept;
        self
    }

    pub(super) fn answer(&self, status: StatusCode) -> Result<Response> {
        Ok((status, html(self)?).into_response())
    }
}

pub(super) fn routes<S: Clone + Send + Sync + 'static>(
    site: &Site,
    sessions: &Sessions,
) -> Router<S> {
    let door = Door {
        site: site.clone(),
        sessions: sessions.clone(),
    };
    let limit = per_address(site.trusted_proxies().clone(), BURST, PERIOD);
    Router::new()
        .route("/sign-in", get(show).post(sign_in).layer(limit))
        .route("/sign-out", post(sign_out))
        .with_state(door)
}

async fn show(State(door): State<Door>, headers: HeaderMap) -> Result<Response> {
    if door.sessions.person(&headers).await?.is_some() {
        return Ok(Redirect::to("/").into_response());
    }
    SignInPage::new(&door.site, Reason::Asked).answer(StatusCode::OK)
}

async fn sign_in(
    State(door): State<Door>,
    headers: HeaderMap,
    mut form: FormState,
) -> Result<Response> {
    let password = form.take_secret("password");
    let kept = form.value("kept").to_owned();
    let refusal = match door.sessions.attempt(form.value("login"), password).await? {
        Attempt::In(id, staff) => {
            // Never carry a session over: whoever knew the old cookie must not be signed in by this.
            door.sessions.end(&headers).await?;
            let kept = Kept::open(
                door.sessions.keys(),
                door.sessions.app(),
                door.sessions.clock().now(),
                &kept,
            );
            let page = kept
                .as_ref()
                .map_or("/", |kept| kept.page.as_str())
                .to_owned();
            if let Some(body) = kept.and_then(|kept| kept.form_of(staff.id)) {
                let path = page.clone();
                leave(&door.sessions, &id.hash(), &Flash::Form { path, body }).await?;
            }
            let cookie = [(header::SET_COOKIE, door.sessions.set_cookie(&id)?)];
            return Ok((cookie, Redirect::to(&page)).into_response());
        }
        Attempt::Refused => (StatusCode::UNAUTHORIZED, "Login or password is not right."),
        Attempt::OtherApp => (
            StatusCode::FORBIDDEN,
            "Your account is not meant for this application. Ask your controller manager.",
        ),
        Attempt::Wait => (
            StatusCode::TOO_MANY_REQUESTS,
            "Too many failed sign-ins. Wait 15 minutes and try again.",
        ),
    };
    form.headline(refusal.1);
    let mut page = SignInPage::new(&door.site, Reason::Asked).keeping(kept);
    page.form = form;
    page.answer(refusal.0)
}

async fn sign_out(State(door): State<Door>, headers: HeaderMap) -> Result<Response> {
    door.sessions.end(&headers).await?;
    let cleared = [
        (header::SET_COOKIE, door.sessions.clear_cookie()?),
        // Pages that the browser still holds for its back button.
        (
            HeaderName::from_static("clear-site-data"),
            HeaderValue::from_static("\"cache\""),
        ),
    ];
    let page = SignInPage::new(&door.site, Reason::SignedOut).answer(StatusCode::OK)?;
    Ok((cleared, page).into_response())
}

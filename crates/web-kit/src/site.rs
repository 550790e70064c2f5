//! One app as a whole: its name, and the layers that stand before all its pages.

use std::any::Any;
use std::sync::{Arc, RwLock};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{DefaultBodyLimit, OriginalUri, Request, State};
use axum::http::{Method, StatusCode, header};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Redirect, Response};
use axum::{Json, http};
use serde_json::json;
use tower_http::catch_panic::CatchPanicLayer;
use url::Url;

use crate::assets::{self, Asset};
use crate::components::Tone;
use crate::error::{Error, ErrorNote};
use crate::metrics::Requests;
use crate::page::{ErrorPage, Page, html};
use crate::readiness::Readiness;
use crate::resend;
use crate::security;
use crate::settings::{Environment, TrustedProxies, Web};
use crate::sign_in::{Role, SignedIn};
use crate::telemetry::{self, RequestId};

/// A form is a few kilobytes; nothing here takes uploads.
const BODY_LIMIT: usize = 64 * 1024;
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);

/// What every page knows of its app. A clone is a handle to the same app.
#[derive(Clone)]
pub struct Site(Arc<Inner>);

struct Inner {
    name: &'static str,
    environment: Environment,
    public_url: Url,
    trusted_proxies: TrustedProxies,
    nav: Vec<NavItem>,
    assets: &'static [&'static Asset],
    banner: RwLock<Option<Banner>>,
    requests: Requests,
}

/// An entry of the main navigation.
#[derive(Debug, Clone, Copy)]
pub struct NavItem {
    /// Where it leads.
    pub path: &'static str,
    /// What it is called.
    pub label: &'static str,
    /// Whom it is shown to; everybody who is signed in, where none is named.
    pub roles: &'static [Role],
}

impl NavItem {
    /// An entry for everybody who may sign in.
    #[must_use]
    pub const fn for_all(path: &'static str, label: &'static str) -> Self {
        Self {
            path,
            label,
            roles: &[],
        }
    }

    pub(crate) fn is_for(&self, role: Role) -> bool {
        self.roles.is_empty() || self.roles.contains(&role)
    }
}

/// A message above every page, for as long as it holds: the chain is out of reach, say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Banner {
    /// How grave it is.
    pub tone: Tone,
    /// What is the matter and what it means, in plain words. For who is signed in.
    pub text: String,
    /// What of it everybody is shown: why nobody can sign in.
    pub to_anybody: Option<String>,
}

impl Site {
    /// `name` stands in the header and in titles: "Sealwatch Entry".
    #[must_use]
    pub fn new(
        name: &'static str,
        web: &Web,
        nav: Vec<NavItem>,
        assets: &'static [&'static Asset],
    ) -> Self {
        Self(Arc::new(Inner {
            name,
            environment: web.environment,
            public_url: web.public_url.clone(),
            trusted_proxies: web.trusted_proxies.clone(),
            nav,
            assets,
            banner: RwLock::new(None),
            requests: Requests::default(),
        }))
    }

    /// The app's name.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.0.name
    }

    /// Development or production.
    #[must_use]
    pub fn environment(&self) -> Environment {
        self.0.environment
    }

    /// The address that browsers see.
    #[must_use]
    pub fn public_url(&self) -> &Url {
        &self.0.public_url
    }

    /// The proxies whose word on the client's address is believed.
    #[must_use]
    pub fn trusted_proxies(&self) -> &TrustedProxies {
        &self.0.trusted_proxies
    }

    /// The requests that it answered.
    #[must_use]
    pub fn requests(&self) -> &Requests {
        &self.0.requests
    }

    pub(crate) fn nav(&self) -> &[NavItem] {
        &self.0.nav
    }

    /// Shows a banner above every page for staff from now on, or takes it away.
    pub fn set_banner(&self, banner: Option<Banner>) {
        // A poisoned lock holds a whole banner all the same.
        *self
            .0
            .banner
            .write()
            .unwrap_or_else(|poison| poison.into_inner()) = banner;
    }

    /// The banner shown now.
    #[must_use]
    pub fn banner(&self) -> Option<Banner> {
        let banner = self.0.banner.read();
        banner.unwrap_or_else(|poison| poison.into_inner()).clone()
    }

    /// Puts the app together: `pages` with its state, static files, health, and before all of them the layers that no
    /// page may be without. Nothing of ours is served that did not pass here.
    pub fn assemble(&self, pages: Router, readiness: Readiness) -> Router {
        let inner = pages
            .merge(assets::routes(self.0.assets))
            .fallback(|| async { Error::NotFound })
            .method_not_allowed_fallback(leave_action)
            .layer(from_fn(limit_time))
            .layer(DefaultBodyLimit::max(BODY_LIMIT));
        security::refuse_foreign(inner, &self.0.public_url)
            // Probes come from supervisors, which send neither Origin nor cookies; they are GET only.
            .merge(readiness.routes())
            .layer(CatchPanicLayer::custom(answer_panic))
            .layer(from_fn_with_state(self.clone(), draw_errors))
            .layer(from_fn_with_state(self.0.environment, security::set))
            .layer(from_fn_with_state(
                self.0.requests.clone(),
                telemetry::trace,
            ))
    }
}

/// An address that only takes a POST (`/records/7/approve`) is an action of the page above it. Whoever opens it with a
/// GET, by reloading or after signing in again, is led to that page.
async fn leave_action(method: Method, OriginalUri(uri): OriginalUri) -> Response {
    match uri.path().rsplit_once('/') {
        Some((page, _)) if method.is_safe() => {
            Redirect::to(if page.is_empty() { "/" } else { page }).into_response()
        }
        _ => {
            let mut response =
                Error::bad_request("This address does not take that kind of request.")
                    .into_response();
            *response.status_mut() = StatusCode::METHOD_NOT_ALLOWED;
            response
        }
    }
}

async fn limit_time(request: Request, next: Next) -> Response {
    match tokio::time::timeout(REQUEST_TIMEOUT, next.run(request)).await {
        Ok(response) => response,
        Err(_) => Error::Unavailable {
            what: "all that this page needs in time",
        }
        .into_response(),
    }
}

/// The panic hook has logged where it happened; what it said stays out of the page and the log.
fn answer_panic(_: Box<dyn Any + Send + 'static>) -> http::Response<Body> {
    Error::internal("a handler panicked").into_response()
}

/// Middleware: draws the page of an [`Error`]; a script that asked for JSON gets JSON.
async fn draw_errors(State(site): State<Site>, request: Request, next: Next) -> Response {
    let wants_json = request
        .headers()
        .get(header::ACCEPT)
        .is_some_and(|accept| accept.as_bytes().starts_with(b"application/json"));
    let path = request.uri().path().to_owned();
    // Whoever sends a form by drops must not hold us longer than any other request.
    let copied = tokio::time::timeout(REQUEST_TIMEOUT, resend::copied(request, BODY_LIMIT));
    let Ok((request, sent)) = copied.await else {
        return StatusCode::REQUEST_TIMEOUT.into_response();
    };
    let id = request.extensions().get::<RequestId>().cloned();
    let mut response = next.run(request).await;
    let Some(note) = response.extensions_mut().remove::<ErrorNote>() else {
        return response;
    };
    let person = response.extensions_mut().remove::<SignedIn>();
    let status = response.status();
    let headers = std::mem::take(response.headers_mut());
    let page = if wants_json {
        let problem = status.canonical_reason().unwrap_or("error");
        let problem = problem.to_ascii_lowercase().replace(' ', "_");
        Json(json!({ "problem": problem, "message": note.text })).into_response()
    } else {
        let page = Page::plain(site, path).of_person(person.as_ref());
        let number = id.filter(|_| status.is_server_error());
        let sent = sent.filter(|_| resend::helps(status));
        match html(&ErrorPage::new(page, note, number, sent)) {
            Ok(page) => page.into_response(),
            Err(_) => "Something went wrong on our side.".into_response(),
        }
    };
    let mut page = (status, page).into_response();
    if let Some(wait) = headers.get(header::RETRY_AFTER) {
        page.headers_mut().insert(header::RETRY_AFTER, wait.clone());
    }
    page
}

//! A link as it was opened: found by its secret, in whatever state, with or without the cookie.
//!
//! Handlers take the narrowest of three extractors: [`Visit`] (the link exists), [`Open`] (and lets its owner in),
//! [`Identified`] (and the owner has shown who they are). What falls short is answered before the handler runs: with the
//! page of the link's state, or, at a JSON door, with a [`Refusal`].

use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum_extra::extract::CookieJar;
use database::consent_links::{self, ConsentLink};
use database::records::{self, Record};
use keyring::{LinkSecret, OwnerKey, UnwrapError};
use record::time::UnixMillis;
use sqlx::MySqlConnection;
use web_kit::error::Error;

use crate::app::App;
use crate::closed::Closed;
use crate::pass::Pass;
use crate::refusal::Refusal;
use crate::standing::{self, is_awaited};
use crate::urls::LinkUrls;

/// A link that exists.
pub struct Visit {
    /// Its row as it was found.
    pub link: ConsentLink,
    /// The addresses below it.
    pub urls: LinkUrls,
    /// Whether the browser brought the cookie.
    pub is_held: bool,
    /// When this request came.
    pub now: UnixMillis,
    closed: Option<Closed>,
    secret: LinkSecret,
}

/// A link that lets its owner in.
pub struct Open(pub Visit);

/// An open link whose owner has shown who they are.
pub struct Identified(pub Visit);

/// Record and link, locked until the transaction ends and seen to be still waiting for the owner's answer.
pub struct Held {
    /// The record.
    pub record: Record,
    /// The link.
    pub link: ConsentLink,
}

impl Visit {
    /// Why it lets nobody in; `None` while it is open and its record waits for it.
    pub const fn closed(&self) -> Option<Closed> {
        self.closed
    }

    /// Whether whoever is here signed through this link within the hour.
    pub fn has_signed(&self) -> bool {
        self.is_held && self.closed == Some(Closed::Used)
    }

    /// What the owner of the cookie may do.
    pub const fn pass(&self) -> Pass {
        Pass {
            link: self.link.id,
            draft: self.link.draft,
        }
    }

    /// The owner's key, by the link's secret.
    pub fn owner_key(&self) -> Result<OwnerKey, UnwrapError> {
        self.secret
            .unwrap(&self.link.wrapped_key, self.link.id, self.link.record_id)
    }

    /// Locks the link alone.
    pub async fn lock_link(
        &self,
        app: &App,
        connection: &mut MySqlConnection,
    ) -> Result<ConsentLink, Refusal> {
        let link = consent_links::lock(connection, &app.front, self.link.id)
            .await?
            .ok_or(Closed::Unknown)?;
        match Closed::of(&link, self.now) {
            None => Ok(link),
            Some(closed) => Err(closed.into()),
        }
    }

    /// Locks the record, then the link, in this order everywhere, and looks at both again.
    pub async fn hold(&self, app: &App, connection: &mut MySqlConnection) -> Result<Held, Refusal> {
        let record = records::lock(connection, &app.front, self.link.record_id)
            .await?
            .ok_or(Closed::Unknown)?;
        let link = self.lock_link(app, connection).await?;
        if is_awaited(&link, &record) {
            Ok(Held { record, link })
        } else {
            Err(Closed::Revoked.into())
        }
    }
}

impl FromRequestParts<App> for Visit {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Response> {
        let found = find(parts, app).await;
        found.map_err(|refusal| answer(parts, app, refusal, None))
    }
}

impl FromRequestParts<App> for Open {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Response> {
        let visit = Visit::from_request_parts(parts, app).await?;
        match visit.closed() {
            None => Ok(Self(visit)),
            Some(closed) => Err(answer(parts, app, closed.into(), Some(&visit))),
        }
    }
}

impl FromRequestParts<App> for Identified {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Response> {
        let Open(visit) = Open::from_request_parts(parts, app).await?;
        if visit.is_held {
            Ok(Self(visit))
        } else {
            Err(answer(parts, app, Refusal::IdentifyAgain, Some(&visit)))
        }
    }
}

async fn find(parts: &mut Parts, app: &App) -> Result<Visit, Refusal> {
    let Path(secret) = Path::<String>::from_request_parts(parts, app)
        .await
        .map_err(|_| Closed::Unknown)?;
    let secret = LinkSecret::from_url(&secret).map_err(|_| Closed::Unknown)?;
    let mut connection = app.database.acquire().await?;
    let hash = app.front.hash_secret(&secret);
    let link = consent_links::by_secret_hash(&mut connection, &app.front, &hash)
        .await?
        .ok_or(Closed::Unknown)?;

    let now = app.clock.now();
    let pass = Pass {
        link: link.id,
        draft: link.draft,
    };
    let closed = standing::closed(&link, &app.front, &mut connection, now).await?;
    let is_held = pass.is_held(&CookieJar::from_headers(&parts.headers), &app.front, now);
    Ok(Visit {
        urls: LinkUrls::new(&secret),
        link,
        is_held,
        now,
        closed,
        secret,
    })
}

/// The refusal as a page or, where a script asks, as it is.
fn answer(parts: &Parts, app: &App, refusal: Refusal, visit: Option<&Visit>) -> Response {
    if wants_json(&parts.headers) {
        return refusal.into_response();
    }
    match (refusal, visit) {
        (Refusal::Closed(closed), _) => closed.page(app, visit).into_response(),
        // What the owner wrote must not be lost with it.
        (Refusal::IdentifyAgain, Some(visit))
            if parts.method == Method::POST && parts.uri.path() == visit.urls.correction() =>
        {
            Error::unidentified(
                "It has been an hour. Open the link from your mail in another tab and show that it's you; then come back \
                 to this page and send it again.",
            )
            .into_response()
        }
        (Refusal::IdentifyAgain, Some(visit)) => Redirect::to(visit.urls.page()).into_response(),
        (other, _) => other.into_response(),
    }
}

/// Whether a script asks.
pub fn wants_json(headers: &HeaderMap) -> bool {
    [header::CONTENT_TYPE, header::ACCEPT].iter().any(|name| {
        headers
            .get(name)
            .is_some_and(|value| value.as_bytes().starts_with(b"application/json"))
    })
}

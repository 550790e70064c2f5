//! The link to a copy of everything, as it was opened (docs/ACCESS.md).
//!
//! What lets nobody in is answered before the handler runs: with a page, or, at a JSON door, with a [`Refusal`].

use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use axum_extra::extract::CookieJar;
use database::access_copies::{self, AccessCopy, CopyState};
use database::records;
use enrolment::access::{Disclosure, content};
use keyring::{LinkSecret, OwnerKey};
use record::time::UnixMillis;
use sqlx::MySqlConnection;
use zeroize::Zeroizing;

use crate::app::App;
use crate::closed::Closed;
use crate::pass::CopyPass;
use crate::refusal::Refusal;
use crate::tampering::tampered;
use crate::urls::LinkUrls;
use crate::visit::wants_json;

/// A copy that can be opened by who shows that they are its owner.
pub struct CopyVisit {
    /// Its row as it was found.
    pub copy: AccessCopy,
    /// The addresses below its link.
    pub urls: LinkUrls,
    /// Whether the browser brought the cookie.
    pub is_held: bool,
    /// When this request came.
    pub now: UnixMillis,
    secret: LinkSecret,
}

impl CopyVisit {
    /// The owner's key, by the link's secret.
    pub fn owner_key(&self) -> Result<OwnerKey, Refusal> {
        let copy = &self.copy;
        let key = self
            .secret
            .unwrap(&copy.wrapped_key, copy.id, copy.record_id);
        Ok(key.map_err(|cause| tampered(format!("the key of a copy does not open: {cause}")))?)
    }

    /// The copy as it was sealed.
    pub fn json(&self) -> Result<Zeroizing<Vec<u8>>, Refusal> {
        Ok(content(&self.copy, &self.owner_key()?)?)
    }

    /// The copy, read.
    pub fn disclosure(&self) -> Result<Disclosure, Refusal> {
        Ok(Disclosure::from_json(&self.json()?)?)
    }

    /// Locks the record, then the copy, in this order everywhere, and looks at both again.
    pub async fn hold(
        &self,
        app: &App,
        connection: &mut MySqlConnection,
    ) -> Result<AccessCopy, Refusal> {
        records::lock(connection, &app.front, self.copy.record_id).await?;
        let copy = access_copies::lock(connection, &app.front, self.copy.id)
            .await?
            .ok_or(Closed::Unknown)?;
        match closed(&copy, app, connection, self.now).await? {
            None => Ok(copy),
            Some(closed) => Err(closed.into()),
        }
    }
}

impl FromRequestParts<App> for CopyVisit {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Response> {
        let found = find(parts, app).await;
        found.map_err(|refusal| match refusal {
            Refusal::Closed(closed) if !wants_json(&parts.headers) => {
                closed.page(app, None).into_response()
            }
            other => other.into_response(),
        })
    }
}

async fn find(parts: &mut Parts, app: &App) -> Result<CopyVisit, Refusal> {
    let Path(secret) = Path::<String>::from_request_parts(parts, app)
        .await
        .map_err(|_| Closed::Unknown)?;
    let secret = LinkSecret::from_url(&secret).map_err(|_| Closed::Unknown)?;
    let (hash, now) = (app.front.hash_secret(&secret), app.clock.now());
    let mut connection = app.database.acquire().await?;
    let copy = access_copies::by_secret_hash(&mut connection, &app.front, &hash)
        .await?
        .ok_or(Closed::Unknown)?;
    if let Some(closed) = closed(&copy, app, &mut connection, now).await? {
        return Err(closed.into());
    }
    let jar = CookieJar::from_headers(&parts.headers);
    Ok(CopyVisit {
        urls: LinkUrls::of_copy(&secret),
        is_held: CopyPass(copy.id).is_held(&jar, &app.front, now),
        copy,
        now,
        secret,
    })
}

/// Why a copy lets nobody in; none while it does. Of a record that has ended or is being erased nothing is shown, whatever a dump
/// brought back.
async fn closed(
    copy: &AccessCopy,
    app: &App,
    connection: &mut MySqlConnection,
    now: UnixMillis,
) -> Result<Option<Closed>, Refusal> {
    match copy.state {
        CopyState::Open if copy.is_open(now) => {}
        CopyState::Open | CopyState::Ended => return Ok(Some(Closed::Expired)),
        CopyState::Revoked => return Ok(Some(Closed::Revoked)),
        CopyState::Locked => return Ok(Some(Closed::Locked)),
    }
    let record = records::load(connection, &app.front, copy.record_id).await?;
    let stands = record.is_some_and(|record| record.state.is_held());
    Ok((!stands).then_some(Closed::Revoked))
}

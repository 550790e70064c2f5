//! The person behind a request.

use std::sync::Arc;

use axum::extract::{FromRequestParts, OptionalFromRequestParts};
use axum::http::request::Parts;
use database::sessions::{self, Session};
use database::staff::{Role, Staff};
use record::ids::StaffId;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::Sessions;
use super::flash::Flash;
use crate::components::Tone;
use crate::error::{Error, Result};

/// The person signed in. As an extractor it works behind [`super::staff_only`].
#[derive(Clone)]
pub struct SignedIn(Arc<Inner>);

#[derive(Clone)]
struct Inner {
    sessions: Sessions,
    session: [u8; 32],
    staff_id: StaffId,
    role: Role,
    name: String,
    /// What waited in the session when the request came.
    waiting: Option<Flash>,
}

impl SignedIn {
    pub(super) fn new(sessions: Sessions, session: &Session, staff: &Staff) -> Result<Self> {
        let name = staff
            .open_display_name(sessions.keys())?
            .as_str()
            .to_owned();
        let waiting = session
            .flash
            .as_deref()
            .and_then(|sealed| Flash::open(sessions.keys(), &session.id_hash, sealed));
        Ok(Self(Arc::new(Inner {
            session: session.id_hash,
            staff_id: staff.id,
            role: staff.role,
            name,
            waiting,
            sessions,
        })))
    }

    /// The same person, for an answer that they do not look at.
    pub(super) fn without_what_waits(mut self) -> Self {
        Arc::make_mut(&mut self.0).waiting = None;
        self
    }

    /// The account.
    #[must_use]
    pub fn staff_id(&self) -> StaffId {
        self.0.staff_id
    }

    /// What the account may do.
    #[must_use]
    pub fn role(&self) -> Role {
        self.0.role
    }

    /// The display name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// Whether the person has one of these roles; for templates that hide what can't be done.
    #[must_use]
    pub fn is_any(&self, roles: &[Role]) -> bool {
        roles.contains(&self.0.role)
    }

    /// Refuses whoever has none of these roles.
    pub fn require(&self, roles: &[Role]) -> Result<()> {
        if self.is_any(roles) {
            Ok(())
        } else {
            Err(Error::Forbidden)
        }
    }

    /// Leaves a note that the next page shows at its top, once. For the redirect after a POST, once the work is
    /// committed; it replaces what waited before.
    pub async fn leave_notice(&self, tone: Tone, text: impl Into<String>) -> Result<()> {
        let text = text.into();
        self.leave(&Flash::Notice { tone, text }).await
    }

    /// Hands something to the page at `path` that only its next showing may see: the secret of a consent link.
    pub async fn hand_over(&self, path: &str, value: &impl Serialize) -> Result<()> {
        self.leave(&Flash::HandOver {
            path: path.to_owned(),
            value: serde_json::to_string(value)?,
        })
        .await
    }

    /// Takes what was handed over to the page at `path`.
    pub async fn take_handed_over<T: DeserializeOwned>(&self, path: &str) -> Result<Option<T>> {
        match &self.0.waiting {
            Some(Flash::HandOver { path: page, .. }) if page == path => {}
            _ => return Ok(None),
        }
        // The row decides, not what was read before: of two showings at once only one gets it.
        match self.take().await? {
            Some(Flash::HandOver { path: page, value }) if page == path => {
                Ok(Some(serde_json::from_str(&value)?))
            }
            _ => Ok(None),
        }
    }

    pub(crate) async fn take_notice(&self) -> Result<Option<(Tone, String)>> {
        if !matches!(self.0.waiting, Some(Flash::Notice { .. })) {
            return Ok(None);
        }
        match self.take().await? {
            Some(Flash::Notice { tone, text }) => Ok(Some((tone, text))),
            _ => Ok(None),
        }
    }

    pub(super) async fn take_form(&self, path: &str) -> Result<Option<String>> {
        match &self.0.waiting {
            Some(Flash::Form { path: page, .. }) if page == path => {}
            _ => return Ok(None),
        }
        match self.take().await? {
            Some(Flash::Form { path: page, body }) if page == path => Ok(Some(body)),
            _ => Ok(None),
        }
    }

    async fn leave(&self, flash: &Flash) -> Result<()> {
        leave(&self.0.sessions, &self.0.session, flash).await
    }

    async fn take(&self) -> Result<Option<Flash>> {
        let keys = self.0.sessions.keys();
        let mut connection = self.0.sessions.pool().acquire().await?;
        let sealed = sessions::take_flash(&mut connection, keys, &self.0.session).await?;
        Ok(sealed.and_then(|sealed| Flash::open(keys, &self.0.session, &sealed)))
    }
}

pub(super) async fn leave(sessions: &Sessions, session: &[u8; 32], flash: &Flash) -> Result<()> {
    let sealed = flash.seal(sessions.keys(), session)?;
    let mut connection = sessions.pool().acquire().await?;
    sessions::set_flash(&mut connection, sessions.keys(), session, &sealed).await?;
    Ok(())
}

impl<S: Send + Sync> FromRequestParts<S> for SignedIn {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self> {
        parts.extensions.get::<Self>().cloned().ok_or_else(|| {
            Error::internal("a page that asks who is signed in is not behind staff_only")
        })
    }
}

impl<S: Send + Sync> OptionalFromRequestParts<S> for SignedIn {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Option<Self>> {
        Ok(parts.extensions.get::<Self>().cloned())
    }
}

/// A role in words.
#[must_use]
pub fn role_name(role: Role) -> &'static str {
    match role {
        Role::SystemAdministrator => "System administrator",
        Role::ControllerManager => "Controller manager",
        Role::DataProtectionOfficer => "Data-protection officer",
        Role::Clerk => "Clerk",
    }
}

//! A form that outlives the session it was filled in under.
//!
//! Posted without a live session, a form is sealed into the sign-in page. After signing in, its page is shown again with
//! everything filled in; it is never sent by itself. The seal binds it to the app, the page, the time, and the person
//! whose session it was.

use std::time::Duration;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use keyring::ApplicationKeys;
use record::ids::StaffId;
use record::time::UnixMillis;
use serde::{Deserialize, Serialize};

use super::App;
use super::SignedIn;
use crate::error::{Error, Result};
use crate::form::FormState;

const CONTEXT: &str = "sign-in.kept";
/// How long after the form was sent its person may take to sign in.
const KEPT_FOR: Duration = Duration::from_secs(60 * 60);

/// Where signing in leads, and what was typed there.
#[derive(Serialize, Deserialize)]
pub(super) struct Kept {
    /// Path and query of the page.
    pub(super) page: String,
    /// The posted form, urlencoded.
    pub(super) form: Option<String>,
    /// Whose session it was, where that is still known: nobody else gets the form then.
    pub(super) person: Option<StaffId>,
    pub(super) at: UnixMillis,
}

impl Kept {
    /// For the hidden field of the sign-in page.
    pub(super) fn seal(&self, keys: &ApplicationKeys, app: App) -> Result<String> {
        let json = serde_json::to_vec(self)?;
        let aad = app.as_str().as_bytes();
        Ok(hex::encode(keys.seal(
            CONTEXT,
            aad,
            &json,
            &mut rand::rng(),
        )))
    }

    /// Nothing when it was not sealed by us for this app, or too long ago.
    pub(super) fn open(
        keys: &ApplicationKeys,
        app: App,
        now: UnixMillis,
        sealed: &str,
    ) -> Option<Self> {
        let sealed = hex::decode(sealed).ok()?;
        let json = keys.open(CONTEXT, app.as_str().as_bytes(), &sealed).ok()?;
        let kept: Self = serde_json::from_slice(&json).ok()?;
        (now.since(kept.at) <= KEPT_FOR).then_some(kept)
    }

    /// The form, if this is the person who filled it in.
    pub(super) fn form_of(self, person: StaffId) -> Option<String> {
        let theirs = self.person.is_none_or(|former| former == person);
        self.form.filter(|_| theirs)
    }
}

/// The form that waits for the page being shown: empty, or as it was when its person had to sign in again.
///
/// Every page with a form takes part by this extractor in its GET handler; the form must be posted to the page's own
/// path:
///
/// ```ignore
/// async fn show(page: Page, KeptForm(form): KeptForm) -> Result<Html<String>> {
///     html(&NewRecord { page: page.titled("New record"), form })
/// }
/// ```
pub struct KeptForm(pub FormState);

impl<S: Send + Sync> FromRequestParts<S> for KeptForm {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self> {
        let Some(person) = parts.extensions.get::<SignedIn>().cloned() else {
            return Ok(Self(FormState::new()));
        };
        let form = person.take_form(parts.uri.path()).await?;
        Ok(Self(form.map_or_else(FormState::new, |body| {
            FormState::restored(body.as_bytes())
        })))
    }
}

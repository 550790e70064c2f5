//! The session cookie.

use axum::http::HeaderMap;
use axum::http::header::{COOKIE, HeaderValue};
use axum_extra::extract::cookie::{Cookie, SameSite};
use rand::RngExt;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::App;
use crate::settings::Environment;

/// The secret that a browser holds.
pub(super) struct SessionId(Zeroizing<[u8; 32]>);

impl SessionId {
    pub(super) fn random() -> Self {
        Self(Zeroizing::new(rand::rng().random()))
    }

    /// What the database holds.
    pub(super) fn hash(&self) -> [u8; 32] {
        Sha256::digest(*self.0).into()
    }
}

/// How this app's cookie is called and what it asks of the browser.
#[derive(Clone, Copy)]
pub(super) struct SessionCookie {
    app: App,
    environment: Environment,
}

impl SessionCookie {
    pub(super) fn new(app: App, environment: Environment) -> Self {
        Self { app, environment }
    }

    /// Cookies do not tell ports apart, so that two apps on one machine need two names. Browsers let only a `Secure`
    /// cookie of this very host carry the prefix.
    fn name(self) -> &'static str {
        match (self.environment, self.app) {
            (Environment::Production, App::Entry) => "__Host-sealwatch-entry",
            (Environment::Production, App::Viewer) => "__Host-sealwatch-viewer",
            (Environment::Development, App::Entry) => "sealwatch-entry",
            (Environment::Development, App::Viewer) => "sealwatch-viewer",
        }
    }

    pub(super) fn read(self, headers: &HeaderMap) -> Option<SessionId> {
        let mut id = Zeroizing::new([0; 32]);
        headers
            .get_all(COOKIE)
            .iter()
            .filter_map(|line| line.to_str().ok())
            .flat_map(Cookie::split_parse)
            .filter_map(Result::ok)
            .find(|cookie| cookie.name() == self.name())
            .and_then(|cookie| hex::decode_to_slice(cookie.value(), id.as_mut_slice()).ok())?;
        Some(SessionId(id))
    }

    /// The header that sets it, until the browser is closed.
    pub(super) fn set(self, id: &SessionId) -> Option<HeaderValue> {
        let value = Zeroizing::new(hex::encode(*id.0));
        header(self.build(value.as_str()))
    }

    /// The header that takes it away.
    pub(super) fn clear(self) -> Option<HeaderValue> {
        let mut cookie = self.build("");
        cookie.make_removal();
        header(cookie)
    }

    fn build(self, value: &str) -> Cookie<'_> {
        Cookie::build((self.name(), value))
            .path("/")
            .http_only(true)
            .same_site(SameSite::Lax)
            .secure(self.environment == Environment::Production)
            .build()
    }
}

fn header(cookie: Cookie<'_>) -> Option<HeaderValue> {
    let mut value = HeaderValue::try_from(cookie.to_string()).ok()?;
    value.set_sensitive(true);
    Some(value)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failed test may panic")]

    use super::*;

    #[test]
    fn in_production_the_cookie_is_bound_to_host_and_https() {
        let cookie = SessionCookie::new(App::Entry, Environment::Production);
        let set = cookie.set(&SessionId(Zeroizing::new([7; 32]))).unwrap();
        assert_eq!(
            set.to_str().unwrap(),
            format!(
                "__Host-sealwatch-entry={}; HttpOnly; SameSite=Lax; Secure; Path=/",
                "07".repeat(32)
            )
        );
    }

    #[test]
    fn it_is_read_back_among_others() {
        let cookie = SessionCookie::new(App::Viewer, Environment::Development);
        let id = SessionId::random();
        let mut headers = HeaderMap::new();
        let set = cookie.set(&id).unwrap();
        let pair = set.to_str().unwrap().split(';').next().unwrap();
        headers.insert(
            COOKIE,
            format!("sealwatch-entry=00; {pair}").parse().unwrap(),
        );
        assert_eq!(cookie.read(&headers).unwrap().hash(), id.hash());
    }

    #[test]
    fn anything_but_our_own_form_is_no_session() {
        let cookie = SessionCookie::new(App::Viewer, Environment::Development);
        for value in ["", "00", "zz"] {
            let mut headers = HeaderMap::new();
            headers.insert(COOKIE, format!("sealwatch-viewer={value}").parse().unwrap());
            assert!(cookie.read(&headers).is_none());
        }
    }
}

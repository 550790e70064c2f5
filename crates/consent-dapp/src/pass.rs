//! The cookies of owners who have shown who they are, each good for an hour: of one link and draft, of one request to take
//! consent back, or of one copy of everything.

use std::time::Duration;

use axum_extra::extract::CookieJar;
use axum_extra::extract::cookie::{Cookie, SameSite};
use keyring::{FrontKeys, MacBuilder};
use record::ids::{Draft, LinkId, RequestId};
use record::time::UnixMillis;

use crate::urls::{LinkUrls, TicketUrls};

/// How long the details, and after signing the receipt, stay open.
pub const LIFETIME: Duration = Duration::from_hours(1);

const COOKIE: &str = "consent";
const REQUEST_COOKIE: &str = "withdrawal";
const COPY_COOKIE: &str = "copy";
const EXPIRY_LEN: usize = 8;

/// Who may read: whoever opened this link and knew the code, or held the wallet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pass {
    /// The link.
    pub link: LinkId,
    /// The draft that was current then: an edit shuts the door.
    pub draft: Draft,
}

impl Pass {
    /// The cookie to set.
    pub fn cookie(
        self,
        front: &FrontKeys,
        now: UnixMillis,
        urls: &LinkUrls,
        secure: bool,
    ) -> Cookie<'static> {
        let value = value(now, |expiry| self.mac(front, expiry));
        private_cookie(COOKIE, value, LIFETIME, urls.page(), secure)
    }

    /// Whether the browser brought this pass and it still holds.
    pub fn is_held(self, jar: &CookieJar, front: &FrontKeys, now: UnixMillis) -> bool {
        holds(jar, COOKIE, now, |expiry| self.mac(front, expiry))
    }

    fn mac(self, front: &FrontKeys, expiry: UnixMillis) -> MacBuilder {
        front
            .mac("cookie.consent")
            .bytes(self.link.as_bytes())
            .u32(self.draft.get())
            .u64(expiry.0)
    }
}

/// Who may take consent back: whoever opened this ticket and knew the code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RequestPass(pub RequestId);

impl RequestPass {
    /// The cookie to set.
    pub fn cookie(
        self,
        front: &FrontKeys,
        now: UnixMillis,
        urls: &TicketUrls,
        secure: bool,
    ) -> Cookie<'static> {
        let value = value(now, |expiry| self.mac(front, expiry));
        private_cookie(REQUEST_COOKIE, value, LIFETIME, urls.page(), secure)
    }

    /// Whether the browser brought this pass and it still holds.
    pub fn is_held(self, jar: &CookieJar, front: &FrontKeys, now: UnixMillis) -> bool {
        holds(jar, REQUEST_COOKIE, now, |expiry| self.mac(front, expiry))
    }

    fn mac(self, front: &FrontKeys, expiry: UnixMillis) -> MacBuilder {
        front
            .mac("cookie.withdrawal")
            .bytes(self.0.as_bytes())
            .u64(expiry.0)
    }
}

/// Who may read a copy of everything: whoever opened its link and held the wallet, or knew the code of the desk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CopyPass(pub LinkId);

impl CopyPass {
    /// The cookie to set.
    pub fn cookie(
        self,
        front: &FrontKeys,
        now: UnixMillis,
        urls: &LinkUrls,
        secure: bool,
    ) -> Cookie<'static> {
        let value = value(now, |expiry| self.mac(front, expiry));
        private_cookie(COPY_COOKIE, value, LIFETIME, urls.page(), secure)
    }

    /// Whether the browser brought this pass and it still holds.
    pub fn is_held(self, jar: &CookieJar, front: &FrontKeys, now: UnixMillis) -> bool {
        holds(jar, COPY_COOKIE, now, |expiry| self.mac(front, expiry))
    }

    fn mac(self, front: &FrontKeys, expiry: UnixMillis) -> MacBuilder {
        front
            .mac("cookie.copy")
            .bytes(self.0.as_bytes())
            .u64(expiry.0)
    }
}

/// `expiry ‖ MAC`, as hex.
fn value(now: UnixMillis, mac: impl FnOnce(UnixMillis) -> MacBuilder) -> String {
    let expiry = now.plus(LIFETIME);
    let mut value = expiry.0.to_be_bytes().to_vec();
    value.extend(mac(expiry).finish());
    hex::encode(value)
}

/// Whether the browser brought a cookie of this name with this MAC, and its time is not over.
fn holds(
    jar: &CookieJar,
    name: &str,
    now: UnixMillis,
    mac: impl FnOnce(UnixMillis) -> MacBuilder,
) -> bool {
    let brought = jar
        .get(name)
        .and_then(|cookie| hex::decode(cookie.value()).ok());
    let Some(value) = brought else {
        return false;
    };
    let Some((expiry, stored)) = value.split_first_chunk::<EXPIRY_LEN>() else {
        return false;
    };
    let expiry = UnixMillis(u64::from_be_bytes(*expiry));
    now < expiry && mac(expiry).verify(stored).is_ok()
}

/// A cookie that no script reads, no other site sends, and no other link gets.
pub fn private_cookie(
    name: &'static str,
    value: String,
    lifetime: Duration,
    path: &str,
    secure: bool,
) -> Cookie<'static> {
    let seconds = i64::try_from(lifetime.as_secs()).expect("lifetimes are hours");
    Cookie::build((name, value))
        .path(path.to_owned())
        .max_age(time::Duration::seconds(seconds))
        .http_only(true)
        .same_site(SameSite::Strict)
        .secure(secure)
        .build()
}

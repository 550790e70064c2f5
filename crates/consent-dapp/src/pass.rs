//! The cookie of an owner who has shown who they are: good for one link, one draft and one hour.

use std::time::Duration;

use axum_extra::extract::CookieJar;
use axum_extra::extract::cookie::{Cookie, SameSite};
use keyring::FrontKeys;
use record::ids::{Draft, LinkId};
use record::time::UnixMillis;

use crate::urls::LinkUrls;

/// How long the details, and after signing the receipt, stay open.
pub const LIFETIME: Duration = Duration::from_hours(1);

const COOKIE: &str = "consent";
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
        let expiry = now.plus(LIFETIME);
        let mut value = expiry.0.to_be_bytes().to_vec();
        value.extend(self.mac(front, expiry).finish());
        private_cookie(COOKIE, hex::encode(value), LIFETIME, urls, secure)
    }

    /// Whether the browser brought this pass and it still holds.
    pub fn is_held(self, jar: &CookieJar, front: &FrontKeys, now: UnixMillis) -> bool {
        let Some(value) = jar
            .get(COOKIE)
            .and_then(|cookie| hex::decode(cookie.value()).ok())
        else {
            return false;
        };
        let Some((expiry, mac)) = value.split_first_chunk::<EXPIRY_LEN>() else {
            return false;
        };
        let expiry = UnixMillis(u64::from_be_bytes(*expiry));
        now < expiry && self.mac(front, expiry).verify(mac).is_ok()
    }

    fn mac(self, front: &FrontKeys, expiry: UnixMillis) -> keyring::MacBuilder<'_> {
        front
            .mac("cookie.consent")
            .bytes(self.link.as_bytes())
            .u32(self.draft.get())
            .u64(expiry.0)
    }
}

/// A cookie that no script reads, no other site sends, and no other link gets.
pub fn private_cookie(
    name: &'static str,
    value: String,
    lifetime: Duration,
    urls: &LinkUrls,
    secure: bool,
) -> Cookie<'static> {
    let seconds = i64::try_from(lifetime.as_secs()).expect("lifetimes are hours");
    Cookie::build((name, value))
        .path(urls.page().to_owned())
        .max_age(time::Duration::seconds(seconds))
        .http_only(true)
        .same_site(SameSite::Strict)
        .secure(secure)
        .build()
}

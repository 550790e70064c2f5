//! The message by which a wallet shows who opens the link (EIP-4361), without a row for it.

use std::time::Duration;

use alloy_primitives::{Address, B256, eip191_hash_message};
use axum_extra::extract::CookieJar;
use axum_extra::extract::cookie::Cookie;
use keyring::FrontKeys;
use rand::CryptoRng;
use record::ids::LinkId;
use record::time::UnixMillis;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use url::Url;

use crate::pass::private_cookie;
use crate::urls::LinkUrls;

const LIFETIME: Duration = Duration::from_mins(5);
const COOKIE: &str = "challenge";
const TOKEN_LEN: usize = 16;

/// What a wallet is told about who asks.
#[derive(Clone, Copy, Debug)]
pub struct Asker<'a> {
    /// The address in the owner's browser: wallets warn when it is another.
    pub public_url: &'a Url,
    /// The chain of the records.
    pub chain_id: u64,
}

/// What one browser was asked to sign: the nonce is a keyed hash over all of it, so nothing has to be stored and nothing
/// can be moved to another link, browser, account or time.
pub struct Challenge {
    token: [u8; TOKEN_LEN],
    issued_at: UnixMillis,
}

impl Challenge {
    /// A fresh one. Whole seconds: the message names no smaller ones.
    pub fn new(now: UnixMillis, rng: &mut impl CryptoRng) -> Self {
        let mut token = [0; TOKEN_LEN];
        rng.fill_bytes(&mut token);
        Self {
            token,
            issued_at: UnixMillis::from_seconds(now.as_seconds()),
        }
    }

    /// The one this browser was asked, unless its time is over.
    pub fn from_cookie(jar: &CookieJar, now: UnixMillis) -> Option<Self> {
        let value = hex::decode(jar.get(COOKIE)?.value()).ok()?;
        let (issued_at, token) = value.split_first_chunk::<8>()?;
        let challenge = Self {
            token: token.try_into().ok()?,
            issued_at: UnixMillis(u64::from_be_bytes(*issued_at)),
        };
        (challenge.issued_at <= now && now < challenge.expires_at()).then_some(challenge)
    }

    /// The cookie that ties it to this browser.
    pub fn cookie(&self, urls: &LinkUrls, secure: bool) -> Cookie<'static> {
        let value = [&self.issued_at.0.to_be_bytes(), self.token.as_slice()].concat();
        private_cookie(COOKIE, hex::encode(value), LIFETIME, urls.page(), secure)
    }

    /// The text to sign. It names neither the link's secret nor anything about the owner.
    pub fn message(
        &self,
        front: &FrontKeys,
        link: LinkId,
        account: Address,
        asker: Asker<'_>,
    ) -> String {
        let origin = asker.public_url.origin().ascii_serialization();
        let domain = origin
            .split_once("://")
            .map_or(origin.as_str(), |(_, domain)| domain);
        format!(
            "{domain} wants you to sign in with your Ethereum account:\n{account}\n\n\
             Show that you hold the wallet registered for this link. This costs nothing and agrees to nothing.\n\n\
             URI: {origin}\nVersion: 1\nChain ID: {chain_id}\nNonce: {nonce}\nIssued At: {issued}\nExpiration Time: {expires}",
            chain_id = asker.chain_id,
            nonce = hex::encode(&self.nonce(front, link, account)[..16]),
            issued = rfc3339(self.issued_at),
            expires = rfc3339(self.expires_at()),
        )
    }

    fn expires_at(&self) -> UnixMillis {
        self.issued_at.plus(LIFETIME)
    }

    fn nonce(&self, front: &FrontKeys, link: LinkId, account: Address) -> [u8; 32] {
        let bound = [
            link.as_bytes(),
            self.token.as_slice(),
            account.as_slice(),
            &self.issued_at.0.to_be_bytes(),
        ]
        .concat();
        front.hash("cookie.challenge", &bound)
    }
}

/// What `personal_sign` signs.
pub fn personal_digest(message: &str) -> B256 {
    eip191_hash_message(message)
}

fn rfc3339(at: UnixMillis) -> String {
    let seconds = i64::try_from(at.as_seconds()).unwrap_or(i64::MAX);
    OffsetDateTime::from_unix_timestamp(seconds)
        .ok()
        .and_then(|time| time.format(&Rfc3339).ok())
        .expect("clocks tell times of this age")
}

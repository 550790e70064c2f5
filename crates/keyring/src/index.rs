//! The blind index: how a sealed value is found again.

use aws_lc_rs::hmac;

use crate::encoding::length;
use crate::secret::Secret;

/// Looks up sealed values by a keyed hash. It tells that two rows of one column hold the same value, and nothing else.
pub struct IndexKey(hmac::Key);

impl IndexKey {
    pub(crate) fn new(secret: &Secret) -> Self {
        Self(mac_key(&secret.derive("index/hash")))
    }

    /// The keyed hash of a value in `column` (`table.column`). The same value in two columns has two hashes.
    #[must_use]
    pub fn blind(&self, column: &str, value: &[u8]) -> [u8; 32] {
        keyed_hash(&self.0, "sealwatch/v1/index", column, value)
    }
}

/// HMAC-SHA256 with this secret.
pub(crate) fn mac_key(secret: &Secret) -> hmac::Key {
    hmac::Key::new(hmac::HMAC_SHA256, secret.bytes())
}

/// HMAC-SHA256 over purpose, name and value, each behind its length. The value is streamed, so no copy of it stays.
pub(crate) fn keyed_hash(key: &hmac::Key, purpose: &str, name: &str, value: &[u8]) -> [u8; 32] {
    let mut context = hmac::Context::with_key(key);
    for part in [purpose.as_bytes(), name.as_bytes(), value] {
        context.update(&length(part));
        context.update(part);
    }
    context
        .sign()
        .as_ref()
        .try_into()
        .expect("HMAC-SHA256 gives 32 bytes")
}

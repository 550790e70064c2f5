//! The secret of a link. That of a consent link opens one owner's key, so that consent-dapp can open nothing without it.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rand::CryptoRng;
use record::ids::{LinkId, RecordId};
use thiserror::Error;
use zeroize::Zeroizing;

use crate::aead::AesKey;
use crate::owner_key::OwnerKey;
use crate::secret::Secret;
use crate::wrap::{UnwrapError, WrapHeader, unwrap, wrap};

const PURPOSE: &[u8] = b"sealwatch/v1/link";

/// The text in a link's address is not a link's secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("this is not the secret of a link")]
pub struct NotALinkSecret;

/// 256 random bits that stand in a link's address and nowhere else: tables keep only a keyed hash.
pub struct LinkSecret(Secret);

impl LinkSecret {
    /// A fresh secret.
    pub fn generate(rng: &mut (impl CryptoRng + ?Sized)) -> Self {
        Self(Secret::random(rng))
    }

    /// Reads the secret from a link's address: 43 characters of base64url.
    pub fn from_url(text: &str) -> Result<Self, NotALinkSecret> {
        let mut bytes = Zeroizing::new([0; 33]);
        let length = URL_SAFE_NO_PAD
            .decode_slice(text, bytes.as_mut_slice())
            .map_err(|_| NotALinkSecret)?;
        Secret::from_slice(&bytes[..length])
            .map(Self)
            .ok_or(NotALinkSecret)
    }

    /// The secret as it stands in the link's address. Show it, mail it, never store or log it.
    #[must_use]
    pub fn to_url(&self) -> Zeroizing<String> {
        let mut text = Zeroizing::new(String::with_capacity(44));
        URL_SAFE_NO_PAD.encode_string(self.0.bytes(), &mut text);
        text
    }

    pub(crate) fn bytes(&self) -> &[u8; Secret::LEN] {
        self.0.bytes()
    }

    /// Wraps the owner key for the link's row.
    #[must_use]
    pub fn wrap(
        &self,
        owner: &OwnerKey,
        link: LinkId,
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> Vec<u8> {
        let header = WrapHeader::of(owner);
        wrap(
            &self.wrap_key(),
            PURPOSE,
            link.as_bytes(),
            header,
            &owner.secret,
            rng,
        )
    }

    /// Opens the owner key that the link's row holds.
    pub fn unwrap(
        &self,
        wrapped: &[u8],
        link: LinkId,
        record: RecordId,
    ) -> Result<OwnerKey, UnwrapError> {
        let owner = unwrap(&self.wrap_key(), PURPOSE, link.as_bytes(), wrapped)?;
        if owner.record_id != record {
            return Err(UnwrapError::Elsewhere {
                key_id: owner.key_id,
                record_id: owner.record_id,
            });
        }
        Ok(owner)
    }

    fn wrap_key(&self) -> AesKey {
        AesKey::new(&self.0.derive("link/wrap"))
    }
}

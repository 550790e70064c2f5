//! Thirty-two secret bytes that are wiped when dropped, and the keys derived from them.

use aws_lc_rs::hkdf;
use rand::CryptoRng;
use zeroize::{ZeroizeOnDrop, Zeroizing};

/// A key of 32 bytes. On the heap, so that moving the value leaves no copy behind; it has no Debug, no Display and no
/// Serialize on purpose.
#[derive(ZeroizeOnDrop)]
pub(crate) struct Secret(Box<[u8; Secret::LEN]>);

impl Secret {
    pub(crate) const LEN: usize = 32;

    pub(crate) fn random(rng: &mut (impl CryptoRng + ?Sized)) -> Self {
        let mut secret = Self(Box::new([0; Self::LEN]));
        rng.fill_bytes(secret.0.as_mut_slice());
        secret
    }

    /// `None` unless there are exactly 32 bytes.
    pub(crate) fn from_slice(bytes: &[u8]) -> Option<Self> {
        let mut secret = Self(Box::new([0; Self::LEN]));
        if bytes.len() != Self::LEN {
            return None;
        }
        secret.0.copy_from_slice(bytes);
        Some(secret)
    }

    /// `None` unless there are exactly 64 hexadecimal digits.
    pub(crate) fn from_hex(text: &str) -> Option<Self> {
        let mut secret = Self(Box::new([0; Self::LEN]));
        hex::decode_to_slice(text, secret.0.as_mut_slice()).ok()?;
        Some(secret)
    }

    pub(crate) fn to_hex(&self) -> Zeroizing<String> {
        Zeroizing::new(hex::encode(self.bytes()))
    }

    pub(crate) fn bytes(&self) -> &[u8; Self::LEN] {
        &self.0
    }

    /// HKDF-SHA256 with the salt `sealwatch/v1`; `info` names the use.
    pub(crate) fn derive(&self, info: &str) -> Self {
        let mut derived = Self(Box::new([0; Self::LEN]));
        hkdf::Salt::new(hkdf::HKDF_SHA256, b"sealwatch/v1")
            .extract(self.bytes())
            .expand(&[info.as_bytes()], hkdf::HKDF_SHA256)
            .and_then(|okm| okm.fill(derived.0.as_mut_slice()))
            .expect("HKDF-SHA256 gives 32 bytes");
        derived
    }
}

impl Clone for Secret {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

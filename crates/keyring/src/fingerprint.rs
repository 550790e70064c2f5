//! Telling whether bytes are the ones that a process has seen before, without keeping them.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use rand::CryptoRng;
use zeroize::Zeroizing;

/// What tells bytes from others. A secret of the process: it must reach nobody. Not longer than it has to be, since millions
/// of them are kept at a time.
pub type Fingerprint = [u8; LENGTH];

/// The shortest that NIST SP 800-38D approves without conditions.
const LENGTH: usize = 12;

/// A key that lives and ends with a process.
///
/// A fingerprint is the GMAC (NIST SP 800-38D) under one nonce for all. That hides nothing and would give the key away to who sees
/// fingerprints; as long as nobody does, two different texts of n blocks of 16 bytes agree with a chance of n in 2^96, whoever
/// chose them.
pub struct FingerprintKey(LessSafeKey);

impl FingerprintKey {
    /// A new one.
    pub fn random(rng: &mut (impl CryptoRng + ?Sized)) -> Self {
        let mut bytes = Zeroizing::new([0; 32]);
        rng.fill_bytes(bytes.as_mut());
        let key = UnboundKey::new(&AES_256_GCM, bytes.as_ref()).expect("AES-256 takes 32 bytes");
        Self(LessSafeKey::new(key))
    }

    /// The fingerprint of these bytes.
    #[must_use]
    pub fn of(&self, bytes: &[u8]) -> Fingerprint {
        let nonce = Nonce::assume_unique_for_key([0; 12]);
        let tag = self
            .0
            .seal_in_place_separate_tag(nonce, Aad::from(bytes), &mut [])
            .expect("AES-GCM authenticates whatever fits in memory");
        let mut fingerprint = Fingerprint::default();
        fingerprint.copy_from_slice(&tag.as_ref()[..LENGTH]);
        fingerprint
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failed test may panic")]
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_change_of_any_byte_gives_another(
            bytes in proptest::collection::vec(any::<u8>(), 1..5000),
            at: prop::sample::Index,
            mask in 1..=u8::MAX,
        ) {
            let key = FingerprintKey::random(&mut rand::rng());
            let mut changed = bytes.clone();
            *changed.get_mut(at.index(bytes.len())).unwrap() ^= mask;
            prop_assert_eq!(key.of(&bytes), key.of(&bytes));
            prop_assert_ne!(key.of(&bytes), key.of(&changed));
            prop_assert_ne!(key.of(&bytes), key.of(&bytes[1..]));
            prop_assert_ne!(key.of(&bytes), key.of(&[bytes.as_slice(), &[0]].concat()));
            prop_assert_ne!(key.of(&bytes), FingerprintKey::random(&mut rand::rng()).of(&bytes));
        }
    }
}

//! AES-256-GCM as every sealed thing here uses it: `nonce (12) ‖ ciphertext ‖ tag (16)`, nonces drawn at random.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use rand::CryptoRng;
use zeroize::Zeroizing;

use crate::secret::Secret;

const NONCE_LEN: usize = 12;
const TAG_LEN: usize = 16;

/// What sealing adds to the length of a value.
pub(crate) const OVERHEAD: usize = NONCE_LEN + TAG_LEN;

/// A key whose AES schedule is set up once; AWS-LC wipes it when it is freed.
pub(crate) struct AesKey(LessSafeKey);

impl AesKey {
    pub(crate) fn new(secret: &Secret) -> Self {
        let key = UnboundKey::new(&AES_256_GCM, secret.bytes()).expect("AES-256 takes 32 bytes");
        Self(LessSafeKey::new(key))
    }

    /// Seals the joined `parts`.
    pub(crate) fn seal(
        &self,
        aad: &[u8],
        parts: &[&[u8]],
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> Vec<u8> {
        let mut nonce = [0; NONCE_LEN];
        rng.fill_bytes(&mut nonce);
        let length = parts.iter().map(|part| part.len()).sum::<usize>();
        // Large enough from the start: growing would leave the plain bytes behind in a freed buffer.
        let mut sealed = Vec::with_capacity(length + OVERHEAD);
        sealed.extend_from_slice(&nonce);
        for part in parts {
            sealed.extend_from_slice(part);
        }
        let tag = self
            .0
            .seal_in_place_separate_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(aad),
                &mut sealed[NONCE_LEN..],
            )
            .expect("AES-GCM seals whatever fits in memory");
        sealed.extend_from_slice(tag.as_ref());
        sealed
    }

    /// `None` when the bytes were not sealed by this key with this `aad`.
    pub(crate) fn open(&self, aad: &[u8], sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let (nonce, rest) = sealed.split_at_checked(NONCE_LEN)?;
        let (ciphertext, tag) = rest.split_at_checked(rest.len().checked_sub(TAG_LEN)?)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let mut plain = Zeroizing::new(vec![0; ciphertext.len()]);
        self.0
            .open_separate_gather(nonce, Aad::from(aad), ciphertext, tag, &mut plain)
            .ok()?;
        Some(plain)
    }
}

//! A value sealed under one version of a key: `u8 format ‖ u32 key version ‖ seal(key, AAD, value)`.

use rand::CryptoRng;
use zeroize::Zeroizing;

use crate::aead::AesKey;
use crate::encoding::{Reader, put_bytes};
use crate::ring::SealedError;

const FORMAT: u8 = 1;

/// What a sealed value is bound to: the purpose of its key, the use (`table.column`) and the row.
pub(crate) struct Bound<'a> {
    pub(crate) purpose: &'a [u8],
    pub(crate) context: &'a str,
    pub(crate) aad: &'a [u8],
}

impl Bound<'_> {
    pub(crate) fn seal(
        &self,
        (version, key): (u32, &AesKey),
        value: &[u8],
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> Vec<u8> {
        let mut sealed = vec![FORMAT];
        sealed.extend_from_slice(&version.to_be_bytes());
        let aad = self.associated_data(&sealed);
        sealed.extend_from_slice(&key.seal(&aad, &[value], rng));
        sealed
    }

    /// Opens what was sealed for the same, by the key that `key_of` gives of its version.
    pub(crate) fn open<'k>(
        &self,
        sealed: &[u8],
        key_of: impl FnOnce(u32) -> Option<&'k AesKey>,
    ) -> Result<Zeroizing<Vec<u8>>, SealedError> {
        let mut reader = Reader(sealed);
        if reader.u8() != Some(FORMAT) {
            return Err(SealedError::Malformed);
        }
        let version = reader.u32().ok_or(SealedError::Malformed)?;
        let key = key_of(version).ok_or(SealedError::UnknownKey(version))?;
        let header = &sealed[..sealed.len() - reader.0.len()];
        key.open(&self.associated_data(header), reader.0)
            .ok_or(SealedError::Broken)
    }

    fn associated_data(&self, header: &[u8]) -> Vec<u8> {
        let mut data = Vec::with_capacity(64 + self.aad.len());
        for part in [self.purpose, header, self.context.as_bytes(), self.aad] {
            put_bytes(&mut data, part);
        }
        data
    }
}

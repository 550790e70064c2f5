//! The master key: it wraps the application keys in their file and does nothing else.

use std::path::Path;

use rand::CryptoRng;
use zeroize::Zeroizing;

use crate::aead::AesKey;
use crate::encoding::put_bytes;
use crate::key_file::{KeyFileError, KeyFileProblem, read_secret_file};
use crate::secret::Secret;

const PURPOSE: &[u8] = b"sealwatch/v1/master";

/// The key above all others. Losing it destroys all data.
pub struct MasterKey {
    secret: Secret,
    wrap: AesKey,
}

impl MasterKey {
    pub(crate) fn new(secret: Secret) -> Self {
        let wrap = AesKey::new(&secret.derive("master/wrap"));
        Self { secret, wrap }
    }

    pub(crate) fn generate(rng: &mut (impl CryptoRng + ?Sized)) -> Self {
        Self::new(Secret::random(rng))
    }

    /// Loads `master.key`: 64 hexadecimal digits in a file that only its owner may read.
    pub fn load(path: &Path) -> Result<Self, KeyFileError> {
        let contents = read_secret_file(path)?;
        Self::from_hex(contents.trim_end()).ok_or_else(|| {
            KeyFileProblem::Malformed("expected 64 hexadecimal digits".to_owned()).at(path)
        })
    }

    pub(crate) fn from_hex(text: &str) -> Option<Self> {
        Secret::from_hex(text).map(Self::new)
    }

    pub(crate) fn to_hex(&self) -> Zeroizing<String> {
        self.secret.to_hex()
    }

    /// A value that tells whether a key file was made with this master key.
    pub(crate) fn check(&self) -> String {
        hex::encode(self.secret.derive("master/check").bytes())
    }

    /// Wraps a key for `purpose`; the result is hexadecimal.
    pub(crate) fn wrap(
        &self,
        purpose: &str,
        version: u32,
        secret: &Secret,
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> String {
        let aad = associated_data(purpose, version);
        hex::encode(self.wrap.seal(&aad, &[secret.bytes()], rng))
    }

    pub(crate) fn unwrap(&self, purpose: &str, version: u32, wrapped: &str) -> Option<Secret> {
        let sealed = hex::decode(wrapped).ok()?;
        let secret = self
            .wrap
            .open(&associated_data(purpose, version), &sealed)?;
        Secret::from_slice(&secret)
    }
}

fn associated_data(purpose: &str, version: u32) -> Vec<u8> {
    let mut data = PURPOSE.to_vec();
    put_bytes(&mut data, purpose.as_bytes());
    data.extend_from_slice(&version.to_be_bytes());
    data
}

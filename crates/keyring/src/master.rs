//! The master key: it wraps the application keys in their file and does nothing else. It stands in a file, or lives in a PKCS#11
//! token and the file says where.

use std::path::Path;

use rand::CryptoRng;
use zeroize::Zeroizing;

use crate::aead::AesKey;
use crate::encoding::put_bytes;
use crate::key_file::{KeyFileError, KeyFileProblem, read_secret_file};
use crate::secret::Secret;
use crate::token::{SCHEME, TokenKey, TokenProblem, TokenUri};

const PURPOSE: &[u8] = b"sealwatch/v1/master";
const CHECK: &str = "check";
const CHECK_VALUE: &[u8] = b"sealwatch master check";
/// What has no versions is wrapped as this one.
pub(crate) const UNVERSIONED: u32 = 0;

/// The key above all others. Losing it destroys all data.
pub struct MasterKey(Held);

enum Held {
    Here { secret: Secret, wrap: AesKey },
    InToken(Box<TokenKey>),
}

impl MasterKey {
    pub(crate) fn new(secret: Secret) -> Self {
        let wrap = AesKey::new(&secret.derive("master/wrap"));
        Self(Held::Here { secret, wrap })
    }

    pub(crate) fn generate(rng: &mut (impl CryptoRng + ?Sized)) -> Self {
        Self::new(Secret::random(rng))
    }

    /// Makes one in a token. Where `is_first`, only if the token holds none of this name.
    pub(crate) fn generate_in(uri: TokenUri, is_first: bool) -> Result<Self, TokenProblem> {
        let key = TokenKey::generate(uri, is_first)?;
        Ok(Self(Held::InToken(Box::new(key))))
    }

    /// Loads `master.key`, which only its owner may read: 64 hexadecimal digits, or the `pkcs11:` address of a key in a token,
    /// which is opened then.
    pub fn load(path: &Path) -> Result<Self, KeyFileError> {
        let contents = read_secret_file(path)?;
        Self::read(contents.trim_end()).map_err(|problem| problem.at(path))
    }

    fn read(text: &str) -> Result<Self, KeyFileProblem> {
        if text.starts_with(SCHEME) {
            let uri: TokenUri = text.parse().map_err(KeyFileProblem::Uri)?;
            return Ok(Self(Held::InToken(Box::new(TokenKey::open(uri)?))));
        }
        Self::from_hex(text).ok_or_else(|| {
            let expected = "expected 64 hexadecimal digits, or a pkcs11: address";
            KeyFileProblem::Malformed(expected.to_owned())
        })
    }

    pub(crate) fn from_hex(text: &str) -> Option<Self> {
        Secret::from_hex(text).map(Self::new)
    }

    /// None where the key can't leave its token.
    pub(crate) fn to_hex(&self) -> Option<Zeroizing<String>> {
        match &self.0 {
            Held::Here { secret, .. } => Some(secret.to_hex()),
            Held::InToken(_) => None,
        }
    }

    /// The token that it lives in.
    pub(crate) fn token(&self) -> Option<&TokenKey> {
        match &self.0 {
            Held::Here { .. } => None,
            Held::InToken(key) => Some(key),
        }
    }

    pub(crate) fn into_token(self) -> Option<TokenKey> {
        match self.0 {
            Held::Here { .. } => None,
            Held::InToken(key) => Some(*key),
        }
    }

    /// What `master.key` holds.
    pub(crate) fn file(&self) -> Zeroizing<String> {
        let line = match &self.0 {
            Held::Here { secret, .. } => secret.to_hex(),
            Held::InToken(key) => Zeroizing::new(key.uri().to_string()),
        };
        let mut contents = Zeroizing::new(String::with_capacity(line.len() + 1));
        contents.push_str(&line);
        contents.push('\n');
        contents
    }

    /// A value that tells whether a key file was made with this master key.
    pub(crate) fn check(
        &self,
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> Result<String, TokenProblem> {
        Ok(match &self.0 {
            Held::Here { secret, .. } => hex::encode(secret.derive("master/check").bytes()),
            Held::InToken(key) => {
                let aad = associated_data(CHECK, UNVERSIONED);
                hex::encode(key.seal(&aad, CHECK_VALUE, rng)?)
            }
        })
    }

    /// Whether this value is of this master key. Of several keys in a token, that one is used from here on.
    pub(crate) fn made(&self, check: &str) -> Result<bool, TokenProblem> {
        let Ok(bytes) = hex::decode(check) else {
            return Ok(false);
        };
        Ok(match &self.0 {
            Held::Here { secret, .. } => bytes == secret.derive("master/check").bytes(),
            Held::InToken(key) => {
                let aad = associated_data(CHECK, UNVERSIONED);
                key.choose(&aad, &bytes, |plain| plain == CHECK_VALUE)?
            }
        })
    }

    /// Wraps a key for `purpose`; the result is hexadecimal.
    pub(crate) fn wrap(
        &self,
        purpose: &str,
        version: u32,
        secret: &Secret,
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> Result<String, TokenProblem> {
        let aad = associated_data(purpose, version);
        Ok(hex::encode(match &self.0 {
            Held::Here { wrap, .. } => wrap.seal(&aad, &[secret.bytes()], rng),
            Held::InToken(key) => key.seal(&aad, secret.bytes(), rng)?,
        }))
    }

    pub(crate) fn unwrap(
        &self,
        purpose: &str,
        version: u32,
        wrapped: &str,
    ) -> Result<Option<Secret>, TokenProblem> {
        let Ok(sealed) = hex::decode(wrapped) else {
            return Ok(None);
        };
        let aad = associated_data(purpose, version);
        let plain = match &self.0 {
            Held::Here { wrap, .. } => wrap.open(&aad, &sealed),
            Held::InToken(key) => key.open_sealed(&aad, &sealed)?,
        };
        Ok(plain.and_then(|plain| Secret::from_slice(&plain)))
    }
}

fn associated_data(purpose: &str, version: u32) -> Vec<u8> {
    let mut data = PURPOSE.to_vec();
    put_bytes(&mut data, purpose.as_bytes());
    data.extend_from_slice(&version.to_be_bytes());
    data
}

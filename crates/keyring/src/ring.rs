//! The versions of one key. New things are sealed and signed under the current version, old ones open under theirs.

use std::collections::BTreeMap;

use aws_lc_rs::hmac;
use rand::CryptoRng;
use thiserror::Error;
use zeroize::Zeroizing;

use crate::aead::AesKey;
use crate::encoding::{Reader, put_bytes};
use crate::index::mac_key;
use crate::row_mac::MacBuilder;
use crate::secret::Secret;

const FORMAT: u8 = 1;
const PURPOSE: &[u8] = b"sealwatch/v1/sealed";
const CHECK_CONTEXT: &str = "key_checks.cell";
const CHECK_VALUE: &[u8] = b"sealwatch key check";

/// Why a value sealed under an application or front key did not open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum SealedError {
    /// Not a sealed value.
    #[error("the sealed value is malformed")]
    Malformed,
    /// It names a key that is not in the key file.
    #[error("the value is sealed under key version {0}, which is not in the key file")]
    UnknownKey(u32),
    /// It was altered, or sealed for another place.
    #[error("the sealed value does not open")]
    Broken,
}

/// The keys in the file are not the ones the database was written with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum KeyCheckError {
    /// The file has no key of this version.
    #[error("key version {0} is not in the key file")]
    Absent(u32),
    /// The file's key of this version does not open the known value.
    #[error("key version {0} is not the one the database was set up with")]
    Wrong(u32),
}

/// One version of a key with the keys derived from it.
pub(crate) struct RingKey {
    pub(crate) version: u32,
    pub(crate) secret: Secret,
    pub(crate) mac: hmac::Key,
    seal: AesKey,
}

impl RingKey {
    fn new(version: u32, secret: Secret) -> Self {
        Self {
            version,
            mac: mac_key(&secret.derive("mac")),
            seal: AesKey::new(&secret.derive("seal")),
            secret,
        }
    }
}

pub(crate) struct KeyRing {
    current: u32,
    keys: BTreeMap<u32, RingKey>,
}

impl KeyRing {
    /// `None` when the current version is not among the keys.
    pub(crate) fn new(current: u32, secrets: BTreeMap<u32, Secret>) -> Option<Self> {
        let keys: BTreeMap<_, _> = secrets
            .into_iter()
            .map(|(version, secret)| (version, RingKey::new(version, secret)))
            .collect();
        keys.contains_key(&current)
            .then_some(Self { current, keys })
    }

    pub(crate) fn current(&self) -> &RingKey {
        &self.keys[&self.current]
    }

    pub(crate) fn get(&self, version: u32) -> Option<&RingKey> {
        self.keys.get(&version)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &RingKey> {
        self.keys.values()
    }

    pub(crate) fn mac(&self, table: &str) -> MacBuilder<'_> {
        MacBuilder::new(self, table)
    }

    pub(crate) fn seal(
        &self,
        context: &str,
        aad: &[u8],
        value: &[u8],
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> Vec<u8> {
        Self::seal_with(self.current(), context, aad, value, rng)
    }

    fn seal_with(
        key: &RingKey,
        context: &str,
        aad: &[u8],
        value: &[u8],
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> Vec<u8> {
        let mut sealed = vec![FORMAT];
        sealed.extend_from_slice(&key.version.to_be_bytes());
        let aad = associated_data(&sealed, context, aad);
        sealed.extend_from_slice(&key.seal.seal(&aad, &[value], rng));
        sealed
    }

    pub(crate) fn open(
        &self,
        context: &str,
        aad: &[u8],
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, SealedError> {
        let mut reader = Reader(sealed);
        if reader.u8() != Some(FORMAT) {
            return Err(SealedError::Malformed);
        }
        let version = reader.u32().ok_or(SealedError::Malformed)?;
        let key = self.get(version).ok_or(SealedError::UnknownKey(version))?;
        let header = &sealed[..sealed.len() - reader.0.len()];
        key.seal
            .open(&associated_data(header, context, aad), reader.0)
            .ok_or(SealedError::Broken)
    }

    /// A known value sealed under each version.
    pub(crate) fn check_cells(&self, rng: &mut (impl CryptoRng + ?Sized)) -> Vec<(u32, Vec<u8>)> {
        let mut cell = |key: &RingKey| {
            let aad = key.version.to_be_bytes();
            Self::seal_with(key, CHECK_CONTEXT, &aad, CHECK_VALUE, rng)
        };
        self.iter().map(|key| (key.version, cell(key))).collect()
    }

    pub(crate) fn verify_check_cell(&self, version: u32, cell: &[u8]) -> Result<(), KeyCheckError> {
        if self.get(version).is_none() {
            return Err(KeyCheckError::Absent(version));
        }
        match self.open(CHECK_CONTEXT, &version.to_be_bytes(), cell) {
            Ok(value) if value.as_slice() == CHECK_VALUE => Ok(()),
            _ => Err(KeyCheckError::Wrong(version)),
        }
    }
}

fn associated_data(header: &[u8], context: &str, aad: &[u8]) -> Vec<u8> {
    let mut data = Vec::with_capacity(64 + aad.len());
    for part in [PURPOSE, header, context.as_bytes(), aad] {
        put_bytes(&mut data, part);
    }
    data
}

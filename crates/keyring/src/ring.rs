//! The versions of one key. New things are sealed and signed under the current version, old ones open under theirs.

use std::collections::BTreeMap;

use aws_lc_rs::hmac;
use rand::CryptoRng;
use thiserror::Error;
use zeroize::Zeroizing;

use crate::aead::AesKey;
use crate::index::mac_key;
use crate::secret::Secret;
use crate::value::Bound;

const PURPOSE: &[u8] = b"sealwatch/v1/sealed";
const CHECK_CONTEXT: &str = "key_checks.cell";
const CHECK_VALUE: &[u8] = b"sealwatch key check";
const RETIRED_CONTEXT: &str = "key_checks.retired";
const RETIRED_VALUE: &[u8] = b"sealwatch key retired";

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

/// What is kept of one version of a key.
#[derive(Clone)]
pub(crate) enum Kept {
    /// The key itself, from which all others are derived.
    Whole(Secret),
    /// What opens and checks what it sealed and signed. The key is destroyed, and with it whatever else is derived from it.
    Reduced { seal: Secret, mac: Secret },
}

impl Kept {
    pub(crate) fn seal(&self) -> Secret {
        match self {
            Self::Whole(secret) => secret.derive("seal"),
            Self::Reduced { seal, .. } => seal.clone(),
        }
    }

    pub(crate) fn mac(&self) -> Secret {
        match self {
            Self::Whole(secret) => secret.derive("mac"),
            Self::Reduced { mac, .. } => mac.clone(),
        }
    }

    /// The key itself, unless it is destroyed.
    pub(crate) fn whole(&self) -> Option<&Secret> {
        match self {
            Self::Whole(secret) => Some(secret),
            Self::Reduced { .. } => None,
        }
    }

    /// What stays of it.
    pub(crate) fn reduced(&self) -> Self {
        Self::Reduced {
            seal: self.seal(),
            mac: self.mac(),
        }
    }

    /// Whether both open and check the same.
    fn agrees_with(&self, other: &Self) -> bool {
        self.seal().bytes() == other.seal().bytes() && self.mac().bytes() == other.mac().bytes()
    }
}

/// One version of a key with the keys derived from it.
pub(crate) struct RingKey {
    pub(crate) version: u32,
    pub(crate) kept: Kept,
    pub(crate) mac: hmac::Key,
    seal: AesKey,
}

impl RingKey {
    fn new(version: u32, kept: Kept) -> Self {
        Self {
            version,
            mac: mac_key(&kept.mac()),
            seal: AesKey::new(&kept.seal()),
            kept,
        }
    }
}

pub(crate) struct KeyRing {
    current: u32,
    keys: BTreeMap<u32, RingKey>,
}

impl KeyRing {
    /// `None` when the current version is not among the keys, or destroyed.
    pub(crate) fn new(current: u32, kept: BTreeMap<u32, Kept>) -> Option<Self> {
        let keys: BTreeMap<_, _> = kept
            .into_iter()
            .map(|(version, kept)| (version, RingKey::new(version, kept)))
            .collect();
        let is_whole = |key: &RingKey| key.kept.whole().is_some();
        keys.get(&current)
            .is_some_and(is_whole)
            .then_some(Self { current, keys })
    }

    /// What it is made of, to make another one.
    pub(crate) fn parts(&self) -> (u32, BTreeMap<u32, Kept>) {
        let kept = self.iter().map(|key| (key.version, key.kept.clone()));
        (self.current, kept.collect())
    }

    /// Whether this ring opens and checks whatever the other one does.
    pub(crate) fn covers(&self, other: &Self) -> bool {
        let is_here = |key: &RingKey| {
            self.get(key.version)
                .is_some_and(|ours| ours.kept.agrees_with(&key.kept))
        };
        other.iter().all(is_here)
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
        bound(context, aad).seal((key.version, &key.seal), value, rng)
    }

    pub(crate) fn open(
        &self,
        context: &str,
        aad: &[u8],
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, SealedError> {
        bound(context, aad).open(sealed, |version| Some(&self.get(version)?.seal))
    }

    /// A known value sealed under each version.
    pub(crate) fn check_cells(&self, rng: &mut (impl CryptoRng + ?Sized)) -> Vec<(u32, Vec<u8>)> {
        let mut cell = |key: &RingKey| {
            let aad = key.version.to_be_bytes();
            Self::seal_with(key, CHECK_CONTEXT, &aad, CHECK_VALUE, rng)
        };
        self.iter().map(|key| (key.version, cell(key))).collect()
    }

    /// The statement that this version is to wrap nothing any more, sealed under itself: whoever holds no newer one reads it as
    /// well. None where there is no such version.
    pub(crate) fn retired_cell(
        &self,
        version: u32,
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> Option<Vec<u8>> {
        let aad = version.to_be_bytes();
        Some(Self::seal_with(
            self.get(version)?,
            RETIRED_CONTEXT,
            &aad,
            RETIRED_VALUE,
            rng,
        ))
    }

    pub(crate) fn is_retired_by(&self, version: u32, cell: &[u8]) -> bool {
        self.open(RETIRED_CONTEXT, &version.to_be_bytes(), cell)
            .is_ok_and(|value| value.as_slice() == RETIRED_VALUE)
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

const fn bound<'a>(context: &'a str, aad: &'a [u8]) -> Bound<'a> {
    Bound {
        purpose: PURPOSE,
        context,
        aad,
    }
}

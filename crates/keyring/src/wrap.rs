//! An owner key wrapped: by an application key in the tables, by a link's secret for the owner who opens the link.

use rand::CryptoRng;
use record::ids::{KeyId, RecordId};
use thiserror::Error;

use crate::aead::AesKey;
use crate::encoding::Reader;
use crate::owner_key::OwnerKey;
use crate::secret::Secret;

const FORMAT: u8 = 1;

/// Why a wrapped owner key did not unwrap.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum UnwrapError {
    /// Not a wrapped key.
    #[error("the wrapped owner key is malformed")]
    Malformed,
    /// It names an application key that is not in the key file.
    #[error(
        "the owner key is wrapped under application key version {0}, which is not in the key file"
    )]
    UnknownKey(u32),
    /// A genuine wrapped key of another row.
    #[error("the wrapped owner key belongs to another row")]
    Elsewhere {
        /// The key's own id.
        key_id: KeyId,
        /// The record it belongs to.
        record_id: RecordId,
    },
    /// It was altered.
    #[error("the wrapped owner key does not open")]
    Broken,
}

/// A row of wrapped owner keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrappedOwnerKey {
    /// The key's id.
    pub key_id: KeyId,
    /// The record it belongs to.
    pub record_id: RecordId,
    /// The version of the application key that wraps it.
    pub app_key_version: u32,
    /// The wrapped key (docs/SEALING.md).
    pub bytes: Vec<u8>,
}

/// What stands in front of every wrapped owner key, authenticated with it.
#[derive(Clone, Copy)]
pub(crate) struct WrapHeader {
    pub(crate) app_key_version: u32,
    pub(crate) key_id: KeyId,
    pub(crate) record_id: RecordId,
}

impl WrapHeader {
    pub(crate) const fn of(owner: &OwnerKey) -> Self {
        Self {
            app_key_version: owner.app_key_version,
            key_id: owner.key_id,
            record_id: owner.record_id,
        }
    }

    fn write(self) -> Vec<u8> {
        let mut out = Vec::with_capacity(128);
        out.push(FORMAT);
        out.extend_from_slice(&self.app_key_version.to_be_bytes());
        out.extend_from_slice(self.key_id.as_bytes());
        out.extend_from_slice(self.record_id.as_bytes());
        out
    }

    /// The header and the sealed rest.
    pub(crate) fn split(wrapped: &[u8]) -> Option<(Self, &[u8])> {
        let mut reader = Reader(wrapped);
        if reader.u8()? != FORMAT {
            return None;
        }
        let header = Self {
            app_key_version: reader.u32()?,
            key_id: KeyId::from_bytes(reader.array()?),
            record_id: RecordId::from_bytes(reader.array()?),
        };
        Some((header, reader.0))
    }
}

/// `header ‖ nonce ‖ AES-256-GCM(key, owner key, AAD = purpose ‖ header ‖ bound)`.
pub(crate) fn wrap(
    key: &AesKey,
    purpose: &[u8],
    bound: &[u8],
    header: WrapHeader,
    secret: &Secret,
    rng: &mut (impl CryptoRng + ?Sized),
) -> Vec<u8> {
    let mut wrapped = header.write();
    let aad = [purpose, &wrapped, bound].concat();
    wrapped.extend_from_slice(&key.seal(&aad, &[secret.bytes()], rng));
    wrapped
}

pub(crate) fn unwrap(
    key: &AesKey,
    purpose: &[u8],
    bound: &[u8],
    wrapped: &[u8],
) -> Result<OwnerKey, UnwrapError> {
    let (header, sealed) = WrapHeader::split(wrapped).ok_or(UnwrapError::Malformed)?;
    let aad = [purpose, &header.write(), bound].concat();
    let secret = key.open(&aad, sealed).ok_or(UnwrapError::Broken)?;
    let secret = Secret::from_slice(&secret).ok_or(UnwrapError::Malformed)?;
    Ok(OwnerKey::new(
        header.key_id,
        header.record_id,
        header.app_key_version,
        secret,
    ))
}

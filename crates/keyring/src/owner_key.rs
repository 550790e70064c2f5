//! The data key of one owner: it seals and opens the cells of that owner's record.

use rand::CryptoRng;
use record::ids::{KeyId, RecordId};
use thiserror::Error;
use zeroize::Zeroizing;

use crate::aead::AesKey;
use crate::cell::{Header, HeaderRef, Place};
use crate::secret::Secret;

const SALT_LEN: usize = 32;

/// Why a cell did not open at the place where it was found.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum OpenError {
    /// Not a cell.
    #[error("the cell is malformed")]
    Malformed,
    /// A genuine cell of this owner key that belongs to another place: another field, version, draft or record.
    #[error("the cell belongs elsewhere")]
    Elsewhere(Header),
    /// The cell says that another owner key sealed it. Open it with that key to know whether this is true.
    #[error("the cell was sealed by another owner key")]
    OtherKey(Header),
    /// The cell was altered.
    #[error("the cell does not open")]
    Broken,
}

/// What a cell held.
pub struct Opened {
    /// The field's salt (zero for cells that no proof covers is fine: it is whatever was sealed).
    pub salt: [u8; SALT_LEN],
    /// The value.
    pub value: Zeroizing<Vec<u8>>,
}

impl Opened {
    /// The value as text; `None` when it is not UTF-8.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        str::from_utf8(&self.value).ok()
    }
}

impl Drop for Opened {
    fn drop(&mut self) {
        zeroize::Zeroize::zeroize(&mut self.salt);
    }
}

/// The data key of one owner, with its AES schedule set up once for all the cells of the record.
pub struct OwnerKey {
    pub(crate) key_id: KeyId,
    pub(crate) record_id: RecordId,
    pub(crate) app_key_version: u32,
    pub(crate) secret: Secret,
    aes: AesKey,
}

impl OwnerKey {
    pub(crate) fn new(
        key_id: KeyId,
        record_id: RecordId,
        app_key_version: u32,
        secret: Secret,
    ) -> Self {
        Self {
            key_id,
            record_id,
            app_key_version,
            aes: AesKey::new(&secret),
            secret,
        }
    }

    /// The key's id.
    #[must_use]
    pub const fn key_id(&self) -> KeyId {
        self.key_id
    }

    /// The record it belongs to.
    #[must_use]
    pub const fn record_id(&self) -> RecordId {
        self.record_id
    }

    /// The version of the application key that wraps it.
    #[must_use]
    pub const fn app_key_version(&self) -> u32 {
        self.app_key_version
    }

    /// Seals a value for its place.
    #[must_use]
    pub fn seal(
        &self,
        place: &Place<'_>,
        salt: &[u8; SALT_LEN],
        value: &[u8],
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> Vec<u8> {
        let header = HeaderRef {
            app_key_version: self.app_key_version,
            key_id: self.key_id,
            record_id: self.record_id,
            place: *place,
        };
        let mut cell = header.write();
        let sealed = self.aes.seal(&cell, &[salt, value], rng);
        cell.extend_from_slice(&sealed);
        cell
    }

    /// Opens the cell found at `place`. A cell that was moved still opens under its own header, and so is named.
    pub fn open(&self, cell: &[u8], place: &Place<'_>) -> Result<Opened, OpenError> {
        let (header, bytes, sealed) = HeaderRef::split(cell).ok_or(OpenError::Malformed)?;
        if header.key_id != self.key_id {
            return Err(OpenError::OtherKey(header.to_owned()));
        }
        let mut value = self.aes.open(bytes, sealed).ok_or(OpenError::Broken)?;
        if header.record_id != self.record_id || header.place != *place {
            return Err(OpenError::Elsewhere(header.to_owned()));
        }
        let salt = *value
            .first_chunk::<SALT_LEN>()
            .ok_or(OpenError::Malformed)?;
        value.copy_within(SALT_LEN.., 0);
        let length = value.len() - SALT_LEN;
        value.truncate(length);
        Ok(Opened { salt, value })
    }
}

//! MACs on rows that grant access or move work: a row planted or altered by SQL is told at once.

use std::sync::Arc;

use aws_lc_rs::hmac;
use thiserror::Error;

use crate::encoding::{Reader, put_bytes};
use crate::ring::KeyRing;

const PURPOSE: &[u8] = b"sealwatch/v1/row";
const NULL: u8 = 0;
const BYTES: u8 = 1;
const NUMBER: u8 = 2;

/// Why a row's MAC was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum MacError {
    /// The column does not hold a MAC.
    #[error("the row's MAC is malformed")]
    Malformed,
    /// The MAC names a key that is not in the key file.
    #[error("the row's MAC names key version {0}, which is not in the key file")]
    UnknownKey(u32),
    /// The row is not the one that was written.
    #[error("the row does not match its MAC")]
    Mismatch,
}

/// Gathers the columns of one row, in a fixed order, and signs or verifies them.
///
/// Each column is written with its kind and length, so that no two rows share an encoding.
#[must_use]
pub struct MacBuilder {
    ring: Arc<KeyRing>,
    message: Vec<u8>,
}

impl MacBuilder {
    pub(crate) fn new(ring: Arc<KeyRing>, table: &str) -> Self {
        let mut message = Vec::with_capacity(256);
        put_bytes(&mut message, PURPOSE);
        put_bytes(&mut message, table.as_bytes());
        Self { ring, message }
    }

    /// A column of bytes; fixed-size ids too.
    pub fn bytes(mut self, value: &[u8]) -> Self {
        self.message.push(BYTES);
        put_bytes(&mut self.message, value);
        self
    }

    /// A column of text.
    pub fn text(self, value: &str) -> Self {
        self.bytes(value.as_bytes())
    }

    /// A column with a number of any width.
    pub fn u64(mut self, value: u64) -> Self {
        self.message.push(NUMBER);
        self.message.extend_from_slice(&value.to_be_bytes());
        self
    }

    /// A column with a number of 32 bits; the same encoding as [`Self::u64`].
    pub fn u32(self, value: u32) -> Self {
        self.u64(value.into())
    }

    /// A column of bytes that may be NULL, which differs from empty.
    pub fn opt_bytes(self, value: Option<&[u8]>) -> Self {
        match value {
            Some(value) => self.bytes(value),
            None => self.null(),
        }
    }

    /// A column of text that may be NULL.
    pub fn opt_text(self, value: Option<&str>) -> Self {
        self.opt_bytes(value.map(str::as_bytes))
    }

    /// A column with a number that may be NULL, which differs from zero.
    pub fn opt_u64(self, value: Option<u64>) -> Self {
        match value {
            Some(value) => self.u64(value),
            None => self.null(),
        }
    }

    fn null(mut self) -> Self {
        self.message.push(NULL);
        self
    }

    /// The MAC to store: key version and HMAC-SHA256, 36 bytes.
    #[must_use]
    pub fn finish(self) -> Vec<u8> {
        let key = self.ring.current();
        let tag = hmac::sign(&key.mac, &self.message);
        [&key.version.to_be_bytes(), tag.as_ref()].concat()
    }

    /// Compares with a stored MAC, in constant time.
    pub fn verify(self, stored: &[u8]) -> Result<(), MacError> {
        let mut reader = Reader(stored);
        let version = reader.u32().ok_or(MacError::Malformed)?;
        let tag = reader.array::<32>().ok_or(MacError::Malformed)?;
        if !reader.0.is_empty() {
            return Err(MacError::Malformed);
        }
        let key = self
            .ring
            .get(version)
            .ok_or(MacError::UnknownKey(version))?;
        hmac::verify(&key.mac, &self.message, &tag).map_err(|_| MacError::Mismatch)
    }
}

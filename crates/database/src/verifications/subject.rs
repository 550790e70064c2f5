//! What a verdict is about.

use record::ids::{IdError, RecordId, Uid};
use sqlx::mysql::MySqlValueRef;

use crate::column::{FromColumn, Problem};

/// What a verdict is about: a UID of the chain, or a row that the chain does not know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Subject([u8; 16]);

impl Subject {
    /// A UID of the chain: eight zero bytes and the UID.
    #[must_use]
    pub fn uid(uid: Uid) -> Self {
        let mut bytes = [0; 16];
        bytes[8..].copy_from_slice(&uid.get().to_be_bytes());
        Self(bytes)
    }

    /// A row that the chain does not know. Ids of ours are random; one planted to be taken for a UID is moved out of
    /// the way.
    #[must_use]
    pub fn row(id: RecordId) -> Self {
        let mut bytes = *id.as_bytes();
        if bytes.starts_with(&[0; 8]) {
            bytes[..8].fill(0xff);
        }
        Self(bytes)
    }

    /// From the bytes that [`Self::as_bytes`] gave.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// Its 16 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }

    /// The UID, when it is one.
    #[must_use]
    pub fn as_uid(&self) -> Option<Uid> {
        let (zeroes, uid) = self.0.split_first_chunk::<8>()?;
        let uid = u64::from_be_bytes(uid.try_into().ok()?);
        (*zeroes == [0; 8]).then(|| Uid::new(uid)).flatten()
    }
}

impl std::fmt::Display for Subject {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.as_uid() {
            Some(uid) => uid.fmt(f),
            None => f.write_str(&hex::encode(self.0)),
        }
    }
}

impl std::str::FromStr for Subject {
    type Err = IdError;

    /// Reads what `Display` shows: a UID as a number, a row as 32 hexadecimal digits.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.len() == 32 {
            return text.parse().map(|id: RecordId| Self(*id.as_bytes()));
        }
        text.parse().map(Self::uid)
    }
}

impl FromColumn for Subject {
    fn from_column(value: MySqlValueRef<'_>) -> Result<Self, Problem> {
        <[u8; 16]>::from_column(value).map(Self)
    }
}

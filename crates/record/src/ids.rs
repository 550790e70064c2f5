//! Names of things, as types of their own: a record's id is never taken for a link's, a UID is never zero.

use std::{fmt, str::FromStr};

use rand::CryptoRng;
use serde::{Deserialize, Serialize};

/// A text or number that is not an id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// Ids of 16 bytes are written as 32 hexadecimal digits.
    #[error("expected 32 hexadecimal digits")]
    NotHex,
    /// UIDs and versions count from one.
    #[error("expected a whole number from 1")]
    NotCounted,
}

macro_rules! random_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name([u8; 16]);

        impl $name {
            /// From its 16 bytes, as a table stores them.
            pub const fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(bytes)
            }

            /// A new one, which nobody can guess.
            pub fn random(rng: &mut (impl CryptoRng + ?Sized)) -> Self {
                let mut bytes = [0; 16];
                rng.fill_bytes(&mut bytes);
                Self(bytes)
            }

            /// Its 16 bytes.
            pub const fn as_bytes(&self) -> &[u8; 16] {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&hex::encode(self.0))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                let mut bytes = [0; 16];
                hex::decode_to_slice(text, &mut bytes).map_err(|_| IdError::NotHex)?;
                Ok(Self(bytes))
            }
        }

        impl TryFrom<&[u8]> for $name {
            type Error = IdError;

            fn try_from(bytes: &[u8]) -> Result<Self, IdError> {
                bytes.try_into().map(Self).map_err(|_| IdError::NotHex)
            }
        }

        impl TryFrom<String> for $name {
            type Error = IdError;

            fn try_from(text: String) -> Result<Self, IdError> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.to_string()
            }
        }
    };
}

random_id!(
    /// A record in the database. The chain knows it by its [`Uid`].
    RecordId
);
random_id!(
    /// An owner's data key.
    KeyId
);
random_id!(
    /// A consent link. Not its secret.
    LinkId
);
random_id!(
    /// An account of the controller's staff.
    StaffId
);
random_id!(
    /// An owner's wish for a correction.
    CorrectionId
);
random_id!(
    /// An owner's request to be let in, to take consent back.
    RequestId
);
random_id!(
    /// That an owner asked to have their record erased.
    ErasureId
);
random_id!(
    /// That the owner of a record is to have another wallet.
    WalletChangeId
);
random_id!(
    /// That an owner asked to have their record restricted, or objected to a use of it; also a step of that.
    RestrictionId
);
random_id!(
    /// A mail in the outbox.
    MailId
);
random_id!(
    /// The one-time token of an entry form: a form sent twice enters one record.
    SubmissionId
);

macro_rules! counted_id {
    ($(#[$doc:meta])* $name:ident($number:ty)) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "u64", into = "u64")]
        pub struct $name($number);

        impl $name {
            /// The first one.
            pub const FIRST: Self = Self(1);

            /// The highest there can be.
            pub const LAST: Self = Self(<$number>::MAX);

            /// From its number, which is at least one.
            pub const fn new(number: $number) -> Option<Self> {
                if number == 0 { None } else { Some(Self(number)) }
            }

            /// Its number.
            pub const fn get(self) -> $number {
                self.0
            }

            /// The one after it; none at the end of its range.
            pub fn next(self) -> Option<Self> {
                self.0.checked_add(1).map(Self)
            }

            /// The one before it; none before the first.
            pub fn previous(self) -> Option<Self> {
                Self::new(self.0 - 1)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                text.parse().ok().and_then(Self::new).ok_or(IdError::NotCounted)
            }
        }

        impl TryFrom<u64> for $name {
            type Error = IdError;

            fn try_from(number: u64) -> Result<Self, IdError> {
                <$number>::try_from(number).ok().and_then(Self::new).ok_or(IdError::NotCounted)
            }
        }

        impl From<$name> for u64 {
            fn from(id: $name) -> Self {
                u64::from(id.0)
            }
        }
    };
}

counted_id!(
    /// A record on the chain; counts from one and rises by one.
    Uid(u64)
);
counted_id!(
    /// A state of a record; counts from one, rectification adds one.
    Version(u32)
);

/// An attempt at a version before its owner signs: each edit before consent is a new draft of the same version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Draft(u32);

impl Draft {
    /// What staff typed first.
    pub const FIRST: Self = Self(0);

    /// From its number.
    pub const fn new(number: u32) -> Self {
        Self(number)
    }

    /// Its number.
    pub const fn get(self) -> u32 {
        self.0
    }

    /// The one after it; none at the end of its range.
    pub fn next(self) -> Option<Self> {
        self.0.checked_add(1).map(Self)
    }
}

impl fmt::Display for Draft {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failed test may panic")]
    use super::*;

    #[test]
    fn ids_of_16_bytes_read_back_what_they_show() {
        let id = RecordId::random(&mut rand::rng());
        assert_eq!(id.to_string().parse::<RecordId>().unwrap(), id);
        assert_eq!(id.to_string().len(), 32);
        assert_ne!(id, RecordId::random(&mut rand::rng()));
        assert_eq!("xyz".parse::<RecordId>(), Err(IdError::NotHex));
        assert_eq!("00".repeat(17).parse::<RecordId>(), Err(IdError::NotHex));
        let json = serde_json::to_string(&id).unwrap();
        assert_eq!(serde_json::from_str::<RecordId>(&json).unwrap(), id);
    }

    #[test]
    fn uids_and_versions_count_from_one() {
        assert_eq!("0".parse::<Uid>(), Err(IdError::NotCounted));
        assert_eq!("-1".parse::<Version>(), Err(IdError::NotCounted));
        assert_eq!(Version::try_from(1_u64 << 32), Err(IdError::NotCounted));
        assert_eq!(Version::FIRST.previous(), None);
        assert_eq!(Version::FIRST.next().unwrap().get(), 2);
        assert_eq!(Uid::new(u64::MAX).unwrap().next(), None);
        assert_eq!(
            serde_json::from_str::<Uid>("7").unwrap(),
            Uid::new(7).unwrap()
        );
        assert!(serde_json::from_str::<Uid>("0").is_err());
    }
}

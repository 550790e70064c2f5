//! From columns to newtypes, in one place: a value that no newtype takes is the named error [`RowError::Column`].

use alloy_primitives::B256;
use keyring::MacBuilder;
use record::ids::{
    CorrectionId, Draft, ErasureId, KeyId, LinkId, MailId, RecordId, RequestId, RestrictionId,
    StaffId, SubmissionId, Uid, Version, WalletChangeId,
};
use record::time::UnixMillis;
use sqlx::error::mismatched_types;
use sqlx::mysql::{MySql, MySqlRow, MySqlValueRef};
use sqlx::{Decode, Row, Type, ValueRef};

use crate::error::RowError;

pub(crate) type Problem = Box<dyn std::error::Error + Send + Sync>;

/// A row of `table`, read column by column.
pub(crate) struct Columns<'r> {
    table: &'static str,
    row: &'r MySqlRow,
}

impl<'r> Columns<'r> {
    pub(crate) fn of(table: &'static str, row: &'r MySqlRow) -> Self {
        Self { table, row }
    }

    pub(crate) fn get<T: FromColumn>(&self, column: &'static str) -> Result<T, RowError> {
        let value = self.row.try_get_raw(column).map_err(Problem::from);
        value
            .and_then(T::from_column)
            .map_err(|source| RowError::Column {
                table: self.table,
                column,
                source,
            })
    }

    /// A time that nothing rests on; the epoch where it can't be read.
    pub(crate) fn time(&self, column: &'static str) -> UnixMillis {
        self.get(column).unwrap_or(UnixMillis(0))
    }

    /// A sealed cell, whatever became of its column: one that can't be read, or is gone, is one that does not open. It must
    /// not keep the other records from being looked at.
    pub(crate) fn cell(&self, column: &'static str) -> Vec<u8> {
        self.get::<Option<Vec<u8>>>(column)
            .ok()
            .flatten()
            .unwrap_or_default()
    }

    /// Compares the row's `mac` column with what its other columns give.
    pub(crate) fn check(&self, row: impl ToString, mac: MacBuilder) -> Result<(), RowError> {
        let stored: Vec<u8> = self.get("mac")?;
        mac.verify(&stored).map_err(|source| RowError::Mac {
            table: self.table,
            row: row.to_string(),
            source,
        })
    }
}

/// What a column can be read as.
pub(crate) trait FromColumn: Sized {
    fn from_column(value: MySqlValueRef<'_>) -> Result<Self, Problem>;
}

/// As the driver reads it, if it takes the column's type for one of these.
pub(crate) fn decoded<'r, T: Decode<'r, MySql> + Type<MySql>>(
    value: MySqlValueRef<'r>,
) -> Result<T, Problem> {
    if value.is_null() || T::compatible(&value.type_info()) {
        T::decode(value)
    } else {
        Err(mismatched_types::<MySql, T>(&value.type_info()))
    }
}

impl<T: FromColumn> FromColumn for Option<T> {
    fn from_column(value: MySqlValueRef<'_>) -> Result<Self, Problem> {
        match value.is_null() {
            true => Ok(None),
            false => T::from_column(value).map(Some),
        }
    }
}

impl<const N: usize> FromColumn for [u8; N] {
    fn from_column(value: MySqlValueRef<'_>) -> Result<Self, Problem> {
        Ok(decoded::<&[u8]>(value)?.try_into()?)
    }
}

/// Types that sqlx reads by itself.
macro_rules! plain {
    ($($type:ty),*) => {$(
        impl FromColumn for $type {
            fn from_column(value: MySqlValueRef<'_>) -> Result<Self, Problem> {
                decoded(value)
            }
        }
    )*};
}
plain!(u32, u64, i64, String, Vec<u8>);

/// Identifiers of 16 bytes.
macro_rules! identifier {
    ($($type:ty),*) => {$(
        impl FromColumn for $type {
            fn from_column(value: MySqlValueRef<'_>) -> Result<Self, Problem> {
                Ok(Self::from_bytes(FromColumn::from_column(value)?))
            }
        }
    )*};
}
identifier!(
    RecordId,
    KeyId,
    LinkId,
    StaffId,
    CorrectionId,
    MailId,
    RequestId,
    ErasureId,
    RestrictionId,
    WalletChangeId,
    SubmissionId
);

/// Numbers that count from one.
macro_rules! counted {
    ($($type:ty),*) => {$(
        impl FromColumn for $type {
            fn from_column(value: MySqlValueRef<'_>) -> Result<Self, Problem> {
                let number = FromColumn::from_column(value)?;
                Ok(Self::new(number).ok_or(record::ids::IdError::NotCounted)?)
            }
        }
    )*};
}
counted!(Uid, Version);

impl FromColumn for Draft {
    fn from_column(value: MySqlValueRef<'_>) -> Result<Self, Problem> {
        Ok(Self::new(u32::from_column(value)?))
    }
}

impl FromColumn for UnixMillis {
    fn from_column(value: MySqlValueRef<'_>) -> Result<Self, Problem> {
        Ok(Self(u64::from_column(value)?))
    }
}

impl FromColumn for B256 {
    fn from_column(value: MySqlValueRef<'_>) -> Result<Self, Problem> {
        Ok(Self::from(<[u8; 32]>::from_column(value)?))
    }
}

/// An enum that a column holds as text.
macro_rules! text_enum {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $text:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name {
            $($(#[$variant_doc])* $variant,)+
        }

        impl $name {
            /// Every value, in the order of the declaration.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The text that the column holds.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)+
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::column::UnknownText;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Self::ALL
                    .iter()
                    .copied()
                    .find(|value| value.as_str() == text)
                    .ok_or($crate::column::UnknownText)
            }
        }

        impl $crate::column::FromColumn for $name {
            fn from_column(
                value: sqlx::mysql::MySqlValueRef<'_>,
            ) -> Result<Self, $crate::column::Problem> {
                Ok($crate::column::decoded::<&str>(value)?.parse()?)
            }
        }
    };
}
pub(crate) use text_enum;

/// A text that is none of those the column may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the text is none of those this column may hold")]
pub struct UnknownText;

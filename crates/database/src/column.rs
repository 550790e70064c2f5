//! From columns to newtypes, in one place: a value that no newtype takes is the named error [`RowError::Column`].

use alloy_primitives::B256;
use keyring::MacBuilder;
use record::ids::{
    CorrectionId, Draft, KeyId, LinkId, MailId, RecordId, StaffId, SubmissionId, Uid, Version,
};
use record::time::UnixMillis;
use sqlx::mysql::MySqlRow;
use sqlx::{Row, ValueRef};

use crate::error::RowError;

type Problem = Box<dyn std::error::Error + Send + Sync>;

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
        T::from_column(self.row, column).map_err(|source| RowError::Column {
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
    pub(crate) fn check(&self, row: impl ToString, mac: MacBuilder<'_>) -> Result<(), RowError> {
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
    fn from_column(row: &MySqlRow, column: &str) -> Result<Self, Problem>;
}

impl<T: FromColumn> FromColumn for Option<T> {
    fn from_column(row: &MySqlRow, column: &str) -> Result<Self, Problem> {
        if row.try_get_raw(column)?.is_null() {
            return Ok(None);
        }
        T::from_column(row, column).map(Some)
    }
}

impl<const N: usize> FromColumn for [u8; N] {
    fn from_column(row: &MySqlRow, column: &str) -> Result<Self, Problem> {
        Ok(row.try_get::<&[u8], _>(column)?.try_into()?)
    }
}

/// Types that sqlx reads by itself.
macro_rules! plain {
    ($($type:ty),*) => {$(
        impl FromColumn for $type {
            fn from_column(row: &MySqlRow, column: &str) -> Result<Self, Problem> {
                Ok(row.try_get(column)?)
            }
        }
    )*};
}
plain!(u32, u64, i64, String, Vec<u8>);

/// Identifiers of 16 bytes.
macro_rules! identifier {
    ($($type:ty),*) => {$(
        impl FromColumn for $type {
            fn from_column(row: &MySqlRow, column: &str) -> Result<Self, Problem> {
                Ok(Self::from_bytes(FromColumn::from_column(row, column)?))
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
    SubmissionId
);

/// Numbers that count from one.
macro_rules! counted {
    ($($type:ty),*) => {$(
        impl FromColumn for $type {
            fn from_column(row: &MySqlRow, column: &str) -> Result<Self, Problem> {
                let number = FromColumn::from_column(row, column)?;
                Ok(Self::new(number).ok_or(record::ids::IdError::NotCounted)?)
            }
        }
    )*};
}
counted!(Uid, Version);

impl FromColumn for Draft {
    fn from_column(row: &MySqlRow, column: &str) -> Result<Self, Problem> {
        Ok(Self::new(u32::from_column(row, column)?))
    }
}

impl FromColumn for UnixMillis {
    fn from_column(row: &MySqlRow, column: &str) -> Result<Self, Problem> {
        Ok(Self(u64::from_column(row, column)?))
    }
}

impl FromColumn for B256 {
    fn from_column(row: &MySqlRow, column: &str) -> Result<Self, Problem> {
        Ok(Self::from(<[u8; 32]>::from_column(row, column)?))
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
                row: &sqlx::mysql::MySqlRow,
                column: &str,
            ) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
                Ok(<String as $crate::column::FromColumn>::from_column(row, column)?.parse()?)
            }
        }
    };
}
pub(crate) use text_enum;

/// A text that is none of those the column may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the text is none of those this column may hold")]
pub struct UnknownText;

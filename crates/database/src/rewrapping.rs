//! Wrapping owners' keys anew under the application key in use, a few at a time (docs/KEY_ROTATION.md).

use keyring::{ApplicationKeys, WrappedOwnerKey};
use rand::CryptoRng;
use sqlx::mysql::MySqlConnection;
use sqlx::{AssertSqlSafe, Connection};

use crate::error::RowError;
use crate::{owner_keys, transaction};

/// So many are written by one transaction: who enters people meanwhile waits for no more, and the watch keeps up.
const AT_ONCE: u32 = 200;

/// A table of wrapped owner keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyTable {
    /// Of the main database.
    InUse,
    /// Of the backup of keys.
    Backups,
}

/// What was seen of a table, or of a page of it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Seen {
    /// Rows that were looked at.
    pub rows: u64,
    /// Keys that were wrapped anew.
    pub rewrapped: u64,
    /// Genuine keys under an older version that could not be: their row was altered, or changed meanwhile.
    pub left: u64,
    /// Rows that hold no key of ours.
    pub foreign: u64,
}

/// By what the keys of a table, or of a page of it, are wrapped.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Wrapped {
    /// By the version that was asked about.
    pub by_it: u64,
    /// Rows that hold no key that opens.
    pub foreign: u64,
}

/// Where a walk through a table stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place(Vec<u8>);

impl Place {
    /// Before the first row.
    #[must_use]
    pub const fn start() -> Self {
        Self(Vec::new())
    }
}

impl KeyTable {
    const fn name(self) -> &'static str {
        match self {
            Self::InUse => "owner_keys",
            Self::Backups => "owner_key_backups",
        }
    }
}

impl Seen {
    /// Both together.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self {
            rows: self.rows + other.rows,
            rewrapped: self.rewrapped + other.rewrapped,
            left: self.left + other.left,
            foreign: self.foreign + other.foreign,
        }
    }
}

/// About how many rows there are to walk through.
pub async fn count(connection: &mut MySqlConnection, table: KeyTable) -> Result<u64, RowError> {
    let sql = AssertSqlSafe(format!("SELECT COUNT(*) FROM {}", table.name()));
    let count: i64 = sqlx::query_scalar(sql).fetch_one(connection).await?;
    Ok(count.unsigned_abs())
}

/// Wraps the keys of the next page anew. Gives where to go on; none at the end. A row is written only where it is still what was
/// read: who erases or restores a record at the same time wins.
pub async fn rewrap(
    connection: &mut MySqlConnection,
    table: KeyTable,
    keys: &ApplicationKeys,
    after: &Place,
    rng: &mut (impl CryptoRng + ?Sized),
) -> Result<(Seen, Option<Place>), RowError> {
    let (page, next) = page(connection, table, after).await?;
    let mut seen = Seen::default();
    let mut transaction = connection.begin().await?;
    let written = async {
        for row in &page {
            seen.rows += 1;
            let Some(row) = row else {
                seen.foreign += 1;
                continue;
            };
            // What the row says of itself is not asked: whoever set its version to the newest would have its key passed over, and lost.
            match keys.wrapped_by(&row.bytes) {
                None => seen.foreign += 1,
                Some(version) if version == keys.current_version() => {}
                Some(_) => match keys.unwrap_owner_key(row) {
                    Ok(key) => {
                        let anew = keys.wrap_owner_key(&key, rng);
                        let is_written = replace(&mut transaction, table, row, &anew).await?;
                        *(if is_written {
                            &mut seen.rewrapped
                        } else {
                            &mut seen.left
                        }) += 1;
                    }
                    Err(_) => seen.left += 1,
                },
            }
        }
        Ok(())
    }
    .await;
    transaction::finish(transaction, written).await?;
    Ok((seen, next))
}

/// How many genuine keys of the next page this version wraps, whatever their rows say; and how many rows hold no key that opens.
pub async fn wrapped_by(
    connection: &mut MySqlConnection,
    table: KeyTable,
    keys: &ApplicationKeys,
    version: u32,
    after: &Place,
) -> Result<(Wrapped, Option<Place>), RowError> {
    let (page, next) = page(connection, table, after).await?;
    let mut wrapped = Wrapped::default();
    for row in &page {
        match row.as_ref().and_then(|row| keys.wrapped_by(&row.bytes)) {
            Some(by) => wrapped.by_it += u64::from(by == version),
            None => wrapped.foreign += 1,
        }
    }
    Ok((wrapped, next))
}

/// The next rows in the order of their ids, those that can't be read as none.
async fn page(
    connection: &mut MySqlConnection,
    table: KeyTable,
    after: &Place,
) -> Result<(Vec<Option<WrappedOwnerKey>>, Option<Place>), RowError> {
    let name = table.name();
    let rows = sqlx::query(AssertSqlSafe(format!(
        "SELECT * FROM {name} WHERE key_id > ? ORDER BY key_id LIMIT {AT_ONCE}"
    )))
    .bind(&after.0)
    .fetch_all(connection)
    .await?;
    let next = match rows.last() {
        Some(last) => Some(Place(sqlx::Row::try_get(last, "key_id")?)),
        None => None,
    };
    let read = |row| owner_keys::read(row, name).ok();
    Ok((rows.iter().map(read).collect(), next))
}

/// Writes a key over what was read; false where something else stands there by now.
async fn replace(
    connection: &mut MySqlConnection,
    table: KeyTable,
    old: &WrappedOwnerKey,
    new: &WrappedOwnerKey,
) -> Result<bool, RowError> {
    let done = sqlx::query(AssertSqlSafe(format!(
        "UPDATE {} SET app_key_version = ?, wrapped = ? WHERE key_id = ? AND wrapped = ?",
        table.name()
    )))
    .bind(new.app_key_version)
    .bind(&new.bytes)
    .bind(old.key_id.as_bytes().as_slice())
    .bind(&old.bytes)
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}

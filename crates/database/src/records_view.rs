//! Lists of records for people: paged by key, newest first, each with the sealed name and the key that opens it.
//!
//! A row that somebody else wrote or changed stays in its place, marked as such: a list must never hide it.

mod cover;
mod due;
mod grid;
mod standing;
mod uids;
pub mod verdict_map;

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use keyring::{ApplicationKeys, FrontKeys, WrappedOwnerKey};
use record::ids::{Draft, IdError, RecordId, Version};
use record::time::UnixMillis;
use sqlx::mysql::{MySqlConnection, MySqlRow};
use zeroize::Zeroizing;

use crate::column::Columns;
use crate::error::RowError;
use crate::owner_keys;
use crate::records::{Record, RecordState};
use crate::sealed;

pub use due::{Days, due, due_count};
pub use grid::{
    ViewedRecord, find_verified, not_yet_verified, verified, verified_before, verified_one,
};
pub use standing::{Standing, standing};
pub use verdict_map::verdict_counts;

const TABLE: &str = "records";

/// The columns of a listed record; `$which` says of which records, and in which order, `$also` names further columns.
macro_rules! listed {
    ($which:literal) => {
        $crate::records_view::listed!($which, "")
    };
    ($which:literal, $also:literal) => {
        concat!(
            "SELECT r.*, v.name, k.key_id, k.record_id, k.app_key_version, k.wrapped",
            $also,
            " FROM records r
             LEFT JOIN record_versions v ON v.record_id = r.id AND v.version = r.version
             LEFT JOIN owner_keys k ON k.record_id = r.id ",
            $which
        )
    };
}

use listed;

/// A record in a list.
#[derive(Debug, Clone)]
pub struct ListedRecord {
    /// The row's id.
    pub id: RecordId,
    /// The row, when it is ours; none when somebody else wrote or changed it.
    pub record: Option<Record>,
    /// The newest version, as the row claims.
    pub version: Option<Version>,
    /// The newest draft, as the row claims.
    pub draft: Draft,
    /// Cell of the name; none when the values are gone.
    pub name: Option<Vec<u8>>,
    /// The wrapped owner key; none when it is gone.
    pub owner_key: Option<WrappedOwnerKey>,
}

impl ListedRecord {
    /// The name in clear; none when it is gone or does not open.
    #[must_use]
    pub fn open_name(&self, keys: &ApplicationKeys) -> Option<Zeroizing<String>> {
        let key = keys.unwrap_owner_key(self.owner_key.as_ref()?).ok()?;
        let cell = self.name.as_deref()?;
        let opened = sealed::open_field(&key, self.version?, self.draft, "name", cell);
        opened.ok().map(|field| field.into_value())
    }

    fn read(row: &MySqlRow, keys: &FrontKeys) -> Result<Self, RowError> {
        let columns = Columns::of(TABLE, row);
        let record = match Record::read(row, keys) {
            Ok(record) => Some(record),
            Err(error) if error.is_tampering() => {
                tracing::error!(%error, "a list shows a row that is not ours");
                None
            }
            Err(error) => return Err(error),
        };
        let has_key = columns.get::<Option<Vec<u8>>>("key_id")?.is_some();
        Ok(Self {
            id: columns.get("id")?,
            record,
            version: Version::new(columns.get("version")?),
            draft: columns.get("draft")?,
            name: columns.get("name")?,
            owner_key: has_key
                .then(|| owner_keys::read(row, "owner_keys"))
                .transpose()?,
        })
    }
}

/// Where a page ended: the next one begins behind it. Shown in addresses as `milliseconds-id`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor {
    /// What the list goes by: when a record was entered, or is due.
    at: UnixMillis,
    id: RecordId,
}

impl Cursor {
    const START: Self = Self {
        at: UnixMillis(u64::MAX),
        id: RecordId::from_bytes([0xff; 16]),
    };

    fn of(row: &MySqlRow) -> Result<Self, RowError> {
        let columns = Columns::of(TABLE, row);
        Ok(Self {
            at: columns.get("created_at")?,
            id: columns.get("id")?,
        })
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.at, self.id)
    }
}

impl FromStr for Cursor {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (at, id) = text.split_once('-').ok_or(IdError::NotHex)?;
        Ok(Self {
            at: UnixMillis(at.parse().map_err(|_| IdError::NotCounted)?),
            id: id.parse()?,
        })
    }
}

/// One page of a list.
#[derive(Debug, Clone)]
pub struct Page<T, C> {
    /// The rows, in order.
    pub rows: Vec<T>,
    /// Where this page begins; none when it is empty. What comes before it ends here.
    pub first: Option<C>,
    /// Where the next page begins; none at the end.
    pub next: Option<C>,
}

/// Records newest first, all of them or those in one state, behind the cursor of the page before.
pub async fn list(
    connection: &mut MySqlConnection,
    keys: &FrontKeys,
    state: Option<RecordState>,
    after: Option<Cursor>,
    limit: u32,
) -> Result<Page<ListedRecord, Cursor>, RowError> {
    let after = after.unwrap_or(Cursor::START);
    let query = match state {
        None => sqlx::query(listed!(
            "WHERE r.created_at <= ? AND (r.created_at < ? OR r.id < ?)
             ORDER BY r.created_at DESC, r.id DESC LIMIT ?"
        )),
        Some(state) => sqlx::query(listed!(
            "WHERE r.state = ? AND r.created_at <= ? AND (r.created_at < ? OR r.id < ?)
             ORDER BY r.created_at DESC, r.id DESC LIMIT ?"
        ))
        .bind(state.as_str()),
    };
    // One row more than asked for tells whether there is a next page.
    let rows = query
        .bind(after.at.0)
        .bind(after.at.0)
        .bind(after.id.as_bytes().as_slice())
        .bind(limit.saturating_add(1))
        .fetch_all(connection)
        .await?;
    page(
        &rows,
        limit,
        |row| ListedRecord::read(row, keys),
        Cursor::of,
    )
}

/// The page in front of the one that begins with the cursor: for readers who go back. Its `next` is that page again;
/// the second value tells whether there is more before it.
pub async fn list_before(
    connection: &mut MySqlConnection,
    keys: &FrontKeys,
    state: Option<RecordState>,
    before: Cursor,
    limit: u32,
) -> Result<(Page<ListedRecord, Cursor>, bool), RowError> {
    let query = match state {
        None => sqlx::query(listed!(
            "WHERE r.created_at >= ? AND (r.created_at > ? OR r.id > ?)
             ORDER BY r.created_at, r.id LIMIT ?"
        )),
        Some(state) => sqlx::query(listed!(
            "WHERE r.state = ? AND r.created_at >= ? AND (r.created_at > ? OR r.id > ?)
             ORDER BY r.created_at, r.id LIMIT ?"
        ))
        .bind(state.as_str()),
    };
    let mut rows = query
        .bind(before.at.0)
        .bind(before.at.0)
        .bind(before.id.as_bytes().as_slice())
        .bind(limit.saturating_add(1))
        .fetch_all(connection)
        .await?;
    let is_more = rows.len() > usize::try_from(limit).unwrap_or(usize::MAX);
    if is_more {
        rows.pop();
    }
    rows.reverse();
    let mut page = page(
        &rows,
        limit,
        |row| ListedRecord::read(row, keys),
        Cursor::of,
    )?;
    page.next = rows.last().map(Cursor::of).transpose()?;
    Ok((page, is_more))
}

/// What a record is looked up by.
#[derive(Debug, Clone, Copy)]
pub enum Search {
    /// [`crate::index::wallet`].
    Wallet([u8; 32]),
    /// [`crate::index::email`].
    Email([u8; 32]),
}

/// The records with exactly this wallet or e-mail address, newest first.
pub async fn find(
    connection: &mut MySqlConnection,
    keys: &FrontKeys,
    search: Search,
    limit: u32,
) -> Result<Vec<ListedRecord>, RowError> {
    let query = match &search {
        Search::Wallet(index) => sqlx::query(listed!(
            "WHERE r.wallet_index = ? ORDER BY r.created_at DESC, r.id DESC LIMIT ?"
        ))
        .bind(index.as_slice()),
        Search::Email(index) => sqlx::query(listed!(
            "WHERE r.email_index = ? ORDER BY r.created_at DESC, r.id DESC LIMIT ?"
        ))
        .bind(index.as_slice()),
    };
    query
        .bind(limit)
        .fetch_all(connection)
        .await?
        .iter()
        .map(|row| ListedRecord::read(row, keys))
        .collect()
}

/// The anchored records of which something is to be corrected that nobody has answered yet, newest first. Needs the right to read
/// `corrections`.
pub async fn asking(
    connection: &mut MySqlConnection,
    keys: &FrontKeys,
    limit: u32,
) -> Result<Vec<ListedRecord>, RowError> {
    sqlx::query(listed!(
        "WHERE r.state = 'anchored' AND r.id IN (SELECT record_id FROM corrections WHERE resolved_at IS NULL)
         ORDER BY r.created_at DESC, r.id DESC LIMIT ?"
    ))
    .bind(limit)
    .fetch_all(connection)
    .await?
    .iter()
    .map(|row| ListedRecord::read(row, keys))
    .collect()
}

/// More than so many in one state are not counted one by one: nobody reads the number, and everybody waits for it.
pub const MOST_COUNTED: u64 = 10_000;

/// How many records are in each state, as their columns say; one more than [`MOST_COUNTED`] stands for any number above.
pub async fn counts(
    connection: &mut MySqlConnection,
) -> Result<BTreeMap<RecordState, u64>, RowError> {
    let mut counts = BTreeMap::new();
    for state in RecordState::ALL {
        let count: i64 = sqlx::query_scalar(
            "SELECT COUNT(*) FROM (SELECT 1 FROM records WHERE state = ? LIMIT ?) AS few",
        )
        .bind(state.as_str())
        .bind(MOST_COUNTED + 1)
        .fetch_one(&mut *connection)
        .await?;
        if count > 0 {
            counts.insert(*state, count.unsigned_abs());
        }
    }
    Ok(counts)
}

/// Cuts off the row that only tells of a next page.
fn page<T, C>(
    rows: &[MySqlRow],
    limit: u32,
    read: impl Fn(&MySqlRow) -> Result<T, RowError>,
    cursor: impl Fn(&MySqlRow) -> Result<C, RowError>,
) -> Result<Page<T, C>, RowError> {
    let shown = usize::try_from(limit).unwrap_or(usize::MAX).min(rows.len());
    let next = match rows[..shown].last() {
        Some(last) if rows.len() > shown => Some(cursor(last)?),
        _ => None,
    };
    Ok(Page {
        rows: rows[..shown].iter().map(read).collect::<Result<_, _>>()?,
        first: rows.first().map(cursor).transpose()?,
        next,
    })
}

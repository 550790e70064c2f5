//! Lists of records for people: paged by key, newest first, each with the sealed name and the key that opens it.
//!
//! A row that somebody else wrote or changed stays in its place, marked as such: a list must never hide it.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use keyring::{ApplicationKeys, FrontKeys, WrappedOwnerKey};
use record::ids::{Draft, IdError, RecordId, Uid, Version};
use record::time::UnixMillis;
use sqlx::mysql::{MySqlConnection, MySqlRow};
use sqlx::{MySql, QueryBuilder, Row};
use zeroize::Zeroizing;

use crate::column::Columns;
use crate::error::RowError;
use crate::owner_keys;
use crate::records::{Record, RecordState};
use crate::sealed;
use crate::verifications::{Subject, VerdictKind, Verification};

const TABLE: &str = "records";

/// The columns of a listed record; `$which` says of which records, and in which order.
macro_rules! listed {
    ($which:literal) => {
        concat!(
            "SELECT r.*, v.name, k.key_id, k.record_id, k.app_key_version, k.wrapped
             FROM records r
             LEFT JOIN record_versions v ON v.record_id = r.id AND v.version = r.version
             LEFT JOIN owner_keys k ON k.record_id = r.id ",
            $which
        )
    };
}

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
        opened.ok().map(|field| field.value)
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
    created_at: UnixMillis,
    id: RecordId,
}

impl Cursor {
    const START: Self = Self {
        created_at: UnixMillis(u64::MAX),
        id: RecordId::from_bytes([0xff; 16]),
    };

    fn of(row: &MySqlRow) -> Result<Self, RowError> {
        let columns = Columns::of(TABLE, row);
        Ok(Self {
            created_at: columns.get("created_at")?,
            id: columns.get("id")?,
        })
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.created_at, self.id)
    }
}

impl FromStr for Cursor {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (created_at, id) = text.split_once('-').ok_or(IdError::NotHex)?;
        Ok(Self {
            created_at: UnixMillis(created_at.parse().map_err(|_| IdError::NotCounted)?),
            id: id.parse()?,
        })
    }
}

/// One page of a list.
#[derive(Debug, Clone)]
pub struct Page<T, C> {
    /// The rows, in order.
    pub rows: Vec<T>,
    /// Where the next page begins; none at the end.
    pub next: Option<C>,
}

/// Records newest first, all of them or those in one state, behind the cursor of the page before.
///
/// # Errors
/// When the database can't be reached.
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
        .bind(after.created_at.0)
        .bind(after.created_at.0)
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

/// What a record is looked up by.
#[derive(Debug, Clone, Copy)]
pub enum Search {
    /// [`crate::index::wallet`].
    Wallet([u8; 32]),
    /// [`crate::index::email`].
    Email([u8; 32]),
}

/// The records with exactly this wallet or e-mail address, newest first.
///
/// # Errors
/// When the database can't be reached.
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

/// How many records are in each state, as their columns say.
///
/// # Errors
/// When the database can't be reached.
pub async fn counts(
    connection: &mut MySqlConnection,
) -> Result<BTreeMap<RecordState, u64>, RowError> {
    let rows = sqlx::query("SELECT state, COUNT(*) AS count FROM records GROUP BY state")
        .fetch_all(connection)
        .await?;
    let mut counts = BTreeMap::new();
    for row in &rows {
        let count: i64 = row.try_get("count")?;
        if let Ok(state) = Columns::of(TABLE, row).get::<RecordState>("state") {
            counts.insert(state, count.unsigned_abs());
        }
    }
    Ok(counts)
}

/// A subject of verification in the viewer's grid: a UID of the chain, or a row that the chain does not know.
#[derive(Debug, Clone)]
pub struct ViewedRecord {
    /// What the line is about.
    pub subject: Subject,
    /// The newest verdict, when there is one and it is ours.
    pub verification: Option<Verification>,
    /// Whether somebody else wrote or changed the verdict: verify anew.
    pub verdict_is_tampered: bool,
    /// The row; none when it is missing.
    pub row: Option<ListedRecord>,
}

/// The viewer's grid behind the subject of the page before: first the rows that the chain does not know, then UIDs from
/// the newest down. `verdicts` keeps only those; empty keeps all.
///
/// # Errors
/// When the database can't be reached.
pub async fn verified(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
    verdicts: &[VerdictKind],
    after: Option<Subject>,
    limit: u32,
) -> Result<Page<ViewedRecord, Subject>, RowError> {
    let mut query = QueryBuilder::<MySql>::new("SELECT * FROM verifications WHERE TRUE");
    if let Some(after) = &after {
        query.push(" AND subject < ");
        query.push_bind(after.as_bytes().as_slice());
    }
    if !verdicts.is_empty() {
        query.push(" AND verdict IN (");
        let mut list = query.separated(", ");
        for verdict in verdicts {
            list.push_bind(verdict.as_str());
        }
        query.push(")");
    }
    query.push(" ORDER BY subject DESC LIMIT ");
    query.push_bind(limit.saturating_add(1));
    let rows = query.build().fetch_all(&mut *connection).await?;
    let subject = |row: &MySqlRow| Columns::of("verifications", row).get("subject");
    let read = |row: &MySqlRow| ViewedRecord::of_verification(row, keys);
    let mut page = page(&rows, limit, read, subject)?;
    attach_rows(connection, &keys.front(), &mut page.rows).await?;
    Ok(page)
}

/// The newest records that no verification has looked at yet, among the newest `limit` ones.
///
/// # Errors
/// When the database can't be reached.
pub async fn not_yet_verified(
    connection: &mut MySqlConnection,
    keys: &FrontKeys,
    limit: u32,
) -> Result<Vec<ViewedRecord>, RowError> {
    let rows = sqlx::query(
        "SELECT r.*, n.name, k.key_id, k.record_id, k.app_key_version, k.wrapped
         FROM (SELECT * FROM records ORDER BY created_at DESC, id DESC LIMIT ?) r
         LEFT JOIN record_versions n ON n.record_id = r.id AND n.version = r.version
         LEFT JOIN owner_keys k ON k.record_id = r.id
         WHERE NOT EXISTS (SELECT 1 FROM verifications v WHERE v.record_id = r.id)
         ORDER BY r.created_at DESC, r.id DESC",
    )
    .bind(limit)
    .fetch_all(connection)
    .await?;
    rows.iter()
        .map(|row| ListedRecord::read(row, keys).map(ViewedRecord::unverified))
        .collect()
}

/// One line of the viewer's grid.
///
/// # Errors
/// When the database can't be reached.
pub async fn verified_one(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
    subject: Subject,
) -> Result<Option<ViewedRecord>, RowError> {
    let row = sqlx::query("SELECT * FROM verifications WHERE subject = ?")
        .bind(subject.as_bytes().as_slice())
        .fetch_optional(&mut *connection)
        .await?;
    let Some(row) = row else { return Ok(None) };
    let mut viewed = [ViewedRecord::of_verification(&row, keys)?];
    attach_rows(connection, &keys.front(), &mut viewed).await?;
    let [viewed] = viewed;
    Ok(Some(viewed))
}

/// The lines of the records found by wallet or e-mail address, newest record first.
///
/// # Errors
/// When the database can't be reached.
pub async fn find_verified(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
    search: Search,
    limit: u32,
) -> Result<Vec<ViewedRecord>, RowError> {
    let found = find(connection, &keys.front(), search, limit).await?;
    let mut viewed = Vec::with_capacity(found.len());
    for row in found {
        let by_uid = row.record.as_ref().and_then(|record| record.uid);
        let subject = by_uid.map_or_else(|| Subject::row(row.id), Subject::uid);
        let verified = verified_one(connection, keys, subject).await?;
        viewed.push(verified.unwrap_or_else(|| ViewedRecord::unverified(row)));
    }
    Ok(viewed)
}

impl ViewedRecord {
    fn of_verification(row: &MySqlRow, keys: &ApplicationKeys) -> Result<Self, RowError> {
        let (verification, verdict_is_tampered) = match Verification::read(row, keys) {
            Ok(verification) => (Some(verification), false),
            Err(error) if error.is_tampering() => {
                tracing::error!(%error, "the grid shows a verdict that is not ours");
                (None, true)
            }
            Err(error) => return Err(error),
        };
        Ok(Self {
            subject: Columns::of("verifications", row).get("subject")?,
            verification,
            verdict_is_tampered,
            row: None,
        })
    }

    fn unverified(row: ListedRecord) -> Self {
        let by_uid = row.record.as_ref().and_then(|record| record.uid);
        Self {
            subject: by_uid.map_or_else(|| Subject::row(row.id), Subject::uid),
            verification: None,
            verdict_is_tampered: false,
            row: Some(row),
        }
    }

    fn record_id(&self) -> Option<RecordId> {
        match &self.verification {
            Some(verification) => verification.record_id,
            None if self.subject.as_uid().is_none() => {
                Some(RecordId::from_bytes(*self.subject.as_bytes()))
            }
            None => None,
        }
    }
}

/// Adds to each line its row: the one that the verdict is about, or else the one that claims the UID.
async fn attach_rows(
    connection: &mut MySqlConnection,
    keys: &FrontKeys,
    viewed: &mut [ViewedRecord],
) -> Result<(), RowError> {
    let ids: Vec<RecordId> = viewed.iter().filter_map(ViewedRecord::record_id).collect();
    let uids: Vec<Uid> = viewed
        .iter()
        .filter_map(|line| line.subject.as_uid())
        .collect();
    if ids.is_empty() && uids.is_empty() {
        return Ok(());
    }
    let mut query = QueryBuilder::<MySql>::new(listed!("WHERE FALSE"));
    push_any(
        &mut query,
        "r.id",
        ids.iter().map(|id| id.as_bytes().as_slice()),
    );
    push_any(&mut query, "r.uid", uids.iter().map(|uid| uid.get()));
    let rows = query.build().fetch_all(connection).await?;
    let mut by_id = BTreeMap::new();
    let mut by_uid = BTreeMap::new();
    for row in &rows {
        let listed = ListedRecord::read(row, keys)?;
        if let Some(uid) = Columns::of(TABLE, row).get::<Option<u64>>("uid")? {
            by_uid.insert(uid, listed.id);
        }
        by_id.insert(listed.id, listed);
    }
    for line in viewed {
        let claims = || {
            line.subject
                .as_uid()
                .and_then(|uid| by_uid.get(&uid.get()).copied())
        };
        let id = line.record_id().or_else(claims);
        line.row = id.and_then(|id| by_id.get(&id).cloned());
    }
    Ok(())
}

fn push_any<'a, T>(
    query: &mut QueryBuilder<MySql>,
    column: &'static str,
    values: impl ExactSizeIterator<Item = T>,
) where
    T: 'a + Send + sqlx::Encode<'a, MySql> + sqlx::Type<MySql>,
{
    if values.len() == 0 {
        return;
    }
    query.push(" OR ");
    query.push(column);
    query.push(" IN (");
    let mut list = query.separated(", ");
    for value in values {
        list.push_bind(value);
    }
    query.push(")");
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
        next,
    })
}

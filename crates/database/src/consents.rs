//! What owners signed: message and signature as sealed cells. [`crate::sealed`] seals and opens them.

use std::collections::{BTreeMap, BTreeSet};

use keyring::{FrontKeys, MacBuilder};
use record::ids::{Draft, LinkId, RecordId, Version};
use record::time::UnixMillis;
use sqlx::mysql::{MySqlConnection, MySqlRow};
use sqlx::{Connection, MySql, QueryBuilder};

use alloy_primitives::B256;

use crate::column::Columns;
use crate::error::RowError;

const TABLE: &str = "consents";

/// The unique key that refuses a nonce the second time: `error.is_duplicate_of(consents::NONCE_KEY)`.
pub const NONCE_KEY: &str = "consents_nonce_index";

/// One owner's answer to one record version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Consent {
    /// The record.
    pub record_id: RecordId,
    /// Which state of it.
    pub version: Version,
    /// The draft that was signed.
    pub draft: Draft,
    /// The link it came through.
    pub link_id: LinkId,
    /// Cell of the whole message.
    pub message: Vec<u8>,
    /// Cell of the signature.
    pub signature: Vec<u8>,
    /// [`nonce_index`] of the message's nonce.
    pub nonce_index: [u8; 32],
    /// When it was stored.
    pub received_at: UnixMillis,
    /// MAC under the front key, over all of the above. Not checked on read: it is a part of the record, for the verdict.
    pub mac: Vec<u8>,
}

impl Consent {
    fn read(row: &MySqlRow) -> Result<Self, RowError> {
        let columns = Columns::of(TABLE, row);
        Ok(Self {
            record_id: columns.get("record_id")?,
            version: columns.get("version")?,
            draft: columns.get("draft")?,
            link_id: columns.get("link_id")?,
            message: columns.get("message")?,
            signature: columns.get("signature")?,
            nonce_index: columns.get("nonce_index")?,
            received_at: columns.get("received_at")?,
            mac: columns.get("mac")?,
        })
    }

    /// The same, with the MAC that its columns give.
    pub(crate) fn with_mac(self, keys: &FrontKeys) -> Self {
        let mac = self.columns(keys).finish();
        Self { mac, ..self }
    }

    /// The same with what stays of its message.
    #[must_use]
    pub fn redacted(&self, terms: Vec<u8>, keys: &FrontKeys) -> Self {
        let redacted = Self {
            message: terms,
            ..self.clone()
        };
        redacted.with_mac(keys)
    }

    /// Whether all columns are as one of our applications wrote them.
    #[must_use]
    pub fn is_ours(&self, keys: &FrontKeys) -> bool {
        self.columns(keys).verify(&self.mac).is_ok()
    }

    fn columns(&self, keys: &FrontKeys) -> MacBuilder {
        keys.mac(TABLE)
            .bytes(self.record_id.as_bytes())
            .u32(self.version.get())
            .u32(self.draft.get())
            .bytes(self.link_id.as_bytes())
            .bytes(&self.message)
            .bytes(&self.signature)
            .bytes(&self.nonce_index)
            .u64(self.received_at.0)
    }
}

/// The keyed hash by which a nonce is refused a second time.
#[must_use]
pub fn nonce_index(keys: &FrontKeys, nonce: &B256) -> [u8; 32] {
    keys.hash("consents.nonce_index", nonce.as_slice())
}

/// Stores a consent.
/// [`RowError::Duplicate`] of [`NONCE_KEY`] when the nonce served before, of `PRIMARY` when this version is signed.
pub async fn insert(connection: &mut MySqlConnection, consent: &Consent) -> Result<(), RowError> {
    sqlx::query(
        "INSERT INTO consents (record_id, version, draft, link_id, message, signature, nonce_index, received_at, mac)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(consent.record_id.as_bytes().as_slice())
    .bind(consent.version.get())
    .bind(consent.draft.get())
    .bind(consent.link_id.as_bytes().as_slice())
    .bind(&consent.message)
    .bind(&consent.signature)
    .bind(consent.nonce_index.as_slice())
    .bind(consent.received_at.0)
    .bind(&consent.mac)
    .execute(connection)
    .await
    .map_err(|error| RowError::of_insert(TABLE, error))?;
    Ok(())
}

/// The consent to one record version.
pub async fn load(
    connection: &mut MySqlConnection,
    record: RecordId,
    version: Version,
) -> Result<Option<Consent>, RowError> {
    sqlx::query("SELECT * FROM consents WHERE record_id = ? AND version = ?")
        .bind(record.as_bytes().as_slice())
        .bind(version.get())
        .fetch_optional(connection)
        .await?
        .map(|row| Consent::read(&row))
        .transpose()
}

/// The consents to these versions, each of another record. One that can't be read is none.
pub async fn of_versions(
    connection: &mut MySqlConnection,
    versions: &[(RecordId, Version)],
) -> Result<BTreeMap<RecordId, Consent>, RowError> {
    if versions.is_empty() {
        return Ok(BTreeMap::new());
    }
    let mut query =
        QueryBuilder::<MySql>::new("SELECT * FROM consents WHERE (record_id, version) IN (");
    let mut list = query.separated(", ");
    for (record, version) in versions {
        list.push("(");
        list.push_bind_unseparated(record.as_bytes().as_slice());
        list.push_unseparated(", ");
        list.push_bind_unseparated(version.get());
        list.push_unseparated(")");
    }
    query.push(")");
    let rows = query
        .build()
        .persistent(false)
        .fetch_all(connection)
        .await?;
    let mut consents = BTreeMap::new();
    for row in &rows {
        match Consent::read(row) {
            Ok(consent) => consents.insert(consent.record_id, consent),
            Err(error) if error.is_tampering() => continue,
            Err(error) => return Err(error),
        };
    }
    Ok(consents)
}

/// The records whose consents carry this nonce, as far as more than one is of interest: the table allows one; more than that
/// tells of a changed schema, in which other columns may hold anything.
pub async fn with_nonce(
    connection: &mut MySqlConnection,
    nonce_index: &[u8; 32],
) -> Result<Vec<RecordId>, RowError> {
    const MOST: u32 = 100;
    sqlx::query(
        "SELECT DISTINCT record_id FROM consents WHERE nonce_index = ? ORDER BY record_id LIMIT ?",
    )
    .bind(nonce_index.as_slice())
    .bind(MOST)
    .fetch_all(connection)
    .await?
    .iter()
    .map(|row| Columns::of(TABLE, row).get("record_id"))
    .collect()
}

/// Those of these nonces that more than one consent carries.
pub async fn shared_nonces(
    connection: &mut MySqlConnection,
    nonce_indexes: &[[u8; 32]],
) -> Result<BTreeSet<[u8; 32]>, RowError> {
    if nonce_indexes.is_empty() {
        return Ok(BTreeSet::new());
    }
    let mut query =
        QueryBuilder::<MySql>::new("SELECT nonce_index FROM consents WHERE nonce_index IN (");
    let mut list = query.separated(", ");
    for index in nonce_indexes {
        list.push_bind(index.as_slice());
    }
    query.push(") GROUP BY nonce_index HAVING COUNT(*) > 1");
    query
        .build()
        .fetch_all(connection)
        .await?
        .iter()
        .map(|row| Columns::of(TABLE, row).get("nonce_index"))
        .collect()
}

/// Writes a consent back as a verified backup has it, whatever stands there now.
pub async fn put(connection: &mut MySqlConnection, consent: &Consent) -> Result<(), RowError> {
    let mut transaction = connection.begin().await?;
    sqlx::query("DELETE FROM consents WHERE (record_id = ? AND version = ?) OR nonce_index = ?")
        .bind(consent.record_id.as_bytes().as_slice())
        .bind(consent.version.get())
        .bind(consent.nonce_index.as_slice())
        .execute(&mut *transaction)
        .await?;
    insert(&mut transaction, consent).await?;
    transaction.commit().await?;
    Ok(())
}

/// Puts what stays of a message in its place.
/// [`RowError::Changed`] when the message is not the one that `before` has.
pub async fn redact(
    connection: &mut MySqlConnection,
    before: &Consent,
    redacted: &Consent,
) -> Result<(), RowError> {
    let done = sqlx::query(
        "UPDATE consents SET message = ?, mac = ? WHERE record_id = ? AND version = ? AND message = ? AND mac = ?",
    )
    .bind(&redacted.message)
    .bind(&redacted.mac)
    .bind(before.record_id.as_bytes().as_slice())
    .bind(before.version.get())
    .bind(&before.message)
    .bind(&before.mac)
    .execute(connection)
    .await?;
    match done.rows_affected() {
        0 => Err(RowError::changed(TABLE, before.record_id)),
        _ => Ok(()),
    }
}

/// Puts the same consent, sealed anew, in the place of what was read.
/// [`RowError::Changed`] when it is another one by now.
pub(crate) async fn replace_cells(
    connection: &mut MySqlConnection,
    before: &Consent,
    after: &Consent,
) -> Result<(), RowError> {
    let done = sqlx::query(
        "UPDATE consents SET message = ?, signature = ?, mac = ?
         WHERE record_id = ? AND version = ? AND message = ? AND signature = ? AND mac = ?",
    )
    .bind(&after.message)
    .bind(&after.signature)
    .bind(&after.mac)
    .bind(before.record_id.as_bytes().as_slice())
    .bind(before.version.get())
    .bind(&before.message)
    .bind(&before.signature)
    .bind(&before.mac)
    .execute(connection)
    .await?;
    match done.rows_affected() {
        0 => Err(RowError::changed(TABLE, before.record_id)),
        _ => Ok(()),
    }
}

/// How many consents to versions of this record there are.
pub(crate) async fn count_of(
    connection: &mut MySqlConnection,
    record: RecordId,
) -> Result<u64, RowError> {
    let count: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM consents WHERE record_id = ?")
        .bind(record.as_bytes().as_slice())
        .fetch_one(connection)
        .await?;
    Ok(count.unsigned_abs())
}

/// Takes out the consents to versions that are none of this record's; tells how many there were.
pub async fn remove_above(
    connection: &mut MySqlConnection,
    record: RecordId,
    newest: Version,
) -> Result<u64, RowError> {
    let done =
        sqlx::query("DELETE FROM consents WHERE record_id = ? AND (version > ? OR version = 0)")
            .bind(record.as_bytes().as_slice())
            .bind(newest.get())
            .execute(connection)
            .await?;
    Ok(done.rows_affected())
}

/// Takes out the consent to one version; false when there was none.
pub async fn remove(
    connection: &mut MySqlConnection,
    record: RecordId,
    version: Version,
) -> Result<bool, RowError> {
    let done = sqlx::query("DELETE FROM consents WHERE record_id = ? AND version = ?")
        .bind(record.as_bytes().as_slice())
        .bind(version.get())
        .execute(connection)
        .await?;
    Ok(done.rows_affected() > 0)
}

/// Destroys all consents of a record; tells how many there were.
pub async fn destroy(connection: &mut MySqlConnection, record: RecordId) -> Result<u64, RowError> {
    let done = sqlx::query("DELETE FROM consents WHERE record_id = ?")
        .bind(record.as_bytes().as_slice())
        .execute(connection)
        .await?;
    Ok(done.rows_affected())
}

//! What owners ask to have erased, and what came of it (docs/ERASURE.md). Never deleted; in the backup there is a copy of each
//! that was granted. MAC under the application key.

use keyring::{ApplicationKeys, MacBuilder, SealedError};
use rand::CryptoRng;
use record::ids::{ErasureId, RecordId, StaffId, Uid};
use record::time::UnixMillis;
use sqlx::mysql::{MySqlConnection, MySqlRow};
use sqlx::{MySql, QueryBuilder};
use zeroize::Zeroizing;

use crate::column::{Columns, text_enum};
use crate::error::{Checked, RowError};
use crate::request_way::RequestWay;

const TABLE: &str = "erasures";

text_enum! {
    /// What has come of it.
    ErasureState {
        /// Nobody has decided.
        Open = "open",
        /// It stays, for a reason.
        Refused = "refused",
        /// To be retired and destroyed.
        Granted = "granted",
        /// Nothing of the record is left.
        Destroyed = "destroyed",
    }
}

text_enum! {
    /// What shows that it is the owner who asks.
    Identity {
        /// The wallet's signature.
        Wallet = "wallet",
        /// A code that came to the address in the record.
        Code = "code",
        /// A document that staff saw.
        Document = "document",
        /// Staff know them.
        Known = "known",
    }
}

/// One request, with what came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Erasure {
    /// Its id.
    pub id: ErasureId,
    /// The record.
    pub record_id: RecordId,
    /// Its number on the chain.
    pub uid: Uid,
    /// What has come of it.
    pub state: ErasureState,
    /// How the owner asked.
    pub way: RequestWay,
    /// What shows that it is the owner; none while nobody has looked.
    pub identity: Option<Identity>,
    /// When they asked.
    pub asked_at: UnixMillis,
    /// By when they have an answer.
    pub due_at: UnixMillis,
    /// Who decided.
    pub decided_by: Option<StaffId>,
    /// When.
    pub decided_at: Option<UnixMillis>,
    /// Sealed: the evidence, or why it was refused.
    pub content: Option<Vec<u8>>,
    /// When nothing was left.
    pub destroyed_at: Option<UnixMillis>,
    /// The newest application key that had wrapped the owner's, or may have sealed a link to it.
    pub key_version: Option<u32>,
}

impl Erasure {
    /// Puts something into it, which opens for this row alone.
    pub fn fill(
        &mut self,
        keys: &ApplicationKeys,
        content: &[u8],
        rng: &mut (impl CryptoRng + ?Sized),
    ) {
        let id = self.id.as_bytes();
        self.content = Some(keys.seal("erasures.content", id, content, rng));
    }

    /// What it holds.
    ///
    /// # Errors
    /// When it was sealed for another row, or altered.
    pub fn open(&self, keys: &ApplicationKeys) -> Result<Option<Zeroizing<Vec<u8>>>, SealedError> {
        let id = self.id.as_bytes();
        self.content
            .as_deref()
            .map(|sealed| keys.open("erasures.content", id, sealed))
            .transpose()
    }

    pub(crate) fn read(row: &MySqlRow, keys: &ApplicationKeys) -> Result<Self, RowError> {
        let columns = Columns::of(TABLE, row);
        let erasure = Self {
            id: columns.get("id")?,
            record_id: columns.get("record_id")?,
            uid: columns.get("uid")?,
            state: columns.get("state")?,
            way: columns.get("way")?,
            identity: columns.get("identity")?,
            asked_at: columns.get("asked_at")?,
            due_at: columns.get("due_at")?,
            decided_by: columns.get("decided_by")?,
            decided_at: columns.get("decided_at")?,
            content: columns.get("content")?,
            destroyed_at: columns.get("destroyed_at")?,
            key_version: columns.get("key_version")?,
        };
        columns.check(erasure.id, erasure.mac(keys))?;
        Ok(erasure)
    }

    fn mac(&self, keys: &ApplicationKeys) -> MacBuilder {
        keys.mac(TABLE)
            .bytes(self.id.as_bytes())
            .bytes(self.record_id.as_bytes())
            .u64(self.uid.get())
            .text(self.state.as_str())
            .text(self.way.as_str())
            .opt_text(self.identity.map(Identity::as_str))
            .u64(self.asked_at.0)
            .u64(self.due_at.0)
            .opt_bytes(self.decided_by.as_ref().map(|id| id.as_bytes().as_slice()))
            .opt_u64(self.decided_at.map(|at| at.0))
            .opt_bytes(self.content.as_deref())
            .opt_u64(self.destroyed_at.map(|at| at.0))
            .opt_u64(self.key_version.map(u64::from))
    }
}

/// Stores a request, or in the backup a copy of one.
/// [`RowError::Duplicate`] of `PRIMARY` when it is there already.
pub async fn insert(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
    erasure: &Erasure,
) -> Result<(), RowError> {
    sqlx::query(
        "INSERT INTO erasures (id, record_id, uid, state, way, identity, asked_at, due_at, decided_by, decided_at, content,
                               destroyed_at, key_version, mac)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(erasure.id.as_bytes().as_slice())
    .bind(erasure.record_id.as_bytes().as_slice())
    .bind(erasure.uid.get())
    .bind(erasure.state.as_str())
    .bind(erasure.way.as_str())
    .bind(erasure.identity.map(Identity::as_str))
    .bind(erasure.asked_at.0)
    .bind(erasure.due_at.0)
    .bind(erasure.decided_by.as_ref().map(|id| id.as_bytes().as_slice()))
    .bind(erasure.decided_at.map(|at| at.0))
    .bind(erasure.content.as_deref())
    .bind(erasure.destroyed_at.map(|at| at.0))
    .bind(erasure.key_version)
    .bind(erasure.mac(keys).finish())
    .execute(connection)
    .await
    .map_err(|error| RowError::of_insert(TABLE, error))?;
    Ok(())
}

/// Puts a request back as it was, whatever stands in its place.
pub async fn put(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
    erasure: &Erasure,
) -> Result<(), RowError> {
    match insert(connection, keys, erasure).await {
        Err(error) if error.is_duplicate_of("PRIMARY") => {
            sqlx::query(
                "UPDATE erasures SET record_id = ?, uid = ?, way = ?, asked_at = ?, due_at = ? WHERE id = ?",
            )
            .bind(erasure.record_id.as_bytes().as_slice())
            .bind(erasure.uid.get())
            .bind(erasure.way.as_str())
            .bind(erasure.asked_at.0)
            .bind(erasure.due_at.0)
            .bind(erasure.id.as_bytes().as_slice())
            .execute(&mut *connection)
            .await?;
            update(connection, keys, erasure).await
        }
        inserted => inserted,
    }
}

/// Writes what may change of a request that the caller has locked.
/// [`RowError::Changed`] when the row is gone.
pub async fn update(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
    erasure: &Erasure,
) -> Result<(), RowError> {
    let done = sqlx::query(
        "UPDATE erasures SET state = ?, identity = ?, decided_by = ?, decided_at = ?, content = ?, destroyed_at = ?, key_version = ?,
                             mac = ?
         WHERE id = ?",
    )
    .bind(erasure.state.as_str())
    .bind(erasure.identity.map(Identity::as_str))
    .bind(erasure.decided_by.as_ref().map(|id| id.as_bytes().as_slice()))
    .bind(erasure.decided_at.map(|at| at.0))
    .bind(erasure.content.as_deref())
    .bind(erasure.destroyed_at.map(|at| at.0))
    .bind(erasure.key_version)
    .bind(erasure.mac(keys).finish())
    .bind(erasure.id.as_bytes().as_slice())
    .execute(connection)
    .await?;
    match done.rows_affected() {
        0 => Err(RowError::changed(TABLE, erasure.id)),
        _ => Ok(()),
    }
}

/// The request with this id, locked.
pub async fn lock(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
    id: ErasureId,
) -> Result<Option<Erasure>, RowError> {
    sqlx::query("SELECT * FROM erasures WHERE id = ? FOR UPDATE")
        .bind(id.as_bytes().as_slice())
        .fetch_optional(connection)
        .await?
        .map(|row| Erasure::read(&row, keys))
        .transpose()
}

/// The requests about a record, oldest first. Who changes one locks the record first.
pub async fn of_record(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
    record: RecordId,
) -> Result<Checked<Erasure>, RowError> {
    let rows = sqlx::query("SELECT * FROM erasures WHERE record_id = ? ORDER BY asked_at, id")
        .bind(record.as_bytes().as_slice())
        .fetch_all(connection)
        .await?;
    Checked::sort(rows.iter().map(|row| Erasure::read(row, keys)))
}

/// Those of these UIDs that were granted, whatever came of them since.
pub async fn granted_of(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
    uids: &[Uid],
) -> Result<Checked<Erasure>, RowError> {
    if uids.is_empty() {
        return Ok(Checked::default());
    }
    let mut query = QueryBuilder::<MySql>::new(
        "SELECT * FROM erasures WHERE state IN ('granted', 'destroyed') AND uid IN (",
    );
    let mut list = query.separated(", ");
    for uid in uids {
        list.push_bind(uid.get());
    }
    query.push(") ORDER BY asked_at, id");
    let rows = query
        .build()
        .persistent(false)
        .fetch_all(connection)
        .await?;
    Checked::sort(rows.iter().map(|row| Erasure::read(row, keys)))
}

/// At most `limit` in this state: of those that are open the one that is due first at the top, of others the newest.
pub async fn in_state(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
    state: ErasureState,
    limit: u32,
) -> Result<Checked<Erasure>, RowError> {
    let query = match state {
        ErasureState::Open => "SELECT * FROM erasures WHERE state = ? ORDER BY due_at, id LIMIT ?",
        _ => "SELECT * FROM erasures WHERE state = ? ORDER BY due_at DESC, id LIMIT ?",
    };
    let rows = sqlx::query(query)
        .bind(state.as_str())
        .bind(limit)
        .fetch_all(connection)
        .await?;
    Checked::sort(rows.iter().map(|row| Erasure::read(row, keys)))
}

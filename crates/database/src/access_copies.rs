//! Copies of everything that is held about an owner, each behind a link of its own (docs/ACCESS.md). What they hold of the owner is
//! emptied when they end; the rows stay. MAC under the front key.
//!
//! `open → revoked | locked | ended`; nothing comes back to `open`.

use keyring::{FrontKeys, MacBuilder};
use record::ids::{Draft, LinkId, RecordId, StaffId, Version};
use record::time::UnixMillis;
use sqlx::mysql::{MySqlConnection, MySqlRow};

use crate::column::{Columns, text_enum};
use crate::consent_links::MAX_CODE_ATTEMPTS;
use crate::erasures::Identity;
use crate::error::{Checked, RowError};
use crate::request_way::RequestWay;

const TABLE: &str = "access_copies";

text_enum! {
    /// What has become of a copy.
    CopyState {
        /// It lets its owner in until it expires.
        Open = "open",
        /// Staff took it back, or a newer one replaced it, or what it holds is to go.
        Revoked = "revoked",
        /// Too many wrong codes.
        Locked = "locked",
        /// Its time is over.
        Ended = "ended",
    }
}

/// One copy.
#[derive(Clone)]
pub struct AccessCopy {
    /// Its id; not its secret.
    pub id: LinkId,
    /// The record.
    pub record_id: RecordId,
    /// The version that the record was at: where its cells belong.
    pub version: Version,
    /// The draft of it.
    pub draft: Draft,
    /// Keyed hash of the link's secret.
    pub secret_hash: [u8; 32],
    /// The owner key, wrapped by the secret.
    pub wrapped_key: Vec<u8>,
    /// Cell of the code given at the desk.
    pub desk_code: Vec<u8>,
    /// Cell of the copy itself.
    pub content: Vec<u8>,
    /// What has become of it.
    pub state: CopyState,
    /// How the owner asked.
    pub way: RequestWay,
    /// What shows that it is the owner; none while nothing does.
    pub identity: Option<Identity>,
    /// Wrong codes so far.
    pub code_attempts: u32,
    /// Who at the desk noted it; none where the owner asked.
    pub created_by: Option<StaffId>,
    /// When it was asked for, and made.
    pub asked_at: UnixMillis,
    /// When it stops to let anyone in.
    pub expires_at: UnixMillis,
    /// When its owner first opened it.
    pub opened_at: Option<UnixMillis>,
}

impl AccessCopy {
    /// Whether it lets its owner in now.
    #[must_use]
    pub fn is_open(&self, now: UnixMillis) -> bool {
        self.state == CopyState::Open && now < self.expires_at
    }

    /// Whether staff have written down how they know the owner. That the wallet signed somewhere else shows nothing of who stands at
    /// the desk.
    #[must_use]
    pub const fn is_known_at_the_desk(&self) -> bool {
        matches!(self.identity, Some(Identity::Document | Identity::Known))
    }

    /// Ends it; what it holds of its owner goes with it.
    pub fn end(&mut self, to: CopyState) {
        self.state = to;
        self.wrapped_key.clear();
        self.desk_code.clear();
        self.content.clear();
    }

    /// Counts a wrong code; the last one allowed locks it.
    pub fn count_wrong_code(&mut self) {
        self.code_attempts = self.code_attempts.saturating_add(1);
        if self.code_attempts >= MAX_CODE_ATTEMPTS {
            self.end(CopyState::Locked);
        }
    }

    pub(crate) fn read(row: &MySqlRow, keys: &FrontKeys) -> Result<Self, RowError> {
        let columns = Columns::of(TABLE, row);
        let copy = Self {
            id: columns.get("id")?,
            record_id: columns.get("record_id")?,
            version: columns.get("version")?,
            draft: columns.get("draft")?,
            secret_hash: columns.get("secret_hash")?,
            wrapped_key: columns.get("wrapped_key")?,
            desk_code: columns.get("desk_code")?,
            content: columns.get("content")?,
            state: columns.get("state")?,
            way: columns.get("way")?,
            identity: columns.get("identity")?,
            code_attempts: columns.get("code_attempts")?,
            created_by: columns.get("created_by")?,
            asked_at: columns.get("asked_at")?,
            expires_at: columns.get("expires_at")?,
            opened_at: columns.get("opened_at")?,
        };
        columns.check(copy.id, copy.mac(keys))?;
        Ok(copy)
    }

    fn mac(&self, keys: &FrontKeys) -> MacBuilder {
        keys.mac(TABLE)
            .bytes(self.id.as_bytes())
            .bytes(self.record_id.as_bytes())
            .u32(self.version.get())
            .u32(self.draft.get())
            .bytes(&self.secret_hash)
            .bytes(&self.wrapped_key)
            .bytes(&self.desk_code)
            .bytes(&self.content)
            .text(self.state.as_str())
            .text(self.way.as_str())
            .opt_text(self.identity.map(Identity::as_str))
            .u32(self.code_attempts)
            .opt_bytes(self.created_by.as_ref().map(|id| id.as_bytes().as_slice()))
            .u64(self.asked_at.0)
            .u64(self.expires_at.0)
            .opt_u64(self.opened_at.map(|at| at.0))
    }
}

/// Stores a copy.
pub async fn insert(
    connection: &mut MySqlConnection,
    keys: &FrontKeys,
    copy: &AccessCopy,
) -> Result<(), RowError> {
    sqlx::query(
        "INSERT INTO access_copies (id, record_id, version, draft, secret_hash, wrapped_key, desk_code, content, state, way,
                                    identity, code_attempts, created_by, asked_at, expires_at, opened_at, mac)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(copy.id.as_bytes().as_slice())
    .bind(copy.record_id.as_bytes().as_slice())
    .bind(copy.version.get())
    .bind(copy.draft.get())
    .bind(copy.secret_hash.as_slice())
    .bind(&copy.wrapped_key)
    .bind(&copy.desk_code)
    .bind(&copy.content)
    .bind(copy.state.as_str())
    .bind(copy.way.as_str())
    .bind(copy.identity.map(Identity::as_str))
    .bind(copy.code_attempts)
    .bind(copy.created_by.as_ref().map(|id| id.as_bytes().as_slice()))
    .bind(copy.asked_at.0)
    .bind(copy.expires_at.0)
    .bind(copy.opened_at.map(|at| at.0))
    .bind(copy.mac(keys).finish())
    .execute(connection)
    .await
    .map_err(|error| RowError::of_insert(TABLE, error))?;
    Ok(())
}

/// Writes what may change of a copy that the caller has locked.
/// [`RowError::Changed`] when the row is gone.
pub async fn update(
    connection: &mut MySqlConnection,
    keys: &FrontKeys,
    copy: &AccessCopy,
) -> Result<(), RowError> {
    let done = sqlx::query(
        "UPDATE access_copies SET wrapped_key = ?, desk_code = ?, content = ?, state = ?, identity = ?, code_attempts = ?,
                                  opened_at = ?, mac = ?
         WHERE id = ?",
    )
    .bind(&copy.wrapped_key)
    .bind(&copy.desk_code)
    .bind(&copy.content)
    .bind(copy.state.as_str())
    .bind(copy.identity.map(Identity::as_str))
    .bind(copy.code_attempts)
    .bind(copy.opened_at.map(|at| at.0))
    .bind(copy.mac(keys).finish())
    .bind(copy.id.as_bytes().as_slice())
    .execute(connection)
    .await?;
    match done.rows_affected() {
        0 => Err(RowError::changed(TABLE, copy.id)),
        _ => Ok(()),
    }
}

/// The copy behind a link.
pub async fn by_secret_hash(
    connection: &mut MySqlConnection,
    keys: &FrontKeys,
    hash: &[u8; 32],
) -> Result<Option<AccessCopy>, RowError> {
    sqlx::query("SELECT * FROM access_copies WHERE secret_hash = ?")
        .bind(hash.as_slice())
        .fetch_optional(connection)
        .await?
        .map(|row| AccessCopy::read(&row, keys))
        .transpose()
}

/// One copy, locked until the caller's transaction ends.
pub async fn lock(
    connection: &mut MySqlConnection,
    keys: &FrontKeys,
    id: LinkId,
) -> Result<Option<AccessCopy>, RowError> {
    sqlx::query("SELECT * FROM access_copies WHERE id = ? FOR UPDATE")
        .bind(id.as_bytes().as_slice())
        .fetch_optional(connection)
        .await?
        .map(|row| AccessCopy::read(&row, keys))
        .transpose()
}

/// The copies of a record, newest first. A planted one is none.
pub async fn of_record(
    connection: &mut MySqlConnection,
    keys: &FrontKeys,
    record: RecordId,
) -> Result<Checked<AccessCopy>, RowError> {
    let rows =
        sqlx::query("SELECT * FROM access_copies WHERE record_id = ? ORDER BY asked_at DESC, id")
            .bind(record.as_bytes().as_slice())
            .fetch_all(connection)
            .await?;
    Checked::sort(rows.iter().map(|row| AccessCopy::read(row, keys)))
}

/// Ends whatever copy of a record still holds something of its owner; tells how many. A planted one is left as it is: it opens nothing.
pub async fn end_all_of(
    connection: &mut MySqlConnection,
    keys: &FrontKeys,
    record: RecordId,
) -> Result<usize, RowError> {
    let rows = sqlx::query(
        "SELECT * FROM access_copies WHERE record_id = ? AND content <> '' ORDER BY id FOR UPDATE",
    )
    .bind(record.as_bytes().as_slice())
    .fetch_all(&mut *connection)
    .await?;
    end_each(connection, keys, &rows, CopyState::Revoked).await
}

/// Ends the copies whose time was over before `before`; tells how many.
pub async fn end_expired(
    connection: &mut MySqlConnection,
    keys: &FrontKeys,
    before: UnixMillis,
) -> Result<usize, RowError> {
    let rows = sqlx::query(
        "SELECT * FROM access_copies WHERE state = 'open' AND expires_at < ? FOR UPDATE SKIP LOCKED",
    )
    .bind(before.0)
    .fetch_all(&mut *connection)
    .await?;
    end_each(connection, keys, &rows, CopyState::Ended).await
}

/// Of locked rows; tells how many were ours.
async fn end_each(
    connection: &mut MySqlConnection,
    keys: &FrontKeys,
    rows: &[MySqlRow],
    to: CopyState,
) -> Result<usize, RowError> {
    let copies = Checked::sort(rows.iter().map(|row| AccessCopy::read(row, keys)))?.rows;
    let count = copies.len();
    for mut copy in copies {
        copy.end(to);
        update(connection, keys, &copy).await?;
    }
    Ok(count)
}

//! Changes of wallets that owners lost (docs/LOST_WALLET.md): who asked, who confirmed, and what the authority signs. What a change
//! holds of its owner is a cell of their key, emptied when it ends; the rows stay. MAC under the application key.
//!
//! `asked → confirmed → ordered`, and `given_up` from each of them. One whose version is anchored is over by that.

use keyring::{ApplicationKeys, CellKind, MacBuilder, OwnerKey};
use rand::CryptoRng;
use record::ids::{Draft, RecordId, StaffId, Version, WalletChangeId};
use record::time::UnixMillis;
use sqlx::mysql::{MySqlConnection, MySqlRow};
use zeroize::Zeroizing;

use crate::column::{Columns, text_enum};
use crate::erasures::Identity;
use crate::error::{Checked, RowError};
use crate::sealed::{open_cell, seal_cell};

const TABLE: &str = "wallet_changes";

text_enum! {
    /// How far it has come.
    WalletChangeState {
        /// One member of staff has asked for it.
        Asked = "asked",
        /// A second one has confirmed it.
        Confirmed = "confirmed",
        /// The authority has signed for it.
        Ordered = "ordered",
        /// Nothing comes of it any more.
        GivenUp = "given_up",
    }
}

/// One change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WalletChange {
    /// Its id.
    pub id: WalletChangeId,
    /// The record.
    pub record_id: RecordId,
    /// The anchored version that it is to follow: where its cell belongs.
    pub version: Version,
    /// The draft of it.
    pub draft: Draft,
    /// How far it has come.
    pub state: WalletChangeState,
    /// Cell: the new wallet while it is asked, then what the authority is to sign, then that with its signature.
    pub content: Vec<u8>,
    /// What showed the first that it is the owner.
    pub identity: Identity,
    /// Who asked for it.
    pub asked_by: StaffId,
    /// When.
    pub asked_at: UnixMillis,
    /// What showed the second.
    pub confirmed_identity: Option<Identity>,
    /// Who confirmed it.
    pub confirmed_by: Option<StaffId>,
    /// When.
    pub confirmed_at: Option<UnixMillis>,
}

impl WalletChange {
    /// Whether something may still come of it, as far as the row tells.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.state != WalletChangeState::GivenUp
    }

    /// Puts something into it, which opens for this record and version alone.
    pub fn fill(&mut self, key: &OwnerKey, content: &[u8], rng: &mut (impl CryptoRng + ?Sized)) {
        let (version, draft, kind) = (self.version, self.draft, CellKind::WalletChange);
        self.content = seal_cell(key, version, draft, kind, content, rng);
    }

    /// What it holds; none when that does not open.
    #[must_use]
    pub fn open(&self, key: &OwnerKey) -> Option<Zeroizing<Vec<u8>>> {
        let (version, draft, kind) = (self.version, self.draft, CellKind::WalletChange);
        let opened = open_cell(key, version, draft, kind, &self.content).ok()?;
        Some(opened.value.clone())
    }

    /// Ends it; what it holds of its owner goes with it.
    pub fn end(&mut self) {
        self.state = WalletChangeState::GivenUp;
        self.content.clear();
    }

    pub(crate) fn read(row: &MySqlRow, keys: &ApplicationKeys) -> Result<Self, RowError> {
        let columns = Columns::of(TABLE, row);
        let change = Self {
            id: columns.get("id")?,
            record_id: columns.get("record_id")?,
            version: columns.get("version")?,
            draft: columns.get("draft")?,
            state: columns.get("state")?,
            content: columns.get("content")?,
            identity: columns.get("identity")?,
            asked_by: columns.get("asked_by")?,
            asked_at: columns.get("asked_at")?,
            confirmed_identity: columns.get("confirmed_identity")?,
            confirmed_by: columns.get("confirmed_by")?,
            confirmed_at: columns.get("confirmed_at")?,
        };
        columns.check(change.id, change.mac(keys))?;
        Ok(change)
    }

    fn mac(&self, keys: &ApplicationKeys) -> MacBuilder {
        let bytes = |id: &Option<StaffId>| id.map(|id| id.as_bytes().to_vec());
        keys.mac(TABLE)
            .bytes(self.id.as_bytes())
            .bytes(self.record_id.as_bytes())
            .u32(self.version.get())
            .u32(self.draft.get())
            .text(self.state.as_str())
            .bytes(&self.content)
            .text(self.identity.as_str())
            .bytes(self.asked_by.as_bytes())
            .u64(self.asked_at.0)
            .opt_text(self.confirmed_identity.map(Identity::as_str))
            .opt_bytes(bytes(&self.confirmed_by).as_deref())
            .opt_u64(self.confirmed_at.map(|at| at.0))
    }
}

/// Stores a change.
pub async fn insert(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
    change: &WalletChange,
) -> Result<(), RowError> {
    sqlx::query(
        "INSERT INTO wallet_changes (id, record_id, version, draft, state, content, identity, asked_by, asked_at,
                                     confirmed_identity, confirmed_by, confirmed_at, mac)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(change.id.as_bytes().as_slice())
    .bind(change.record_id.as_bytes().as_slice())
    .bind(change.version.get())
    .bind(change.draft.get())
    .bind(change.state.as_str())
    .bind(&change.content)
    .bind(change.identity.as_str())
    .bind(change.asked_by.as_bytes().as_slice())
    .bind(change.asked_at.0)
    .bind(change.confirmed_identity.map(Identity::as_str))
    .bind(change.confirmed_by.as_ref().map(|id| id.as_bytes().as_slice()))
    .bind(change.confirmed_at.map(|at| at.0))
    .bind(change.mac(keys).finish())
    .execute(connection)
    .await
    .map_err(|error| RowError::of_insert(TABLE, error))?;
    Ok(())
}

/// Writes what may change of a change whose record the caller has locked.
/// [`RowError::Changed`] when the row is gone.
pub async fn update(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
    change: &WalletChange,
) -> Result<(), RowError> {
    let done = sqlx::query(
        "UPDATE wallet_changes SET state = ?, content = ?, confirmed_identity = ?, confirmed_by = ?, confirmed_at = ?, mac = ?
         WHERE id = ?",
    )
    .bind(change.state.as_str())
    .bind(&change.content)
    .bind(change.confirmed_identity.map(Identity::as_str))
    .bind(change.confirmed_by.as_ref().map(|id| id.as_bytes().as_slice()))
    .bind(change.confirmed_at.map(|at| at.0))
    .bind(change.mac(keys).finish())
    .bind(change.id.as_bytes().as_slice())
    .execute(connection)
    .await?;
    match done.rows_affected() {
        0 => Err(RowError::changed(TABLE, change.id)),
        _ => Ok(()),
    }
}

/// Puts the same content, sealed anew, in the place of what was read; the caller has locked the record.
/// [`RowError::Changed`] when it is another one by now.
pub(crate) async fn replace_cell(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
    before: &WalletChange,
    after: &WalletChange,
) -> Result<(), RowError> {
    let done =
        sqlx::query("UPDATE wallet_changes SET content = ?, mac = ? WHERE id = ? AND content = ?")
            .bind(&after.content)
            .bind(after.mac(keys).finish())
            .bind(before.id.as_bytes().as_slice())
            .bind(&before.content)
            .execute(connection)
            .await?;
    match done.rows_affected() {
        0 => Err(RowError::changed(TABLE, before.id)),
        _ => Ok(()),
    }
}

/// The changes of a record, oldest first. Who changes one locks the record first. A planted one is none.
pub async fn of_record(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
    record: RecordId,
) -> Result<Checked<WalletChange>, RowError> {
    let rows =
        sqlx::query("SELECT * FROM wallet_changes WHERE record_id = ? ORDER BY asked_at, id")
            .bind(record.as_bytes().as_slice())
            .fetch_all(connection)
            .await?;
    Checked::sort(rows.iter().map(|row| WalletChange::read(row, keys)))
}

/// Those that something may still come of, the oldest first; at most `limit`. A planted one is none.
pub async fn under_way(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
    limit: u32,
) -> Result<Checked<WalletChange>, RowError> {
    let rows = sqlx::query(
        "SELECT c.* FROM wallet_changes c JOIN records r ON r.id = c.record_id
         WHERE c.state <> 'given_up' AND NOT (r.version > c.version AND r.state = 'anchored') AND r.state <> 'erasing'
         ORDER BY c.asked_at, c.id LIMIT ?",
    )
    .bind(limit)
    .fetch_all(connection)
    .await?;
    Checked::sort(rows.iter().map(|row| WalletChange::read(row, keys)))
}

/// Ends whatever change of a record still holds something of its owner; tells how many. A planted one is left as it is.
pub async fn end_all_of(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
    record: RecordId,
) -> Result<usize, RowError> {
    let rows = sqlx::query(
        "SELECT * FROM wallet_changes WHERE record_id = ? AND content <> '' ORDER BY id FOR UPDATE",
    )
    .bind(record.as_bytes().as_slice())
    .fetch_all(&mut *connection)
    .await?;
    let changes = Checked::sort(rows.iter().map(|row| WalletChange::read(row, keys)))?.rows;
    for change in &changes {
        let mut ended = change.clone();
        ended.end();
        close(connection, keys, &ended).await?;
    }
    Ok(changes.len())
}

/// By an account that may empty it, and nothing else.
async fn close(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
    change: &WalletChange,
) -> Result<(), RowError> {
    sqlx::query("UPDATE wallet_changes SET state = ?, content = ?, mac = ? WHERE id = ?")
        .bind(change.state.as_str())
        .bind(&change.content)
        .bind(change.mac(keys).finish())
        .bind(change.id.as_bytes().as_slice())
        .execute(connection)
        .await?;
    Ok(())
}

//! Links that let owners in. The secret is kept only as a keyed hash and wraps the owner's key. MAC under the front key.
//!
//! `open → used | revoked | locked | declined | corrected`; nothing comes back to `open`.

use keyring::{FrontKeys, MacBuilder};
use record::ids::{Draft, LinkId, RecordId, StaffId, Version};
use record::time::UnixMillis;
use sqlx::Connection;
use sqlx::mysql::{MySqlConnection, MySqlRow};

use crate::column::{Columns, text_enum};
use crate::error::{Checked, RowError};
use crate::transaction::finish;

const TABLE: &str = "consent_links";

/// So many wrong desk codes lock a link.
pub const MAX_CODE_ATTEMPTS: u32 = 5;

text_enum! {
    /// What has become of a link.
    LinkState {
        /// It lets its owner in until it expires.
        Open = "open",
        /// The owner signed.
        Used = "used",
        /// Staff took it back, or a newer draft or link replaced it.
        Revoked = "revoked",
        /// Too many wrong codes.
        Locked = "locked",
        /// The owner declined.
        Declined = "declined",
        /// The owner asked for a correction.
        Corrected = "corrected",
    }
}

/// One link.
#[derive(Clone)]
pub struct ConsentLink {
    /// Its id; not its secret.
    pub id: LinkId,
    /// The record it opens.
    pub record_id: RecordId,
    /// The version to be signed.
    pub version: Version,
    /// The draft to be signed: a link opens no other.
    pub draft: Draft,
    /// Keyed hash of the secret.
    pub secret_hash: [u8; 32],
    /// The owner key, wrapped by the secret.
    pub wrapped_key: Vec<u8>,
    /// Cell of the code given at the desk.
    pub desk_code: Vec<u8>,
    /// Cell of what the version to be signed follows ([`crate::sealed::Predecessor`]); none for a first version.
    pub predecessor: Option<Vec<u8>>,
    /// Cell of what is offered to be signed, once the link was opened.
    pub offer: Option<Vec<u8>>,
    /// What has become of it.
    pub state: LinkState,
    /// Wrong codes so far.
    pub code_attempts: u32,
    /// Who made it.
    pub created_by: StaffId,
    /// When.
    pub created_at: UnixMillis,
    /// When it stops to let anyone in.
    pub expires_at: UnixMillis,
}

/// A link about to be made.
#[derive(Clone)]
pub struct NewLink {
    /// A fresh id.
    pub id: LinkId,
    /// The record it opens.
    pub record_id: RecordId,
    /// The version to be signed.
    pub version: Version,
    /// The draft to be signed.
    pub draft: Draft,
    /// `FrontKeys::hash_secret`.
    pub secret_hash: [u8; 32],
    /// `LinkSecret::wrap`.
    pub wrapped_key: Vec<u8>,
    /// Cell of the code given at the desk.
    pub desk_code: Vec<u8>,
    /// Cell of what the version to be signed follows; none for a first version.
    pub predecessor: Option<Vec<u8>>,
    /// Who makes it.
    pub created_by: StaffId,
    /// When it is to stop.
    pub expires_at: UnixMillis,
}

impl ConsentLink {
    /// Whether it lets its owner in now.
    #[must_use]
    pub fn is_open(&self, now: UnixMillis) -> bool {
        self.state == LinkState::Open && !self.is_expired(now)
    }

    /// Whether its time is over.
    #[must_use]
    pub fn is_expired(&self, now: UnixMillis) -> bool {
        now >= self.expires_at
    }

    /// Whether it is for a version that corrects an anchored one.
    #[must_use]
    pub fn corrects(&self) -> bool {
        self.version > Version::FIRST
    }

    /// Ends the link. What it holds of its owner goes with it; a used one keeps it until [`forget_used`], for the receipt.
    pub fn end(&mut self, to: LinkState) {
        self.state = to;
        if to != LinkState::Used {
            self.forget();
        }
    }

    fn forget(&mut self) {
        self.wrapped_key.clear();
        self.desk_code.clear();
        self.predecessor = None;
        self.offer = None;
    }

    pub(crate) fn read(row: &MySqlRow, keys: &FrontKeys) -> Result<Self, RowError> {
        let columns = Columns::of(TABLE, row);
        let link = Self {
            id: columns.get("id")?,
            record_id: columns.get("record_id")?,
            version: columns.get("version")?,
            draft: columns.get("draft")?,
            secret_hash: columns.get("secret_hash")?,
            wrapped_key: columns.get("wrapped_key")?,
            desk_code: columns.get("desk_code")?,
            predecessor: columns.get("predecessor")?,
            offer: columns.get("offer")?,
            state: columns.get("state")?,
            code_attempts: columns.get("code_attempts")?,
            created_by: columns.get("created_by")?,
            created_at: columns.get("created_at")?,
            expires_at: columns.get("expires_at")?,
        };
        columns.check(link.id, link.mac(keys))?;
        Ok(link)
    }

    fn mac(&self, keys: &FrontKeys) -> MacBuilder {
        let mac = keys
            .mac(TABLE)
            .bytes(self.id.as_bytes())
            .bytes(self.record_id.as_bytes())
            .u32(self.version.get())
            .u32(self.draft.get())
            .bytes(&self.secret_hash)
            .bytes(&self.wrapped_key)
            .bytes(&self.desk_code)
            .opt_bytes(self.offer.as_deref())
            .text(self.state.as_str())
            .u32(self.code_attempts)
            .bytes(self.created_by.as_bytes())
            .u64(self.created_at.0)
            .u64(self.expires_at.0);
        // Links of before there were further versions keep the MAC that they have.
        match &self.predecessor {
            Some(predecessor) => mac.bytes(predecessor),
            None => mac,
        }
    }
}

/// Makes a link.
pub async fn insert(
    connection: &mut MySqlConnection,
    keys: &FrontKeys,
    new: NewLink,
    now: UnixMillis,
) -> Result<ConsentLink, RowError> {
    let link = ConsentLink {
        id: new.id,
        record_id: new.record_id,
        version: new.version,
        draft: new.draft,
        secret_hash: new.secret_hash,
        wrapped_key: new.wrapped_key,
        desk_code: new.desk_code,
        predecessor: new.predecessor,
        offer: None,
        state: LinkState::Open,
        code_attempts: 0,
        created_by: new.created_by,
        created_at: now,
        expires_at: new.expires_at,
    };
    sqlx::query(
        "INSERT INTO consent_links (id, record_id, version, draft, secret_hash, wrapped_key, desk_code, predecessor,
                                    offer, state, code_attempts, created_by, created_at, expires_at, mac)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(link.id.as_bytes().as_slice())
    .bind(link.record_id.as_bytes().as_slice())
    .bind(link.version.get())
    .bind(link.draft.get())
    .bind(link.secret_hash.as_slice())
    .bind(&link.wrapped_key)
    .bind(&link.desk_code)
    .bind(link.predecessor.as_deref())
    .bind(link.offer.as_deref())
    .bind(link.state.as_str())
    .bind(link.code_attempts)
    .bind(link.created_by.as_bytes().as_slice())
    .bind(link.created_at.0)
    .bind(link.expires_at.0)
    .bind(link.mac(keys).finish())
    .execute(connection)
    .await
    .map_err(|error| RowError::of_insert(TABLE, error))?;
    Ok(link)
}

/// The link with this secret, in whatever state.
pub async fn by_secret_hash(
    connection: &mut MySqlConnection,
    keys: &FrontKeys,
    secret_hash: &[u8; 32],
) -> Result<Option<ConsentLink>, RowError> {
    sqlx::query("SELECT * FROM consent_links WHERE secret_hash = ?")
        .bind(secret_hash.as_slice())
        .fetch_optional(connection)
        .await?
        .map(|row| ConsentLink::read(&row, keys))
        .transpose()
}

/// The link with this id, locked until the caller's transaction ends.
pub async fn lock(
    connection: &mut MySqlConnection,
    keys: &FrontKeys,
    id: LinkId,
) -> Result<Option<ConsentLink>, RowError> {
    sqlx::query("SELECT * FROM consent_links WHERE id = ? FOR UPDATE")
        .bind(id.as_bytes().as_slice())
        .fetch_optional(connection)
        .await?
        .map(|row| ConsentLink::read(&row, keys))
        .transpose()
}

/// All links of a record, newest first.
pub async fn of_record(
    connection: &mut MySqlConnection,
    keys: &FrontKeys,
    record: RecordId,
) -> Result<Checked<ConsentLink>, RowError> {
    let rows = sqlx::query(
        "SELECT * FROM consent_links WHERE record_id = ? ORDER BY created_at DESC, id DESC",
    )
    .bind(record.as_bytes().as_slice())
    .fetch_all(connection)
    .await?;
    Checked::sort(rows.iter().map(|row| ConsentLink::read(row, keys)))
}

/// The links that were made at this moment.
pub async fn made_at(
    connection: &mut MySqlConnection,
    keys: &FrontKeys,
    at: UnixMillis,
) -> Result<Checked<ConsentLink>, RowError> {
    let rows = sqlx::query("SELECT * FROM consent_links WHERE created_at = ? ORDER BY id")
        .bind(at.0)
        .fetch_all(connection)
        .await?;
    Checked::sort(rows.iter().map(|row| ConsentLink::read(row, keys)))
}

/// Writes the columns that may change of a link that the caller has locked: key, code, predecessor, offer, state, attempts.
/// [`RowError::Changed`] when the row is gone.
pub async fn update(
    connection: &mut MySqlConnection,
    keys: &FrontKeys,
    link: &ConsentLink,
) -> Result<(), RowError> {
    let done = sqlx::query(
        "UPDATE consent_links SET wrapped_key = ?, desk_code = ?, predecessor = ?, offer = ?, state = ?,
                                  code_attempts = ?, mac = ?
         WHERE id = ?",
    )
    .bind(&link.wrapped_key)
    .bind(&link.desk_code)
    .bind(link.predecessor.as_deref())
    .bind(link.offer.as_deref())
    .bind(link.state.as_str())
    .bind(link.code_attempts)
    .bind(link.mac(keys).finish())
    .bind(link.id.as_bytes().as_slice())
    .execute(connection)
    .await?;
    match done.rows_affected() {
        0 => Err(RowError::changed(TABLE, link.id)),
        _ => Ok(()),
    }
}

/// Ends an open link; [`RowError::Changed`] when it is not open any more.
pub async fn close(
    connection: &mut MySqlConnection,
    keys: &FrontKeys,
    id: LinkId,
    to: LinkState,
) -> Result<ConsentLink, RowError> {
    change_open(connection, keys, id, |link| link.end(to)).await
}

/// Counts a wrong code; the last one allowed locks the link.
/// [`RowError::Changed`] when the link is not open any more, [`RowError::Mac`] for a planted one.
pub async fn count_wrong_code(
    connection: &mut MySqlConnection,
    keys: &FrontKeys,
    id: LinkId,
) -> Result<ConsentLink, RowError> {
    change_open(connection, keys, id, |link| {
        link.code_attempts = link.code_attempts.saturating_add(1);
        if link.code_attempts >= MAX_CODE_ATTEMPTS {
            link.end(LinkState::Locked);
        }
    })
    .await
}

/// Revokes every open link of a record; tells how many. A planted one is left as it is: it opens nothing.
pub async fn revoke_open(
    connection: &mut MySqlConnection,
    keys: &FrontKeys,
    record: RecordId,
) -> Result<usize, RowError> {
    let mut transaction = connection.begin().await?;
    let rows = sqlx::query(
        "SELECT * FROM consent_links WHERE record_id = ? AND state = 'open' ORDER BY id FOR UPDATE",
    )
    .bind(record.as_bytes().as_slice())
    .fetch_all(&mut *transaction)
    .await?;
    let open = Checked::sort(rows.iter().map(|row| ConsentLink::read(row, keys)))?.rows;
    let count = open.len();
    for mut link in open {
        link.end(LinkState::Revoked);
        update(&mut transaction, keys, &link).await?;
    }
    transaction.commit().await?;
    Ok(count)
}

/// Destroys what the links to one version that were used still hold of their owner: the consent that came by them is given up.
pub async fn forget_used_for(
    connection: &mut MySqlConnection,
    keys: &FrontKeys,
    record: RecordId,
    version: Version,
) -> Result<(), RowError> {
    let rows = sqlx::query(
        "SELECT * FROM consent_links WHERE record_id = ? AND version = ? AND state = 'used' FOR UPDATE",
    )
    .bind(record.as_bytes().as_slice())
    .bind(version.get())
    .fetch_all(&mut *connection)
    .await?;
    forget_each(connection, keys, &rows).await?;
    Ok(())
}

/// Destroys what links used for a consent received before `before` still hold of their owners; tells how many.
pub async fn forget_used(
    connection: &mut MySqlConnection,
    keys: &FrontKeys,
    before: UnixMillis,
) -> Result<usize, RowError> {
    let used = "SELECT * FROM consent_links
                WHERE state = 'used' AND wrapped_key <> ''
                  AND EXISTS (SELECT 1 FROM consents
                              WHERE consents.record_id = consent_links.record_id AND consents.version = consent_links.version
                                AND consents.link_id = consent_links.id AND consents.received_at < ?)
                FOR UPDATE SKIP LOCKED";
    forget_all(connection, keys, used, before).await
}

/// The same of all links of a record, when everything of it is to go.
pub async fn forget_all_of(
    connection: &mut MySqlConnection,
    keys: &FrontKeys,
    record: RecordId,
) -> Result<usize, RowError> {
    let rows = sqlx::query(
        "SELECT * FROM consent_links WHERE record_id = ? AND wrapped_key <> '' FOR UPDATE",
    )
    .bind(record.as_bytes().as_slice())
    .fetch_all(&mut *connection)
    .await?;
    forget_each(connection, keys, &rows).await
}

/// The same of links that nobody used and that expired before `before`.
pub async fn forget_lapsed(
    connection: &mut MySqlConnection,
    keys: &FrontKeys,
    before: UnixMillis,
) -> Result<usize, RowError> {
    let lapsed =
        "SELECT * FROM consent_links WHERE state = 'open' AND wrapped_key <> '' AND expires_at < ?
                  FOR UPDATE SKIP LOCKED";
    forget_all(connection, keys, lapsed, before).await
}

async fn forget_all(
    connection: &mut MySqlConnection,
    keys: &FrontKeys,
    which: &'static str,
    before: UnixMillis,
) -> Result<usize, RowError> {
    let mut transaction = connection.begin().await?;
    let rows = sqlx::query(which)
        .bind(before.0)
        .fetch_all(&mut *transaction)
        .await?;
    let count = forget_each(&mut transaction, keys, &rows).await?;
    transaction.commit().await?;
    Ok(count)
}

/// Of locked rows; tells how many were ours.
async fn forget_each(
    connection: &mut MySqlConnection,
    keys: &FrontKeys,
    rows: &[MySqlRow],
) -> Result<usize, RowError> {
    let links = Checked::sort(rows.iter().map(|row| ConsentLink::read(row, keys)))?.rows;
    let count = links.len();
    for mut link in links {
        link.forget();
        update(connection, keys, &link).await?;
    }
    Ok(count)
}

async fn change_open(
    connection: &mut MySqlConnection,
    keys: &FrontKeys,
    id: LinkId,
    edit: impl FnOnce(&mut ConsentLink),
) -> Result<ConsentLink, RowError> {
    let mut transaction = connection.begin().await?;
    let outcome = async {
        let mut link = lock(&mut transaction, keys, id)
            .await?
            .filter(|link| link.state == LinkState::Open)
            .ok_or_else(|| RowError::changed(TABLE, id))?;
        edit(&mut link);
        update(&mut transaction, keys, &link).await?;
        Ok(link)
    }
    .await;
    finish(transaction, outcome).await
}

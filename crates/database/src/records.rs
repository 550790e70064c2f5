//! The records themselves: one row per data owner, without a word of what is sealed. MAC under the front key, since
//! consent-dapp moves the state.

mod put_back;

use keyring::{FrontKeys, MacBuilder};
use record::ids::{Draft, RecordId, StaffId, SubmissionId, Uid, Version};
use record::time::UnixMillis;
use sqlx::Connection;
use sqlx::mysql::{MySqlConnection, MySqlRow};

use crate::column::{Columns, text_enum};
use crate::error::RowError;
use crate::transaction::finish;

pub use put_back::{claim_uid, claiming, destroy, put, release_uid, submission_is_taken};

const TABLE: &str = "records";

text_enum! {
    /// Where a record is on its way.
    RecordState {
        /// Entered; the owner has not answered.
        AwaitingConsent = "awaiting_consent",
        /// The owner asked for a correction.
        CorrectionRequested = "correction_requested",
        /// The owner signed; staff have not approved.
        Consented = "consented",
        /// Approved; its anchoring job does the rest.
        Approved = "approved",
        /// Final on the chain.
        Anchored = "anchored",
        /// Its erasure was granted: it ends on the chain, and then everything of it goes.
        Erasing = "erasing",
        /// The owner declined; values and key are destroyed.
        Declined = "declined",
        /// Nobody signed in time; values and key are destroyed.
        Lapsed = "lapsed",
    }
}

impl RecordState {
    /// Whether nothing personal is left of a record in this state.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        matches!(self, Self::Declined | Self::Lapsed)
    }

    /// Whether something is held of a record in this state that its owner may have, or limit: not of one that is being erased.
    #[must_use]
    pub const fn is_held(self) -> bool {
        !self.is_empty() && !matches!(self, Self::Erasing)
    }
}

/// One record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Its id, known before the chain gives it a UID.
    pub id: RecordId,
    /// Its UID, once the anchor is final.
    pub uid: Option<Uid>,
    /// Where it is on its way.
    pub state: RecordState,
    /// The newest version.
    pub version: Version,
    /// The newest draft of that version.
    pub draft: Draft,
    /// Blind index of the wallet.
    pub wallet_index: [u8; 32],
    /// Blind index of the e-mail address.
    pub email_index: [u8; 32],
    /// The entry form's one-time token.
    pub submission: SubmissionId,
    /// Who entered it.
    pub created_by: StaffId,
    /// When.
    pub created_at: UnixMillis,
    /// The last change of this row.
    pub updated_at: UnixMillis,
}

/// A row as it was read, whatever became of its MAC: what a verdict looks at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// The row.
    pub record: Record,
    /// What stands in its `mac` column.
    pub mac: Vec<u8>,
}

impl Head {
    /// The row with the MAC that it gives.
    #[must_use]
    pub fn of(record: Record, keys: &FrontKeys) -> Self {
        let mac = record.mac(keys).finish();
        Self { record, mac }
    }

    pub(crate) fn read(row: &MySqlRow) -> Result<Self, RowError> {
        let columns = Columns::of(TABLE, row);
        Ok(Self {
            record: Record::unchecked(&columns)?,
            mac: columns.cell("mac"),
        })
    }

    /// Whether all columns are as one of our applications wrote them.
    #[must_use]
    pub fn is_ours(&self, keys: &FrontKeys) -> bool {
        self.record.mac(keys).verify(&self.mac).is_ok()
    }
}

/// A record about to be entered.
#[derive(Debug, Clone)]
pub struct NewRecord {
    /// A fresh id.
    pub id: RecordId,
    /// [`crate::index::wallet`].
    pub wallet_index: [u8; 32],
    /// [`crate::index::email`].
    pub email_index: [u8; 32],
    /// The entry form's one-time token.
    pub submission: SubmissionId,
    /// Who enters it.
    pub created_by: StaffId,
}

/// What entering a record came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entered {
    /// It is new.
    New(Record),
    /// This form was sent before: here is what it entered.
    Before(Record),
}

impl Record {
    /// Whether its newest version corrects an anchored one and is not anchored itself.
    #[must_use]
    pub fn has_correction_under_way(&self) -> bool {
        self.version > Version::FIRST && self.state != RecordState::Anchored
    }

    pub(crate) fn read(row: &MySqlRow, keys: &FrontKeys) -> Result<Self, RowError> {
        let columns = Columns::of(TABLE, row);
        let record = Self::unchecked(&columns)?;
        columns.check(record.id, record.mac(keys))?;
        Ok(record)
    }

    fn unchecked(columns: &Columns<'_>) -> Result<Self, RowError> {
        Ok(Self {
            id: columns.get("id")?,
            uid: columns.get("uid")?,
            state: columns.get("state")?,
            version: columns.get("version")?,
            draft: columns.get("draft")?,
            wallet_index: columns.get("wallet_index")?,
            email_index: columns.get("email_index")?,
            submission: columns.get("submission")?,
            created_by: columns.get("created_by")?,
            created_at: columns.get("created_at")?,
            updated_at: columns.get("updated_at")?,
        })
    }

    fn mac(&self, keys: &FrontKeys) -> MacBuilder {
        keys.mac(TABLE)
            .bytes(self.id.as_bytes())
            .opt_u64(self.uid.map(Uid::get))
            .text(self.state.as_str())
            .u32(self.version.get())
            .u32(self.draft.get())
            .bytes(&self.wallet_index)
            .bytes(&self.email_index)
            .bytes(self.submission.as_bytes())
            .bytes(self.created_by.as_bytes())
            .u64(self.created_at.0)
            .u64(self.updated_at.0)
    }
}

/// Enters a record; a form sent twice enters one.
pub async fn insert(
    connection: &mut MySqlConnection,
    keys: &FrontKeys,
    new: &NewRecord,
    now: UnixMillis,
) -> Result<Entered, RowError> {
    let record = Record {
        id: new.id,
        uid: None,
        state: RecordState::AwaitingConsent,
        version: Version::FIRST,
        draft: Draft::FIRST,
        wallet_index: new.wallet_index,
        email_index: new.email_index,
        submission: new.submission,
        created_by: new.created_by,
        created_at: now,
        updated_at: now,
    };
    match insert_row(connection, keys, &record).await {
        Ok(()) => Ok(Entered::New(record)),
        Err(error) if error.is_duplicate_of("records_submission") => {
            by_submission(connection, keys, new.submission)
                .await?
                .map(Entered::Before)
                .ok_or(error)
        }
        Err(error) => Err(error),
    }
}

async fn insert_row(
    connection: &mut MySqlConnection,
    keys: &FrontKeys,
    record: &Record,
) -> Result<(), RowError> {
    sqlx::query(
        "INSERT INTO records (id, uid, state, version, draft, wallet_index, email_index, submission, created_by,
                              created_at, updated_at, mac)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(record.id.as_bytes().as_slice())
    .bind(record.uid.map(Uid::get))
    .bind(record.state.as_str())
    .bind(record.version.get())
    .bind(record.draft.get())
    .bind(record.wallet_index.as_slice())
    .bind(record.email_index.as_slice())
    .bind(record.submission.as_bytes().as_slice())
    .bind(record.created_by.as_bytes().as_slice())
    .bind(record.created_at.0)
    .bind(record.updated_at.0)
    .bind(record.mac(keys).finish())
    .execute(connection)
    .await
    .map_err(|error| RowError::of_insert(TABLE, error))?;
    Ok(())
}

/// The record with this id.
pub async fn load(
    connection: &mut MySqlConnection,
    keys: &FrontKeys,
    id: RecordId,
) -> Result<Option<Record>, RowError> {
    sqlx::query("SELECT * FROM records WHERE id = ?")
        .bind(id.as_bytes().as_slice())
        .fetch_optional(connection)
        .await?
        .map(|row| Record::read(&row, keys))
        .transpose()
}

/// Locks the heads that claim a UID until the caller's transaction ends, whatever stands in them.
pub async fn lock_heads_of(connection: &mut MySqlConnection, uid: Uid) -> Result<(), RowError> {
    sqlx::query("SELECT id FROM records WHERE uid = ? FOR UPDATE")
        .bind(uid.get())
        .fetch_all(connection)
        .await?;
    Ok(())
}

/// The record with this id, locked until the caller's transaction ends.
pub async fn lock(
    connection: &mut MySqlConnection,
    keys: &FrontKeys,
    id: RecordId,
) -> Result<Option<Record>, RowError> {
    sqlx::query("SELECT * FROM records WHERE id = ? FOR UPDATE")
        .bind(id.as_bytes().as_slice())
        .fetch_optional(connection)
        .await?
        .map(|row| Record::read(&row, keys))
        .transpose()
}

/// Records that wait for their owner and have not been touched since `before`, and whose links ended before that: the oldest
/// first.
pub async fn waiting_since(
    connection: &mut MySqlConnection,
    before: UnixMillis,
    limit: u32,
) -> Result<Vec<RecordId>, RowError> {
    let rows = sqlx::query(
        "SELECT id FROM records
         WHERE state IN ('awaiting_consent', 'correction_requested') AND created_at < ? AND updated_at < ?
           AND NOT EXISTS (SELECT 1 FROM consent_links
                           WHERE consent_links.record_id = records.id AND consent_links.expires_at >= ?)
         ORDER BY created_at LIMIT ?",
    )
    .bind(before.0)
    .bind(before.0)
    .bind(before.0)
    .bind(limit)
    .fetch_all(connection)
    .await?;
    let id = |row: &MySqlRow| Columns::of(TABLE, row).get("id");
    rows.iter().map(id).collect()
}

/// The record that the chain knows as `uid`.
pub async fn by_uid(
    connection: &mut MySqlConnection,
    keys: &FrontKeys,
    uid: Uid,
) -> Result<Option<Record>, RowError> {
    sqlx::query("SELECT * FROM records WHERE uid = ?")
        .bind(uid.get())
        .fetch_optional(connection)
        .await?
        .map(|row| Record::read(&row, keys))
        .transpose()
}

/// The record that this form entered.
pub async fn by_submission(
    connection: &mut MySqlConnection,
    keys: &FrontKeys,
    submission: SubmissionId,
) -> Result<Option<Record>, RowError> {
    sqlx::query("SELECT * FROM records WHERE submission = ?")
        .bind(submission.as_bytes().as_slice())
        .fetch_optional(connection)
        .await?
        .map(|row| Record::read(&row, keys))
        .transpose()
}

/// Writes the columns that may change of a row that the caller has locked; sets `updated_at`.
/// [`RowError::Changed`] when the row is gone.
pub async fn update(
    connection: &mut MySqlConnection,
    keys: &FrontKeys,
    record: &mut Record,
    now: UnixMillis,
) -> Result<(), RowError> {
    record.updated_at = now;
    let done = sqlx::query(
        "UPDATE records SET uid = ?, state = ?, version = ?, draft = ?, wallet_index = ?, email_index = ?,
                            updated_at = ?, mac = ?
         WHERE id = ?",
    )
    .bind(record.uid.map(Uid::get))
    .bind(record.state.as_str())
    .bind(record.version.get())
    .bind(record.draft.get())
    .bind(record.wallet_index.as_slice())
    .bind(record.email_index.as_slice())
    .bind(record.updated_at.0)
    .bind(record.mac(keys).finish())
    .bind(record.id.as_bytes().as_slice())
    .execute(connection)
    .await
    .map_err(|error| RowError::of_insert(TABLE, error))?;
    match done.rows_affected() {
        0 => Err(RowError::changed(TABLE, record.id)),
        _ => Ok(()),
    }
}

/// Moves a record from one state to another; [`RowError::Changed`] when it is not in the expected one any more.
pub async fn change_state(
    connection: &mut MySqlConnection,
    keys: &FrontKeys,
    id: RecordId,
    from: RecordState,
    to: RecordState,
    now: UnixMillis,
) -> Result<Record, RowError> {
    let mut transaction = connection.begin().await?;
    let outcome = async {
        let mut record = lock(&mut transaction, keys, id)
            .await?
            .filter(|record| record.state == from)
            .ok_or_else(|| RowError::changed(TABLE, id))?;
        record.state = to;
        update(&mut transaction, keys, &mut record, now).await?;
        Ok(record)
    }
    .await;
    finish(transaction, outcome).await
}

//! Sealed copies of anchored record versions, in a database of their own. The account that writes them can only insert:
//! a copy is made once, and a second, different one stands beside the first. Another account takes copies out whose values
//! are to be destroyed. Nothing in it is trusted; a restore
//! recomputes the proof and compares with the chain.

use record::ids::{RecordId, Uid, Version};
use record::time::UnixMillis;
use sha2::{Digest, Sha256};
use sqlx::mysql::{MySqlConnection, MySqlRow};

use crate::column::Columns;
use crate::consents::Consent;
use crate::error::RowError;
use crate::record_versions::RecordVersion;
use crate::records::{Record, RecordState};
use crate::sealed::SealedVersion;

const TABLE: &str = "record_backups";

/// What is copied, and what a restore writes back: [`crate::records::put`], [`crate::record_versions::put`] and
/// [`crate::consents::put`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backup {
    /// The row; anchored.
    pub record: Record,
    /// The sealed values, with their anchor.
    pub values: RecordVersion,
    /// What the owner signed.
    pub consent: Consent,
}

/// A copy as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredBackup {
    /// Its number; higher is newer.
    pub id: u64,
    /// When it was made.
    pub stored_at: UnixMillis,
    /// What was copied. `record.updated_at` is the time of the copy.
    pub backup: Backup,
}

impl Backup {
    /// The cells, to be judged like those of the main database.
    #[must_use]
    pub fn sealed(&self) -> SealedVersion {
        SealedVersion {
            values: self.values.clone(),
            consent: Some(self.consent.clone()),
        }
    }

    fn content_hash(&self, uid: Uid, anchor: &[u8]) -> [u8; 32] {
        let Self {
            record,
            values,
            consent,
        } = self;
        let mut hash = Sha256::new();
        let parts: [&[u8]; 22] = [
            &uid.get().to_be_bytes(),
            &values.version.get().to_be_bytes(),
            record.id.as_bytes(),
            &values.draft.get().to_be_bytes(),
            &values.name,
            &values.email,
            &values.phone,
            &values.age,
            &values.address,
            &values.wallet,
            &values.relation,
            anchor,
            consent.link_id.as_bytes(),
            &consent.message,
            &consent.signature,
            &consent.nonce_index,
            &consent.received_at.0.to_be_bytes(),
            &consent.mac,
            &record.wallet_index,
            &record.email_index,
            record.submission.as_bytes(),
            record.created_by.as_bytes(),
        ];
        for part in parts {
            hash.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            hash.update(part);
        }
        hash.update(record.created_at.0.to_be_bytes());
        // Of copies without one the hash is what it was before there were any.
        if let Some(order) = &values.wallet_order {
            hash.update(u64::try_from(order.len()).unwrap_or(u64::MAX).to_be_bytes());
            hash.update(order);
        }
        hash.finalize().into()
    }
}

/// Copies an anchored version; false when this very copy is there already.
/// [`RowError::Changed`] when the version is not anchored.
pub async fn insert(
    connection: &mut MySqlConnection,
    backup: &Backup,
    now: UnixMillis,
) -> Result<bool, RowError> {
    let Backup {
        record,
        values,
        consent,
    } = backup;
    let (Some(uid), Some(anchor)) = (record.uid, values.anchor.as_deref()) else {
        return Err(RowError::changed("records", record.id));
    };
    let inserted = sqlx::query(
        "INSERT INTO record_backups (uid, version, record_id, content_hash, draft, name, email, phone, age, address,
                                     wallet, relation, anchor, link_id, message, signature,
                                     nonce_index, received_at, consent_mac, wallet_index, email_index, submission, created_by,
                                     created_at, stored_at, wallet_order)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(uid.get())
    .bind(values.version.get())
    .bind(record.id.as_bytes().as_slice())
    .bind(backup.content_hash(uid, anchor).as_slice())
    .bind(values.draft.get())
    .bind(&values.name)
    .bind(&values.email)
    .bind(&values.phone)
    .bind(&values.age)
    .bind(&values.address)
    .bind(&values.wallet)
    .bind(&values.relation)
    .bind(anchor)
    .bind(consent.link_id.as_bytes().as_slice())
    .bind(&consent.message)
    .bind(&consent.signature)
    .bind(consent.nonce_index.as_slice())
    .bind(consent.received_at.0)
    .bind(&consent.mac)
    .bind(record.wallet_index.as_slice())
    .bind(record.email_index.as_slice())
    .bind(record.submission.as_bytes().as_slice())
    .bind(record.created_by.as_bytes().as_slice())
    .bind(record.created_at.0)
    .bind(now.0)
    .bind(values.wallet_order.as_deref())
    .execute(connection)
    .await
    .map_err(|error| RowError::of_insert(TABLE, error));
    match inserted {
        Ok(_) => Ok(true),
        Err(error) if error.is_duplicate_of("record_backups_content") => Ok(false),
        Err(error) => Err(error),
    }
}

/// Destroys the copies with values of the version that this is a copy without values of; tells how many there were. Others without
/// values stay: another process may just have made one.
pub async fn remove_with_values(
    connection: &mut MySqlConnection,
    backup: &Backup,
) -> Result<u64, RowError> {
    let Backup { record, values, .. } = backup;
    let Some(uid) = record.uid else {
        return Err(RowError::changed("records", record.id));
    };
    let done = sqlx::query(
        "DELETE FROM record_backups WHERE uid = ? AND version = ? AND record_id = ?
           AND LENGTH(CONCAT(name, email, phone, age, address)) > 0",
    )
    .bind(uid.get())
    .bind(values.version.get())
    .bind(record.id.as_bytes().as_slice())
    .execute(connection)
    .await?;
    Ok(done.rows_affected())
}

/// Destroys one copy.
pub(crate) async fn destroy_one(
    connection: &mut MySqlConnection,
    copy: &StoredBackup,
) -> Result<(), RowError> {
    sqlx::query("DELETE FROM record_backups WHERE id = ? AND record_id = ?")
        .bind(copy.id)
        .bind(copy.backup.record.id.as_bytes().as_slice())
        .execute(connection)
        .await?;
    Ok(())
}

/// Destroys all copies of all versions of a UID; tells how many there were.
pub async fn destroy(connection: &mut MySqlConnection, uid: Uid) -> Result<u64, RowError> {
    let done = sqlx::query("DELETE FROM record_backups WHERE uid = ?")
        .bind(uid.get())
        .execute(connection)
        .await?;
    Ok(done.rows_affected())
}

/// All copies of all versions of a UID, newest first. More than one of a version means that somebody wrote one.
pub async fn of_uid(
    connection: &mut MySqlConnection,
    uid: Uid,
) -> Result<Vec<StoredBackup>, RowError> {
    sqlx::query("SELECT * FROM record_backups WHERE uid = ? ORDER BY id DESC")
        .bind(uid.get())
        .fetch_all(connection)
        .await?
        .iter()
        .map(read)
        .collect()
}

fn read(row: &MySqlRow) -> Result<StoredBackup, RowError> {
    let columns = Columns::of(TABLE, row);
    let record_id: RecordId = columns.get("record_id")?;
    let version: Version = columns.get("version")?;
    let draft = columns.get("draft")?;
    let stored_at = columns.get("stored_at")?;
    let record = Record {
        id: record_id,
        uid: Some(columns.get("uid")?),
        state: RecordState::Anchored,
        version,
        draft,
        wallet_index: columns.get("wallet_index")?,
        email_index: columns.get("email_index")?,
        submission: columns.get("submission")?,
        created_by: columns.get("created_by")?,
        created_at: columns.get("created_at")?,
        updated_at: stored_at,
    };
    let values = RecordVersion {
        record_id,
        version,
        draft,
        name: columns.get("name")?,
        email: columns.get("email")?,
        phone: columns.get("phone")?,
        age: columns.get("age")?,
        address: columns.get("address")?,
        wallet: columns.get("wallet")?,
        relation: columns.get("relation")?,
        anchor: columns.get("anchor")?,
        wallet_order: columns.get("wallet_order")?,
    };
    let consent = Consent {
        record_id,
        version,
        draft,
        link_id: columns.get("link_id")?,
        message: columns.get("message")?,
        signature: columns.get("signature")?,
        nonce_index: columns.get("nonce_index")?,
        received_at: columns.get("received_at")?,
        mac: columns.get("consent_mac")?,
    };
    Ok(StoredBackup {
        id: columns.get("id")?,
        stored_at,
        backup: Backup {
            record,
            values,
            consent,
        },
    })
}

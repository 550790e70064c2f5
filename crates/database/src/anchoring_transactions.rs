//! Every signed transaction of a job, committed before it is sent. A replacement (same nonce, higher fee) adds a row. MAC
//! under the application key.

use alloy_primitives::B256;
use keyring::{ApplicationKeys, MacBuilder};
use record::time::UnixMillis;
use sqlx::mysql::{MySqlConnection, MySqlRow};

use crate::column::Columns;
use crate::error::{Checked, RowError};

const TABLE: &str = "anchoring_transactions";

/// One signed transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnchoringTransaction {
    /// Its hash.
    pub hash: B256,
    /// The job it was signed for.
    pub job_id: u64,
    /// Its nonce.
    pub nonce: u64,
    /// The bytes to send.
    pub raw: Vec<u8>,
    /// When it was signed.
    pub created_at: UnixMillis,
}

impl AnchoringTransaction {
    pub(crate) fn read(row: &MySqlRow, keys: &ApplicationKeys) -> Result<Self, RowError> {
        let columns = Columns::of(TABLE, row);
        let transaction = Self {
            hash: columns.get("hash")?,
            job_id: columns.get("job_id")?,
            nonce: columns.get("nonce")?,
            raw: columns.get("raw")?,
            created_at: columns.get("created_at")?,
        };
        columns.check(transaction.hash, transaction.mac(keys))?;
        Ok(transaction)
    }

    fn mac(&self, keys: &ApplicationKeys) -> MacBuilder {
        keys.mac(TABLE)
            .bytes(self.hash.as_slice())
            .u64(self.job_id)
            .u64(self.nonce)
            .bytes(&self.raw)
            .u64(self.created_at.0)
    }
}

/// Commits a signed transaction before it is sent.
/// [`RowError::Duplicate`] when it is there already.
pub async fn insert(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
    transaction: &AnchoringTransaction,
) -> Result<(), RowError> {
    sqlx::query(
        "INSERT INTO anchoring_transactions (hash, job_id, nonce, raw, created_at, mac) VALUES (?, ?, ?, ?, ?, ?)",
    )
    .bind(transaction.hash.as_slice())
    .bind(transaction.job_id)
    .bind(transaction.nonce)
    .bind(&transaction.raw)
    .bind(transaction.created_at.0)
    .bind(transaction.mac(keys).finish())
    .execute(connection)
    .await
    .map_err(|error| RowError::of_insert(TABLE, error))?;
    Ok(())
}

/// All transactions of a job, oldest first.
pub async fn of_job(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
    job_id: u64,
) -> Result<Checked<AnchoringTransaction>, RowError> {
    let rows = sqlx::query(
        "SELECT * FROM anchoring_transactions WHERE job_id = ? ORDER BY created_at, hash",
    )
    .bind(job_id)
    .fetch_all(connection)
    .await?;
    Checked::sort(rows.iter().map(|row| AnchoringTransaction::read(row, keys)))
}

/// All transactions signed with this nonce, oldest first: one of them may be mined.
pub async fn with_nonce(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
    nonce: u64,
) -> Result<Checked<AnchoringTransaction>, RowError> {
    let rows = sqlx::query(
        "SELECT * FROM anchoring_transactions WHERE nonce = ? ORDER BY created_at, hash",
    )
    .bind(nonce)
    .fetch_all(connection)
    .await?;
    Checked::sort(rows.iter().map(|row| AnchoringTransaction::read(row, keys)))
}

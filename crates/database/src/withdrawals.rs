//! What owners took back of what they had allowed. Only ever added to. The purposes are sealed under the front key: whoever
//! takes consent back may hold no link, and then consent-dapp no key of theirs. MAC under the front key.

use std::collections::BTreeMap;

use keyring::{FrontKeys, MacBuilder, SealedError};
use rand::CryptoRng;
use record::ids::{Draft, RecordId, StaffId};
use record::time::UnixMillis;
use sqlx::mysql::{MySqlConnection, MySqlRow};
use zeroize::Zeroizing;

use crate::column::Columns;
use crate::error::{Checked, RowError};
use crate::of_records;
use crate::request_way::RequestWay;

const TABLE: &str = "withdrawals";

/// One withdrawal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Withdrawal {
    /// The record.
    pub record_id: RecordId,
    /// The newest draft that its owner had signed by then: what was allowed later stays allowed.
    pub draft: Draft,
    /// Sealed: the purposes.
    pub choices: Vec<u8>,
    /// How it came.
    pub way: RequestWay,
    /// Who wrote it down at the desk; none where the owner did.
    pub actor: Option<StaffId>,
    /// When.
    pub at: UnixMillis,
}

impl Withdrawal {
    /// Seals purposes for the row of this record and draft.
    #[must_use]
    pub fn seal(
        keys: &FrontKeys,
        record: RecordId,
        draft: Draft,
        choices: &[u8],
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> Vec<u8> {
        keys.seal("withdrawals.choices", &place(record, draft), choices, rng)
    }

    /// The purposes, as they were sealed.
    ///
    /// # Errors
    /// When they were sealed for another row, or altered.
    pub fn open(&self, keys: &FrontKeys) -> Result<Zeroizing<Vec<u8>>, SealedError> {
        let place = place(self.record_id, self.draft);
        keys.open("withdrawals.choices", &place, &self.choices)
    }

    pub(crate) fn read(row: &MySqlRow, keys: &FrontKeys) -> Result<Self, RowError> {
        let columns = Columns::of(TABLE, row);
        let withdrawal = Self {
            record_id: columns.get("record_id")?,
            draft: columns.get("draft")?,
            choices: columns.get("choices")?,
            way: columns.get("way")?,
            actor: columns.get("actor_id")?,
            at: columns.get("at")?,
        };
        columns.check(columns.get::<u64>("id")?, withdrawal.mac(keys))?;
        Ok(withdrawal)
    }

    fn mac(&self, keys: &FrontKeys) -> MacBuilder {
        keys.mac(TABLE)
            .bytes(self.record_id.as_bytes())
            .u32(self.draft.get())
            .bytes(&self.choices)
            .text(self.way.as_str())
            .opt_bytes(self.actor.as_ref().map(|id| id.as_bytes().as_slice()))
            .u64(self.at.0)
    }
}

fn place(record: RecordId, draft: Draft) -> Vec<u8> {
    [
        record.as_bytes().as_slice(),
        draft.get().to_be_bytes().as_slice(),
    ]
    .concat()
}

/// Adds one.
pub async fn append(
    connection: &mut MySqlConnection,
    keys: &FrontKeys,
    withdrawal: &Withdrawal,
) -> Result<(), RowError> {
    sqlx::query(
        "INSERT INTO withdrawals (record_id, draft, choices, way, actor_id, at, mac) VALUES (?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(withdrawal.record_id.as_bytes().as_slice())
    .bind(withdrawal.draft.get())
    .bind(&withdrawal.choices)
    .bind(withdrawal.way.as_str())
    .bind(withdrawal.actor.as_ref().map(|id| id.as_bytes().as_slice()))
    .bind(withdrawal.at.0)
    .bind(withdrawal.mac(keys).finish())
    .execute(connection)
    .await?;
    Ok(())
}

/// Those of a record, oldest first.
pub async fn of_record(
    connection: &mut MySqlConnection,
    keys: &FrontKeys,
    record: RecordId,
) -> Result<Checked<Withdrawal>, RowError> {
    let rows = sqlx::query("SELECT * FROM withdrawals WHERE record_id = ? ORDER BY id")
        .bind(record.as_bytes().as_slice())
        .fetch_all(connection)
        .await?;
    Checked::sort(rows.iter().map(|row| Withdrawal::read(row, keys)))
}

/// Those of each of these records that has any.
pub async fn of_records(
    connection: &mut MySqlConnection,
    keys: &FrontKeys,
    records: &[RecordId],
) -> Result<BTreeMap<RecordId, Checked<Withdrawal>>, RowError> {
    let read = |row: &MySqlRow| Withdrawal::read(row, keys);
    of_records::of_records(connection, (TABLE, "id"), records, read).await
}

//! Jobs that anchor record versions, or retire records (docs/ANCHORING.md tells their states), and the transactions signed for
//! them. MAC under the application key.

use std::collections::BTreeMap;

use alloy_primitives::B256;
use keyring::{ApplicationKeys, MacBuilder};
use record::ids::{RecordId, StaffId, Uid, Version};
use record::time::UnixMillis;
use sqlx::mysql::{MySqlConnection, MySqlRow};
use sqlx::{Connection, MySql, QueryBuilder};

use crate::column::{Columns, text_enum};
use crate::error::{Checked, RowError};
use crate::transaction::finish;

const TABLE: &str = "anchoring_jobs";

/// How many rows [`queued`] looks at in one go.
const PAGE: u32 = 100;

text_enum! {
    /// Where a job is on its way.
    JobState {
        /// Approved, waiting for its turn.
        Queued = "queued",
        /// Nonce, UID, timestamp, proof and transaction are committed.
        Planned = "planned",
        /// The transaction was given to the chain.
        Sent = "sent",
        /// The transaction is in a block, not yet at depth.
        Mined = "mined",
        /// The anchor is final.
        Anchored = "anchored",
        /// The signature did not hold: nothing may be anchored.
        Rejected = "rejected",
    }
}

/// One job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnchoringJob {
    /// Its number; jobs take their turn in this order.
    pub id: u64,
    /// The record.
    pub record_id: RecordId,
    /// The version to be anchored; none where the record is to be retired, which stands as 0.
    pub version: Option<Version>,
    /// Where it is on its way.
    pub state: JobState,
    /// Who approved.
    pub approved_by: StaffId,
    /// When.
    pub approved_at: UnixMillis,
    /// The UID planned for it.
    pub uid: Option<Uid>,
    /// The nonce of its transaction.
    pub nonce: Option<u64>,
    /// The timestamp planned for it, in Unix seconds as the chain counts.
    pub chain_timestamp: Option<u64>,
    /// The record proof planned for it.
    pub proof: Option<B256>,
    /// The newest transaction signed for it, or the one that was mined.
    pub transaction_hash: Option<B256>,
    /// The block that holds it.
    pub block_number: Option<u64>,
    /// How often it was tried.
    pub attempts: u32,
    /// What went wrong last: a word of ours, never free text.
    pub problem: Option<String>,
    /// The last change of this row.
    pub updated_at: UnixMillis,
}

impl AnchoringJob {
    pub(crate) fn read(row: &MySqlRow, keys: &ApplicationKeys) -> Result<Self, RowError> {
        let columns = Columns::of(TABLE, row);
        let job = Self {
            id: columns.get("id")?,
            record_id: columns.get("record_id")?,
            version: Version::new(columns.get("version")?),
            state: columns.get("state")?,
            approved_by: columns.get("approved_by")?,
            approved_at: columns.get("approved_at")?,
            uid: columns.get("uid")?,
            nonce: columns.get("nonce")?,
            chain_timestamp: columns.get("chain_timestamp")?,
            proof: columns.get("proof")?,
            transaction_hash: columns.get("transaction_hash")?,
            block_number: columns.get("block_number")?,
            attempts: columns.get("attempts")?,
            problem: columns.get("problem")?,
            updated_at: columns.get("updated_at")?,
        };
        columns.check(job.id, job.mac(keys))?;
        Ok(job)
    }

    fn mac(&self, keys: &ApplicationKeys) -> MacBuilder {
        keys.mac(TABLE)
            .u64(self.id)
            .bytes(self.record_id.as_bytes())
            .u32(number(self.version))
            .text(self.state.as_str())
            .bytes(self.approved_by.as_bytes())
            .u64(self.approved_at.0)
            .opt_u64(self.uid.map(Uid::get))
            .opt_u64(self.nonce)
            .opt_u64(self.chain_timestamp)
            .opt_bytes(self.proof.as_ref().map(|hash| hash.as_slice()))
            .opt_bytes(self.transaction_hash.as_ref().map(|hash| hash.as_slice()))
            .opt_u64(self.block_number)
            .u32(self.attempts)
            .opt_text(self.problem.as_deref())
            .u64(self.updated_at.0)
    }
}

/// Queues the anchoring of an approved version, or the retirement of a record.
/// [`RowError::Duplicate`] of `anchoring_jobs_version` when it was approved before.
pub async fn insert(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
    record_id: RecordId,
    version: Option<Version>,
    approved_by: StaffId,
    now: UnixMillis,
) -> Result<AnchoringJob, RowError> {
    let mut transaction = connection.begin().await?;
    let outcome = insert_row(&mut transaction, keys, record_id, version, approved_by, now).await;
    finish(transaction, outcome).await
}

async fn insert_row(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
    record_id: RecordId,
    version: Option<Version>,
    approved_by: StaffId,
    now: UnixMillis,
) -> Result<AnchoringJob, RowError> {
    // The MAC covers the id, which is known only once the row stands; nobody sees the row in between.
    let inserted = sqlx::query(
        "INSERT INTO anchoring_jobs (record_id, version, state, approved_by, approved_at, attempts, updated_at, mac)
         VALUES (?, ?, 'queued', ?, ?, 0, ?, '')",
    )
    .bind(record_id.as_bytes().as_slice())
    .bind(number(version))
    .bind(approved_by.as_bytes().as_slice())
    .bind(now.0)
    .bind(now.0)
    .execute(&mut *connection)
    .await
    .map_err(|error| RowError::of_insert(TABLE, error))?;
    let mut job = AnchoringJob {
        id: inserted.last_insert_id(),
        record_id,
        version,
        state: JobState::Queued,
        approved_by,
        approved_at: now,
        uid: None,
        nonce: None,
        chain_timestamp: None,
        proof: None,
        transaction_hash: None,
        block_number: None,
        attempts: 0,
        problem: None,
        updated_at: now,
    };
    update(connection, keys, &mut job, now).await?;
    Ok(job)
}

fn number(version: Option<Version>) -> u32 {
    version.map_or(0, Version::get)
}

/// The job with this number, locked until the caller's transaction ends.
pub async fn lock(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
    id: u64,
) -> Result<Option<AnchoringJob>, RowError> {
    sqlx::query("SELECT * FROM anchoring_jobs WHERE id = ? FOR UPDATE")
        .bind(id)
        .fetch_optional(connection)
        .await?
        .map(|row| AnchoringJob::read(&row, keys))
        .transpose()
}

/// The record's rejected jobs, locked. One that is under way is left alone: a round may hold it.
pub async fn lock_rejected(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
    record: RecordId,
) -> Result<Vec<AnchoringJob>, RowError> {
    let jobs = of_record(connection, keys, record).await?;
    let mut rejected = Vec::new();
    for job in jobs.rows {
        if job.state == JobState::Rejected {
            let locked = lock(connection, keys, job.id).await?;
            // Somebody else may have approved it meanwhile.
            rejected.extend(locked.filter(|job| job.state == JobState::Rejected));
        }
    }
    Ok(rejected)
}

/// Writes the columns that may change of a job that the caller has locked (or holds the lease for); sets `updated_at`.
/// [`RowError::Changed`] when the job is gone.
pub async fn update(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
    job: &mut AnchoringJob,
    now: UnixMillis,
) -> Result<(), RowError> {
    job.updated_at = now;
    let done = sqlx::query(
        "UPDATE anchoring_jobs
         SET state = ?, approved_by = ?, approved_at = ?, uid = ?, nonce = ?, chain_timestamp = ?, proof = ?, transaction_hash = ?, block_number = ?,
             attempts = ?, problem = ?, updated_at = ?, mac = ?
         WHERE id = ?",
    )
    .bind(job.state.as_str())
    .bind(job.approved_by.as_bytes().as_slice())
    .bind(job.approved_at.0)
    .bind(job.uid.map(Uid::get))
    .bind(job.nonce)
    .bind(job.chain_timestamp)
    .bind(job.proof.as_ref().map(|hash| hash.as_slice()))
    .bind(job.transaction_hash.as_ref().map(|hash| hash.as_slice()))
    .bind(job.block_number)
    .bind(job.attempts)
    .bind(job.problem.as_deref())
    .bind(job.updated_at.0)
    .bind(job.mac(keys).finish())
    .bind(job.id)
    .execute(connection)
    .await?;
    match done.rows_affected() {
        0 => Err(RowError::changed(TABLE, job.id)),
        _ => Ok(()),
    }
}

/// The next queued jobs with a number above `after`, at most `limit`, first come first served. Planted ones are passed
/// over, however many stand in front.
pub async fn queued(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
    mut after: u64,
    limit: usize,
) -> Result<Checked<AnchoringJob>, RowError> {
    let mut found = Checked::default();
    while found.rows.len() < limit {
        let rows = sqlx::query(
            "SELECT * FROM anchoring_jobs WHERE state = 'queued' AND id > ? ORDER BY id LIMIT ?",
        )
        .bind(after)
        .bind(PAGE)
        .fetch_all(&mut *connection)
        .await?;
        let Some(last) = rows.last() else { break };
        after = Columns::of(TABLE, last).get::<u64>("id")?;
        let page = Checked::sort(rows.iter().map(|row| AnchoringJob::read(row, keys)))?;
        found.rows.extend(page.rows);
        found.tampered.extend(page.tampered);
    }
    found.rows.truncate(limit);
    Ok(found)
}

/// All jobs whose transaction is committed and not final, in the order of their nonces.
pub async fn in_flight(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
) -> Result<Checked<AnchoringJob>, RowError> {
    let rows = sqlx::query(
        "SELECT * FROM anchoring_jobs WHERE state IN ('planned', 'sent', 'mined') ORDER BY nonce, id",
    )
    .fetch_all(connection)
    .await?;
    Checked::sort(rows.iter().map(|row| AnchoringJob::read(row, keys)))
}

/// The jobs that plan, or have used, this UID: a UID that failed may stand in a rejected job too.
pub async fn by_uid(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
    uid: Uid,
) -> Result<Checked<AnchoringJob>, RowError> {
    let rows = sqlx::query("SELECT * FROM anchoring_jobs WHERE uid = ? ORDER BY id")
        .bind(uid.get())
        .fetch_all(connection)
        .await?;
    Checked::sort(rows.iter().map(|row| AnchoringJob::read(row, keys)))
}

/// All jobs of a record: that of its retirement, and those of its versions, the oldest first.
pub async fn of_record(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
    record: RecordId,
) -> Result<Checked<AnchoringJob>, RowError> {
    let rows = sqlx::query("SELECT * FROM anchoring_jobs WHERE record_id = ? ORDER BY version")
        .bind(record.as_bytes().as_slice())
        .fetch_all(connection)
        .await?;
    Checked::sort(rows.iter().map(|row| AnchoringJob::read(row, keys)))
}

/// Of each of these records the job whose word stands on the chain, the newest anchored one; the newest where none is. A
/// correction that is under way, or was refused, has a job of its own.
pub async fn anchored_or_newest_of(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
    records: &[RecordId],
) -> Result<BTreeMap<RecordId, AnchoringJob>, RowError> {
    if records.is_empty() {
        return Ok(BTreeMap::new());
    }
    let mut query = QueryBuilder::<MySql>::new("SELECT * FROM anchoring_jobs WHERE record_id IN (");
    let mut list = query.separated(", ");
    for record in records {
        list.push_bind(record.as_bytes().as_slice());
    }
    query.push(") ORDER BY record_id, version");
    let rows = query.build().fetch_all(connection).await?;
    let mut jobs = Checked::sort(rows.iter().map(|row| AnchoringJob::read(row, keys)))?.rows;
    jobs.retain(|job| job.version.is_some());
    let mut chosen: BTreeMap<RecordId, AnchoringJob> = BTreeMap::new();
    for job in jobs {
        let before = chosen.get(&job.record_id);
        let stands = before.is_some_and(|before| before.state == JobState::Anchored);
        if !stands || job.state == JobState::Anchored {
            chosen.insert(job.record_id, job);
        }
    }
    Ok(chosen)
}

/// Jobs in one state with a number above `after`, in order.
pub async fn in_state(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
    state: JobState,
    after: u64,
    limit: u32,
) -> Result<Checked<AnchoringJob>, RowError> {
    let rows =
        sqlx::query("SELECT * FROM anchoring_jobs WHERE state = ? AND id > ? ORDER BY id LIMIT ?")
            .bind(state.as_str())
            .bind(after)
            .bind(limit)
            .fetch_all(connection)
            .await?;
    Checked::sort(rows.iter().map(|row| AnchoringJob::read(row, keys)))
}

/// How many jobs stand in each state, MACs aside: for people to see, never to work by.
pub async fn counts(connection: &mut MySqlConnection) -> Result<BTreeMap<JobState, u64>, RowError> {
    // MariaDB counts in signed numbers, MySQL too; the cast makes both say so.
    let rows = sqlx::query(
        "SELECT state, CAST(COUNT(*) AS UNSIGNED) AS jobs FROM anchoring_jobs GROUP BY state",
    )
    .fetch_all(connection)
    .await?;
    let mut counts = BTreeMap::new();
    for row in &rows {
        let columns = Columns::of(TABLE, row);
        // A state that we never write counts as none.
        if let Ok(state) = columns.get("state") {
            counts.insert(state, columns.get("jobs")?);
        }
    }
    Ok(counts)
}

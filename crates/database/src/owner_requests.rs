//! Owners without a link who ask to be let in: consent-dapp writes the request, entry-app the code that opens it. What is in it is
//! sealed under the front key and wiped in the end. MAC under the front key.
//!
//! `asked → ready | void`, `ready ⇄ wished`, `wished → void`.

use keyring::{FrontKeys, MacBuilder, SealedError};
use rand::CryptoRng;
use record::ids::{RecordId, RequestId};
use record::time::UnixMillis;
use sqlx::mysql::{MySqlConnection, MySqlRow};
use zeroize::Zeroizing;

use crate::column::{Columns, text_enum};
use crate::error::{Checked, RowError};

const TABLE: &str = "owner_requests";

text_enum! {
    /// What has become of a request.
    RequestState {
        /// The code is still to be made.
        Asked = "asked",
        /// The code is on its way.
        Ready = "ready",
        /// It holds a wish for a correction that is still to be put into the record.
        Wished = "wished",
        /// There is nobody to write to.
        Void = "void",
    }
}

/// One request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnerRequest {
    /// Its id.
    pub id: RequestId,
    /// The record that it is about.
    pub record_id: RecordId,
    /// What has become of it.
    pub state: RequestState,
    /// Sealed: the code, whom to tell, what may be taken back, a wish. There while it is of use.
    pub content: Option<Vec<u8>>,
    /// When it was made.
    pub asked_at: UnixMillis,
}

impl OwnerRequest {
    /// A request about this record, made now.
    #[must_use]
    pub fn new(record: RecordId, now: UnixMillis, rng: &mut (impl CryptoRng + ?Sized)) -> Self {
        Self {
            id: RequestId::random(rng),
            record_id: record,
            state: RequestState::Asked,
            content: None,
            asked_at: now,
        }
    }

    /// Puts something into it, which opens for this request alone.
    pub fn fill(
        &mut self,
        keys: &FrontKeys,
        to: RequestState,
        content: &[u8],
        rng: &mut (impl CryptoRng + ?Sized),
    ) {
        let id = self.id.as_bytes();
        self.content = Some(keys.seal("owner_requests.content", id, content, rng));
        self.state = to;
    }

    /// What it holds; none before it is ready, and after it is over.
    ///
    /// # Errors
    /// When it was sealed for another request, or altered.
    pub fn open(&self, keys: &FrontKeys) -> Result<Option<Zeroizing<Vec<u8>>>, SealedError> {
        let id = self.id.as_bytes();
        self.content
            .as_deref()
            .map(|sealed| keys.open("owner_requests.content", id, sealed))
            .transpose()
    }

    /// Ends it; what it holds goes with it.
    pub fn end(&mut self, to: RequestState) {
        self.state = to;
        self.content = None;
    }

    pub(crate) fn read(row: &MySqlRow, keys: &FrontKeys) -> Result<Self, RowError> {
        let columns = Columns::of(TABLE, row);
        let request = Self {
            id: columns.get("id")?,
            record_id: columns.get("record_id")?,
            state: columns.get("state")?,
            content: columns.get("content")?,
            asked_at: columns.get("asked_at")?,
        };
        columns.check(request.id, request.mac(keys))?;
        Ok(request)
    }

    fn mac(&self, keys: &FrontKeys) -> MacBuilder {
        keys.mac(TABLE)
            .bytes(self.id.as_bytes())
            .bytes(self.record_id.as_bytes())
            .text(self.state.as_str())
            .opt_bytes(self.content.as_deref())
            .u64(self.asked_at.0)
    }
}

/// Stores a request.
pub async fn insert(
    connection: &mut MySqlConnection,
    keys: &FrontKeys,
    request: &OwnerRequest,
) -> Result<(), RowError> {
    sqlx::query(
        "INSERT INTO owner_requests (id, record_id, state, content, asked_at, mac)
         VALUES (?, ?, ?, ?, ?, ?)",
    )
    .bind(request.id.as_bytes().as_slice())
    .bind(request.record_id.as_bytes().as_slice())
    .bind(request.state.as_str())
    .bind(request.content.as_deref())
    .bind(request.asked_at.0)
    .bind(request.mac(keys).finish())
    .execute(connection)
    .await
    .map_err(|error| RowError::of_insert(TABLE, error))?;
    Ok(())
}

/// Writes what may change of a request that the caller has locked: state and content.
/// [`RowError::Changed`] when the row is gone.
pub async fn update(
    connection: &mut MySqlConnection,
    keys: &FrontKeys,
    request: &OwnerRequest,
) -> Result<(), RowError> {
    let done =
        sqlx::query("UPDATE owner_requests SET state = ?, content = ?, mac = ? WHERE id = ?")
            .bind(request.state.as_str())
            .bind(request.content.as_deref())
            .bind(request.mac(keys).finish())
            .bind(request.id.as_bytes().as_slice())
            .execute(connection)
            .await?;
    match done.rows_affected() {
        0 => Err(RowError::changed(TABLE, request.id)),
        _ => Ok(()),
    }
}

/// The requests about a record since then, newest first. A planted one is none.
pub async fn since(
    connection: &mut MySqlConnection,
    keys: &FrontKeys,
    record: RecordId,
    then: UnixMillis,
) -> Result<Checked<OwnerRequest>, RowError> {
    let rows = sqlx::query(
        "SELECT * FROM owner_requests WHERE record_id = ? AND asked_at >= ? ORDER BY asked_at DESC, id",
    )
    .bind(record.as_bytes().as_slice())
    .bind(then.0)
    .fetch_all(connection)
    .await?;
    Checked::sort(rows.iter().map(|row| OwnerRequest::read(row, keys)))
}

/// One request.
pub async fn load(
    connection: &mut MySqlConnection,
    keys: &FrontKeys,
    id: RequestId,
) -> Result<Option<OwnerRequest>, RowError> {
    sqlx::query("SELECT * FROM owner_requests WHERE id = ?")
        .bind(id.as_bytes().as_slice())
        .fetch_optional(connection)
        .await?
        .map(|row| OwnerRequest::read(&row, keys))
        .transpose()
}

/// One request, locked until the caller's transaction ends.
pub async fn lock(
    connection: &mut MySqlConnection,
    keys: &FrontKeys,
    id: RequestId,
) -> Result<Option<OwnerRequest>, RowError> {
    sqlx::query("SELECT * FROM owner_requests WHERE id = ? FOR UPDATE")
        .bind(id.as_bytes().as_slice())
        .fetch_optional(connection)
        .await?
        .map(|row| OwnerRequest::read(&row, keys))
        .transpose()
}

/// [`lock`], of a row that nobody else holds: of another one none.
pub async fn lock_free(
    connection: &mut MySqlConnection,
    keys: &FrontKeys,
    id: RequestId,
) -> Result<Option<OwnerRequest>, RowError> {
    sqlx::query("SELECT * FROM owner_requests WHERE id = ? FOR UPDATE SKIP LOCKED")
        .bind(id.as_bytes().as_slice())
        .fetch_optional(connection)
        .await?
        .map(|row| OwnerRequest::read(&row, keys))
        .transpose()
}

/// The requests whose code is still to be made, or whose wish is to be put into the record, the newest first: what somebody plants
/// by the million can only look older than what is asked now, or be told by its time.
pub async fn unanswered(
    connection: &mut MySqlConnection,
    keys: &FrontKeys,
    now: UnixMillis,
) -> Result<Checked<OwnerRequest>, RowError> {
    const MOST: u32 = 1000;
    let rows = sqlx::query(
        "SELECT * FROM owner_requests WHERE state IN ('asked', 'wished') AND asked_at <= ?
         ORDER BY asked_at DESC, id LIMIT ?",
    )
    .bind(now.0)
    .bind(MOST)
    .fetch_all(connection)
    .await?;
    Checked::sort(rows.iter().map(|row| OwnerRequest::read(row, keys)))
}

/// Wipes what requests made before `before` still hold; tells how many. A wish that is not in its record yet stays.
pub async fn wipe(
    connection: &mut MySqlConnection,
    keys: &FrontKeys,
    before: UnixMillis,
) -> Result<usize, RowError> {
    let rows = sqlx::query(
        "SELECT * FROM owner_requests WHERE asked_at < ? AND content IS NOT NULL AND state <> 'wished' FOR UPDATE SKIP LOCKED",
    )
    .bind(before.0)
    .fetch_all(&mut *connection)
    .await?;
    let ours = Checked::sort(rows.iter().map(|row| OwnerRequest::read(row, keys)))?.rows;
    let count = ours.len();
    for mut request in ours {
        let state = request.state;
        request.end(state);
        update(connection, keys, &request).await?;
    }
    Ok(count)
}

/// Deletes the requests made before `before`; tells how many. One that is not ours stays, as evidence.
pub async fn remove(
    connection: &mut MySqlConnection,
    keys: &FrontKeys,
    before: UnixMillis,
) -> Result<usize, RowError> {
    let rows = sqlx::query("SELECT * FROM owner_requests WHERE asked_at < ? AND state <> 'wished'")
        .bind(before.0)
        .fetch_all(&mut *connection)
        .await?;
    let ours = Checked::sort(rows.iter().map(|row| OwnerRequest::read(row, keys)))?.rows;
    for request in &ours {
        sqlx::query("DELETE FROM owner_requests WHERE id = ?")
            .bind(request.id.as_bytes().as_slice())
            .execute(&mut *connection)
            .await?;
    }
    Ok(ours.len())
}

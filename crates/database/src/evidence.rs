//! Everything in the main database that a verdict on a record needs, read in one go.
//!
//! Nothing here is checked by MAC yet: whoever judges it does that, beside the chain, the cells and the signature. What can't
//! be read, because somebody emptied a column or changed its type, is what does not open: it keeps no other record from
//! being looked at.

use futures::stream::{BoxStream, StreamExt, TryStreamExt, try_unfold};
use keyring::{FrontKeys, WrappedOwnerKey};
use record::ids::{Draft, LinkId, RecordId, Uid, Version};
use record::time::UnixMillis;
use sqlx::mysql::{MySqlConnection, MySqlRow};

use crate::column::Columns;
use crate::consents::Consent;
use crate::error::RowError;
use crate::owner_keys;
use crate::record_versions::RecordVersion;
use crate::records::{Head, Record};
use crate::sealed::SealedVersion;

const TABLE: &str = "records";

/// The joins of every query here; `$from` says which records, `$order` in which order.
macro_rules! evidence_of {
    ($from:literal, $order:literal) => {
        concat!(
            "SELECT r.id, r.uid, r.state, r.version, r.draft, r.wallet_index, r.email_index, r.submission, r.created_by,
                    r.created_at, r.updated_at, r.mac,
                    v.version AS its_version, v.draft AS its_draft,
                    v.name, v.email, v.phone, v.age, v.address, v.wallet, v.relation, v.anchor, v.wallet_order,
                    c.draft AS consent_draft, c.link_id, c.message, c.signature, c.nonce_index, c.received_at,
                    c.mac AS consent_mac,
                    k.key_id, k.record_id, k.app_key_version, k.wrapped
             FROM (",
            $from,
            ") r
             LEFT JOIN record_versions v ON v.record_id = r.id
             LEFT JOIN consents c ON c.record_id = v.record_id AND c.version = v.version
             LEFT JOIN owner_keys k ON k.record_id = r.id
             ORDER BY ",
            $order,
            ", v.version"
        )
    };
}

mod raw;

pub use raw::RowsOfUid;

/// What the tables hold about one record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evidence {
    /// The row's id.
    pub record_id: RecordId,
    /// What the row claims; zero is no UID, and only somebody else writes it.
    pub claimed_uid: Option<u64>,
    /// When the row says it was entered.
    pub entered_at: UnixMillis,
    /// The whole row of `records`; nothing when a column of it holds what we never write.
    pub head: Option<Head>,
    /// The wrapped owner key.
    pub owner_key: Option<WrappedOwnerKey>,
    /// The versions, oldest first.
    pub versions: Vec<SealedVersion>,
    /// Rows with a version number that there is not, or that is there twice; only somebody else writes them.
    pub stray_versions: u32,
}

impl Evidence {
    /// The version with this number.
    #[must_use]
    pub fn version(&self, version: Version) -> Option<&SealedVersion> {
        self.versions
            .iter()
            .find(|sealed| sealed.values.version == version)
    }

    /// The row of `records`, when every column of it is as one of our applications wrote it.
    #[must_use]
    pub fn own_head(&self, keys: &FrontKeys) -> Option<&Record> {
        let head = self.head.as_ref()?;
        let is_same = head.record.id == self.record_id
            && head.record.uid.map(Uid::get) == self.claimed_uid
            && head.record.created_at == self.entered_at;
        (is_same && head.is_ours(keys)).then_some(&head.record)
    }

    fn begin(row: &MySqlRow) -> Result<Self, RowError> {
        let columns = Columns::of(TABLE, row);
        let has_key = !columns.cell("key_id").is_empty();
        Ok(Self {
            record_id: columns.get("id")?,
            claimed_uid: columns.get("uid").unwrap_or(Some(0)),
            entered_at: columns.time("created_at"),
            head: Head::read(row).ok(),
            owner_key: has_key
                .then(|| owner_keys::read(row, "owner_keys").ok())
                .flatten(),
            versions: Vec::new(),
            stray_versions: 0,
        })
    }

    fn add_version(&mut self, row: &MySqlRow) {
        let columns = Columns::of("record_versions", row);
        let Some(number) = columns.get("its_version").unwrap_or(Some(0)) else {
            return;
        };
        let Some(version) = Version::new(number).filter(|new| self.version(*new).is_none()) else {
            self.stray_versions += 1;
            return;
        };
        self.versions.push(SealedVersion {
            values: RecordVersion {
                record_id: self.record_id,
                version,
                draft: columns.get("its_draft").unwrap_or(Draft::new(u32::MAX)),
                name: columns.cell("name"),
                email: columns.cell("email"),
                phone: columns.cell("phone"),
                age: columns.cell("age"),
                address: columns.cell("address"),
                wallet: columns.cell("wallet"),
                relation: columns.cell("relation"),
                anchor: columns.get("anchor").unwrap_or_else(|_| Some(Vec::new())),
                wallet_order: columns
                    .get("wallet_order")
                    .unwrap_or_else(|_| Some(Vec::new())),
            },
            consent: read_consent(row, self.record_id, version),
        });
    }
}

fn read_consent(row: &MySqlRow, record_id: RecordId, version: Version) -> Option<Consent> {
    let columns = Columns::of("consents", row);
    let draft = columns.get::<Option<Draft>>("consent_draft").ok()??;
    Some(Consent {
        record_id,
        version,
        draft,
        link_id: columns
            .get("link_id")
            .unwrap_or(LinkId::from_bytes([0; 16])),
        message: columns.cell("message"),
        signature: columns.cell("signature"),
        nonce_index: columns.get("nonce_index").unwrap_or_default(),
        received_at: columns.time("received_at"),
        mac: columns.cell("consent_mac"),
    })
}

/// Streams what there is about the UIDs from `first` to `last`, in order. A UID without a row is left out. Holds the
/// connection until the stream ends; pages of some hundred UIDs cost nothing in speed.
pub fn stream(
    connection: &mut MySqlConnection,
    first: Uid,
    last: Uid,
) -> BoxStream<'_, Result<Evidence, RowError>> {
    let rows = sqlx::query(evidence_of!(
        "SELECT * FROM records WHERE uid BETWEEN ? AND ?",
        "r.uid, r.id"
    ))
    .bind(first.get())
    .bind(last.get())
    .fetch(connection);
    gather(rows.map_err(RowError::from).boxed())
}

/// [`stream`], as the server sent it: nothing is made of it yet.
pub fn raw(
    connection: &mut MySqlConnection,
    first: Uid,
    last: Uid,
) -> BoxStream<'_, Result<RowsOfUid, RowError>> {
    let query = evidence_of!(
        "SELECT * FROM records WHERE uid BETWEEN ? AND ?",
        "r.uid, r.id"
    );
    raw::connection_stream(connection, query, first, last)
}

/// What there is about the UIDs from `first` to `last`, in order. A UID without a row is left out.
pub async fn range(
    connection: &mut MySqlConnection,
    first: Uid,
    last: Uid,
) -> Result<Vec<Evidence>, RowError> {
    stream(connection, first, last).try_collect().await
}

/// What there is about one UID.
pub async fn by_uid(
    connection: &mut MySqlConnection,
    uid: Uid,
) -> Result<Option<Evidence>, RowError> {
    Ok(range(connection, uid, uid).await?.pop())
}

/// What there is about one row, whatever UID it claims.
pub async fn by_record(
    connection: &mut MySqlConnection,
    id: RecordId,
) -> Result<Option<Evidence>, RowError> {
    let rows = sqlx::query(evidence_of!("SELECT * FROM records WHERE id = ?", "r.id"))
        .bind(id.as_bytes().as_slice())
        .fetch(connection);
    let mut found: Vec<Evidence> = gather(rows.map_err(RowError::from).boxed())
        .try_collect()
        .await?;
    Ok(found.pop())
}

/// Rows without a UID, in the order of their ids: `after` is the last id of the page before.
pub async fn without_uid(
    connection: &mut MySqlConnection,
    after: Option<RecordId>,
    limit: u32,
) -> Result<Vec<Evidence>, RowError> {
    let rows = sqlx::query(evidence_of!(
        "SELECT * FROM records WHERE uid IS NULL AND (? OR id > ?) ORDER BY id LIMIT ?",
        "r.id"
    ))
    .bind(after.is_none())
    .bind(id_or_zero(after.as_ref()))
    .bind(limit)
    .fetch(connection);
    gather(rows.map_err(RowError::from).boxed())
        .try_collect()
        .await
}

/// Rows that claim a UID which the chain has not given (zero, or `next_uid` and above), in the order of their ids:
/// `after` is the last id of the page before.
pub async fn surplus(
    connection: &mut MySqlConnection,
    next_uid: Uid,
    after: Option<RecordId>,
    limit: u32,
) -> Result<Vec<Evidence>, RowError> {
    let rows = sqlx::query(evidence_of!(
        "SELECT * FROM records WHERE (uid = 0 OR uid >= ?) AND (? OR id > ?) ORDER BY id LIMIT ?",
        "r.id"
    ))
    .bind(next_uid.get())
    .bind(after.is_none())
    .bind(id_or_zero(after.as_ref()))
    .bind(limit)
    .fetch(connection);
    gather(rows.map_err(RowError::from).boxed())
        .try_collect()
        .await
}

/// How many rows the chain does not know: those of [`without_uid`] and [`surplus`].
pub async fn count_unknown_to_chain(
    connection: &mut MySqlConnection,
    next_uid: Uid,
) -> Result<u64, RowError> {
    let count: i64 =
        sqlx::query_scalar("SELECT COUNT(*) FROM records WHERE uid IS NULL OR uid = 0 OR uid >= ?")
            .bind(next_uid.get())
            .fetch_one(connection)
            .await?;
    Ok(count.unsigned_abs())
}

fn id_or_zero(id: Option<&RecordId>) -> &[u8] {
    id.map_or(&[0; 16], |id| id.as_bytes().as_slice())
}

/// [`gather`] of rows at hand.
fn assembled(rows: &[MySqlRow]) -> Result<Vec<Evidence>, RowError> {
    let mut found: Vec<Evidence> = Vec::with_capacity(1);
    for row in rows {
        let id: RecordId = Columns::of(TABLE, row).get("id")?;
        match found.last_mut().filter(|last| last.record_id == id) {
            Some(same) => same.add_version(row),
            None => {
                let mut next = Evidence::begin(row)?;
                next.add_version(row);
                found.push(next);
            }
        }
    }
    Ok(found)
}

/// One record's rows stand together: they make one piece of evidence.
fn gather(
    rows: BoxStream<'_, Result<MySqlRow, RowError>>,
) -> BoxStream<'_, Result<Evidence, RowError>> {
    try_unfold(
        (rows, None::<Evidence>),
        |(mut rows, mut current)| async move {
            while let Some(row) = rows.try_next().await? {
                let id: RecordId = Columns::of(TABLE, &row).get("id")?;
                let finished = match current.take() {
                    Some(mut same) if same.record_id == id => {
                        same.add_version(&row);
                        current = Some(same);
                        continue;
                    }
                    other => other,
                };
                let mut next = Evidence::begin(&row)?;
                next.add_version(&row);
                if let Some(finished) = finished {
                    return Ok(Some((finished, (rows, Some(next)))));
                }
                current = Some(next);
            }
            Ok(current.map(|last| (last, (rows, None))))
        },
    )
    .boxed()
}

//! What stands in the main database of a record that was erased: nothing, unless something brought it back.

use std::collections::BTreeSet;

use keyring::ApplicationKeys;
use record::ids::RecordId;
use sqlx::mysql::MySqlConnection;
use sqlx::{MySql, QueryBuilder};

use crate::column::Columns;
use crate::error::RowError;
use crate::{
    access_copies, consent_links, consents, corrections, owner_keys, record_versions, records,
    restriction_steps, retentions, wallet_changes,
};

/// What each holds of a person. What owners want corrected is not among them: the viewer may not read it.
const HOLDING: [&str; 8] = [
    "SELECT id AS record_id FROM records WHERE id IN (",
    "SELECT record_id FROM record_versions WHERE record_id IN (",
    "SELECT record_id FROM owner_keys WHERE record_id IN (",
    "SELECT record_id FROM consents WHERE record_id IN (",
    "SELECT record_id FROM consent_links WHERE wrapped_key <> '' AND record_id IN (",
    "SELECT record_id FROM access_copies WHERE content <> '' AND record_id IN (",
    "SELECT record_id FROM wallet_changes WHERE content <> '' AND record_id IN (",
    "SELECT record_id FROM restriction_steps WHERE (content IS NOT NULL OR note IS NOT NULL) AND record_id IN (",
];

/// Those of these records of which something is left.
pub async fn of_records(
    connection: &mut MySqlConnection,
    ids: &BTreeSet<RecordId>,
) -> Result<BTreeSet<RecordId>, RowError> {
    let mut left = BTreeSet::new();
    if ids.is_empty() {
        return Ok(left);
    }
    for holding in HOLDING {
        let mut query = QueryBuilder::<MySql>::new(holding);
        let mut list = query.separated(", ");
        for id in ids {
            list.push_bind(id.as_bytes().as_slice());
        }
        query.push(")");
        let rows = query.build().persistent(false);
        for row in rows.fetch_all(&mut *connection).await? {
            left.insert(Columns::of("records", &row).get("record_id")?);
        }
    }
    Ok(left)
}

/// Destroys all that is left of a record, its head locked first as the apps do; tells how many rows.
pub async fn destroy(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
    id: RecordId,
) -> Result<u64, RowError> {
    sqlx::query("SELECT id FROM records WHERE id = ? FOR UPDATE")
        .bind(id.as_bytes().as_slice())
        .fetch_optional(&mut *connection)
        .await?;
    let front = keys.front();
    let mut rows = consent_links::forget_all_of(connection, &front, id).await? as u64;
    rows += access_copies::end_all_of(connection, &front, id).await? as u64;
    rows += wallet_changes::end_all_of(connection, keys, id).await? as u64;
    rows += empty(connection, id).await?;
    rows += restriction_steps::empty_all_of(connection, &front, id).await?;
    rows += consents::destroy(connection, id).await?;
    rows += record_versions::destroy(connection, id).await?;
    rows += u64::from(owner_keys::destroy(connection, id).await?);
    // Not counted: no verdict sees them, so nobody could tell of them first.
    corrections::destroy(connection, id).await?;
    retentions::destroy(connection, id).await?;
    rows += u64::from(records::destroy(connection, id).await?);
    Ok(rows)
}

/// Empties links, copies and changes of wallets that do not carry our MAC: whoever touches one must not have it stay.
async fn empty(connection: &mut MySqlConnection, id: RecordId) -> Result<u64, RowError> {
    const EMPTYING: [&str; 3] = [
        "UPDATE consent_links SET wrapped_key = '', desk_code = '', predecessor = NULL, offer = NULL
         WHERE record_id = ? AND wrapped_key <> ''",
        "UPDATE access_copies SET wrapped_key = '', desk_code = '', content = ''
         WHERE record_id = ? AND (wrapped_key <> '' OR desk_code <> '' OR content <> '')",
        "UPDATE wallet_changes SET content = '' WHERE record_id = ? AND content <> ''",
    ];
    let mut rows = 0;
    for emptying in EMPTYING {
        let done = sqlx::query(emptying)
            .bind(id.as_bytes().as_slice())
            .execute(&mut *connection)
            .await?;
        rows += done.rows_affected();
    }
    Ok(rows)
}

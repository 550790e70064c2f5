//! What stands in the main database of a record that was erased: nothing, unless something brought it back.

use std::collections::BTreeSet;

use keyring::FrontKeys;
use record::ids::RecordId;
use sqlx::mysql::MySqlConnection;
use sqlx::{MySql, QueryBuilder};

use crate::column::Columns;
use crate::error::RowError;
use crate::{
    access_copies, consent_links, consents, corrections, owner_keys, record_versions, records,
};

/// What each holds of a person. What owners want corrected is not among them: the viewer may not read it.
const HOLDING: [&str; 6] = [
    "SELECT id AS record_id FROM records WHERE id IN (",
    "SELECT record_id FROM record_versions WHERE record_id IN (",
    "SELECT record_id FROM owner_keys WHERE record_id IN (",
    "SELECT record_id FROM consents WHERE record_id IN (",
    "SELECT record_id FROM consent_links WHERE wrapped_key <> '' AND record_id IN (",
    "SELECT record_id FROM access_copies WHERE content <> '' AND record_id IN (",
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
    keys: &FrontKeys,
    id: RecordId,
) -> Result<u64, RowError> {
    sqlx::query("SELECT id FROM records WHERE id = ? FOR UPDATE")
        .bind(id.as_bytes().as_slice())
        .fetch_optional(&mut *connection)
        .await?;
    let mut rows = consent_links::forget_all_of(connection, keys, id).await? as u64;
    rows += access_copies::end_all_of(connection, keys, id).await? as u64;
    rows += consents::destroy(connection, id).await?;
    rows += record_versions::destroy(connection, id).await?;
    rows += u64::from(owner_keys::destroy(connection, id).await?);
    rows += corrections::destroy(connection, id).await?;
    rows += u64::from(records::destroy(connection, id).await?);
    Ok(rows)
}

//! What a table holds of a page of records, by one query.

use std::collections::BTreeMap;

use record::ids::RecordId;
use sqlx::mysql::{MySqlConnection, MySqlRow};
use sqlx::{MySql, QueryBuilder};

use crate::column::Columns;
use crate::error::{Checked, RowError};

/// The rows of each of these records that has any, in this order.
pub(crate) async fn of_records<T>(
    connection: &mut MySqlConnection,
    (table, order): (&'static str, &'static str),
    records: &[RecordId],
    read: impl Fn(&MySqlRow) -> Result<T, RowError>,
) -> Result<BTreeMap<RecordId, Checked<T>>, RowError> {
    let mut found = BTreeMap::<_, Checked<T>>::new();
    if records.is_empty() {
        return Ok(found);
    }
    let mut query =
        QueryBuilder::<MySql>::new(format!("SELECT * FROM {table} WHERE record_id IN ("));
    let mut list = query.separated(", ");
    for id in records {
        list.push_bind(id.as_bytes().as_slice());
    }
    query.push(") ORDER BY ").push(order);
    let rows = query
        .build()
        .persistent(false)
        .fetch_all(connection)
        .await?;
    for row in &rows {
        let record = Columns::of(table, row).get("record_id")?;
        found.entry(record).or_default().add(read(row))?;
    }
    Ok(found)
}

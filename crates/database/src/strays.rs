//! Rows that hang on nothing: values, consents and keys of a record that never was, and consents of versions that one has
//! not come to yet. Nothing of ours leaves any, and no record is looked at through them. Rows of a record whose head or whose
//! values were taken out are told by its verdict.

use record::ids::RecordId;
use sqlx::mysql::MySqlConnection;

use crate::column::Columns;
use crate::error::{RowError, Tampered};

/// More are not named at once.
const MOST: u32 = 100;

/// By table. What once was has a history.
const QUERIES: [(&str, &str); 3] = [
    (
        "record_versions",
        "SELECT DISTINCT s.record_id FROM record_versions s
         LEFT JOIN records r ON r.id = s.record_id
         LEFT JOIN record_events e ON e.record_id = s.record_id
         WHERE r.id IS NULL AND e.id IS NULL LIMIT ?",
    ),
    (
        "owner_keys",
        "SELECT DISTINCT s.record_id FROM owner_keys s
         LEFT JOIN records r ON r.id = s.record_id
         LEFT JOIN record_events e ON e.record_id = s.record_id
         WHERE r.id IS NULL AND e.id IS NULL LIMIT ?",
    ),
    (
        "consents",
        "SELECT DISTINCT s.record_id FROM consents s
         LEFT JOIN records r ON r.id = s.record_id
         LEFT JOIN record_versions v ON v.record_id = s.record_id AND v.version = s.version
         WHERE v.record_id IS NULL AND (s.version = 0 OR s.version > r.version
             OR r.id IS NULL AND NOT EXISTS (SELECT 1 FROM record_events e WHERE e.record_id = s.record_id))
         LIMIT ?",
    ),
];

/// All of them, by table and record.
pub async fn planted(connection: &mut MySqlConnection) -> Result<Vec<Tampered>, RowError> {
    let mut planted = Vec::new();
    for (table, query) in QUERIES {
        let rows = sqlx::query(query)
            .bind(MOST)
            .fetch_all(&mut *connection)
            .await?;
        for row in &rows {
            let record: RecordId = Columns::of(table, row).get("record_id")?;
            let row = format!("(record {record})");
            planted.push(Tampered { table, row });
        }
    }
    Ok(planted)
}

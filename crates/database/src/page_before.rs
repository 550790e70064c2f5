//! Where the page before begins, for lists whose address names where this one begins. Counting rows back needs no MAC: a
//! planted one shifts a page, and is told of by the list itself. Of the grid: [`crate::records_view::verified_before`].

use sqlx::mysql::MySqlConnection;

use crate::error::RowError;

/// Of the incidents below `before`: the number that the page before is below. None when that is the first page.
pub async fn of_incidents(
    connection: &mut MySqlConnection,
    before: u64,
    limit: u32,
) -> Result<Option<u64>, RowError> {
    let found =
        sqlx::query_scalar("SELECT id FROM incidents WHERE id >= ? ORDER BY id LIMIT 1 OFFSET ?")
            .bind(before)
            .bind(limit);
    Ok(found.fetch_optional(connection).await?)
}

/// Of an incident's findings behind `after`: the one that the page before is behind. None when that is the first page.
pub async fn of_findings(
    connection: &mut MySqlConnection,
    incident: u64,
    after: u64,
    limit: u32,
) -> Result<Option<u64>, RowError> {
    let found = sqlx::query_scalar(
        "SELECT id FROM incident_findings WHERE incident_id = ? AND id <= ? ORDER BY id DESC LIMIT 1 OFFSET ?",
    )
    .bind(incident)
    .bind(after)
    .bind(limit);
    Ok(found.fetch_optional(connection).await?)
}

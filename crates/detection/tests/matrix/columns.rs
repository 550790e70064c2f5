//! Columns as the server describes them.

use sqlx::{MySqlPool, Row as _};

pub struct Column {
    pub table: String,
    pub name: String,
    pub kind: String,
    pub may_be_null: bool,
}

/// All columns of these tables.
pub async fn of(pool: &MySqlPool, tables: &[&str]) -> Vec<Column> {
    let rows = sqlx::query(
        "SELECT CAST(table_name AS CHAR) AS tab, CAST(column_name AS CHAR) AS name, CAST(data_type AS CHAR) AS kind,
                CAST(is_nullable AS CHAR) AS nullable
         FROM information_schema.columns WHERE table_schema = DATABASE() ORDER BY table_name, ordinal_position",
    )
    .fetch_all(pool)
    .await
    .unwrap();
    let columns = rows.iter().map(|row| Column {
        table: row.get("tab"),
        name: row.get("name"),
        kind: row.get("kind"),
        may_be_null: row.get::<String, _>("nullable") == "YES",
    });
    let columns: Vec<Column> = columns
        .filter(|column| tables.contains(&column.table.as_str()))
        .collect();
    for table in tables {
        assert!(
            columns.iter().any(|column| column.table == *table),
            "no table {table}"
        );
    }
    columns
}

/// All tables of ours.
pub async fn tables(pool: &MySqlPool) -> Vec<String> {
    let tables: Vec<String> = sqlx::query_scalar(
        "SELECT CAST(table_name AS CHAR) FROM information_schema.tables
         WHERE table_schema = DATABASE() AND table_type = 'BASE TABLE' AND table_name <> '_sqlx_migrations'
         ORDER BY table_name",
    )
    .fetch_all(pool)
    .await
    .unwrap();
    tables
}

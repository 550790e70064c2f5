//! What the server says of its log.

use std::collections::{BTreeMap, BTreeSet};

use mysql_async::prelude::Queryable;
use mysql_async::{Conn, Row, Value};
use zeroize::Zeroizing;

use crate::assembly::Place;
use crate::error::LogError;
use crate::position::Position;

const VARIABLES: &str = "SHOW GLOBAL VARIABLES WHERE Variable_name IN
    ('log_bin', 'binlog_format', 'binlog_row_image', 'log_bin_compress', 'gtid_mode', 'gtid_executed', 'gtid_binlog_pos')";
/// What the servers answer to who lacks a right.
const SPECIFIC_ACCESS_DENIED: u16 = 1227;
const TABLE_ACCESS_DENIED: u16 = 1142;
/// So many events of a transaction are looked through for texts.
const MOST_EVENTS: u32 = 1000;

/// Checks settings and right, and gives the end of the log.
pub(crate) async fn newest(connection: &mut Conn, database: &str) -> Result<Position, LogError> {
    // Who follows already goes on without it, and would find out when it is too late.
    let rights = rights(connection, database).await?;
    if !rights.contains("REPLICATION SLAVE") {
        return Err(LogError::Refused(SPECIFIC_ACCESS_DENIED));
    }
    let variables: Vec<(String, String)> = connection.query(VARIABLES).await?;
    let variables: BTreeMap<String, String> = variables.into_iter().collect();
    let value = |name: &str| variables.get(name).map(String::as_str);
    check(value)?;
    let gtids = value("gtid_binlog_pos");
    let status = match gtids {
        Some(_) => "SHOW MASTER STATUS",
        None => "SHOW BINARY LOG STATUS",
    };
    let status: Option<Row> = connection.query_first(status).await?;
    let status = status.ok_or(LogError::Off)?;
    if leaves_out(&status, database) {
        return Err(LogError::LeavesOut);
    }
    const NO_POSITION: LogError = LogError::Malformed("the end of the log");
    match (gtids, value("gtid_mode"), value("gtid_executed")) {
        (Some(gtids), ..) => Position::mariadb(gtids).map_err(|_| NO_POSITION),
        (None, Some("ON"), Some(set)) => {
            let set = set.parse().map_err(|_| NO_POSITION)?;
            Ok(Position::MySql(set))
        }
        _ => Ok(Position::File {
            file: status.get(0).ok_or(NO_POSITION)?,
            offset: status.get(1).ok_or(NO_POSITION)?,
        }),
    }
}

/// The triggers on tables of a database. An account without the right to see them would be shown none.
pub(crate) async fn triggers(
    connection: &mut Conn,
    database: &str,
) -> Result<Vec<(String, String)>, LogError> {
    if !rights(connection, database).await?.contains("TRIGGER") {
        return Err(LogError::Refused(TABLE_ACCESS_DENIED));
    }
    let query = "SELECT EVENT_OBJECT_TABLE, TRIGGER_NAME FROM information_schema.TRIGGERS
                 WHERE TRIGGER_SCHEMA = ? OR EVENT_OBJECT_SCHEMA = ? ORDER BY 1, 2";
    Ok(connection.exec(query, (database, database)).await?)
}

/// The account's own rights on the server, and on all of a database, whose name may be given as a pattern.
async fn rights(connection: &mut Conn, database: &str) -> Result<BTreeSet<String>, LogError> {
    let account: Option<String> = connection.query_first("SELECT CURRENT_USER()").await?;
    let account = account.unwrap_or_default();
    let (user, host) = account.rsplit_once('@').unwrap_or((&account, ""));
    let account = format!("'{user}'@'{host}'");
    let query = "SELECT PRIVILEGE_TYPE FROM information_schema.USER_PRIVILEGES WHERE GRANTEE = ?
                 UNION
                 SELECT PRIVILEGE_TYPE FROM information_schema.SCHEMA_PRIVILEGES
                 WHERE GRANTEE = ? AND (REPLACE(TABLE_SCHEMA, CHAR(92), '') = ? OR ? LIKE TABLE_SCHEMA)";
    let rights: Vec<String> = connection
        .exec(query, (&account, &account, database, database))
        .await?;
    Ok(rights.into_iter().collect())
}

fn check<'v>(value: impl Fn(&str) -> Option<&'v str>) -> Result<(), LogError> {
    if value("log_bin") != Some("ON") {
        return Err(LogError::Off);
    }
    for (name, wanted) in [("binlog_format", "ROW"), ("binlog_row_image", "FULL")] {
        // A server that no longer has the setting knows nothing else.
        if value(name).is_some_and(|found| found != wanted) {
            return Err(LogError::NotWholeRows(name, wanted));
        }
    }
    match value("log_bin_compress") {
        Some("ON") => Err(LogError::Compressed),
        _ => Ok(()),
    }
}

/// Of `File, Position, Binlog_Do_DB, Binlog_Ignore_DB, …`: lists of names, or nothing.
fn leaves_out(status: &Row, database: &str) -> bool {
    let list = |column| {
        let list = text_of(status, column);
        let names = list.split(',').map(|name| name.trim().to_owned());
        names.filter(|name| !name.is_empty()).collect::<Vec<_>>()
    };
    let (only, never) = (list(2), list(3));
    let is_named = |names: &[String]| names.iter().any(|name| name == database);
    !only.is_empty() && !is_named(&only) || is_named(&never)
}

/// A statement may hold bytes that are no text: they are shown as such, and nothing else fails for it.
fn text_of(row: &Row, column: usize) -> String {
    match row.as_ref(column) {
        Some(Value::Bytes(bytes)) => String::from_utf8_lossy(bytes).into_owned(),
        _ => String::new(),
    }
}

/// The texts that stand before the rows of one transaction.
pub(crate) async fn texts(
    connection: &mut Conn,
    place: &Place,
) -> Result<Vec<Zeroizing<String>>, LogError> {
    let file = place.file.replace('\\', "\\\\").replace('\'', "''");
    let query = format!(
        "SHOW BINLOG EVENTS IN '{file}' FROM {} LIMIT {MOST_EVENTS}",
        place.offset
    );
    let events: Vec<Row> = connection.query(query).await?;
    let mut texts = Vec::new();
    for (index, event) in events.into_iter().enumerate() {
        let kind = text_of(&event, 2);
        match kind.as_str() {
            "Annotate_rows" => texts.push(Zeroizing::new(text_of(&event, 5))),
            "Xid" => break,
            "Gtid" if index > 0 => break,
            _ => {}
        }
    }
    Ok(texts)
}

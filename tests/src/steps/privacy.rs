//! Nothing personal in clear: no column of any table, no log of any app.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail, ensure};
use devstack::Site;
use sqlx::{AssertSqlSafe, MySqlConnection, Row};

use super::site::connect;

/// Looks for the values, byte for byte, in every column of every table of all three databases, and in the logs.
///
/// # Errors
/// Names the places where one was found.
pub async fn leaves_no_trace(site: &Site, values: &[&str]) -> Result<()> {
    let mut places = in_tables(site, values).await?;
    for (name, app) in [
        ("entry-app", &site.entry),
        ("consent-dapp", &site.consent),
        ("breach-viewer", &site.viewer),
    ] {
        let log = app.log();
        ensure!(!log.is_empty(), "{name} has no log to look at");
        let found = values.iter().filter(|value| log.contains(**value));
        places.extend(found.map(|value| format!("{value:?} in the log of {name}")));
    }
    if !places.is_empty() {
        bail!("personal data in clear: {places:#?}");
    }
    Ok(())
}

/// Looks into every mail in the inbox; the addresses that they went to are not part of it.
///
/// # Errors
/// When there is no mail, or one of them names a value.
pub async fn letters_tell_no_more(site: &Site, values: &[&str]) -> Result<()> {
    let mails = site.inbox.messages().await?;
    ensure!(!mails.is_empty(), "there is no mail to look into");
    for mail in mails {
        let words = [mail.subject, mail.text, mail.html].concat();
        let told = values.iter().find(|value| words.contains(**value));
        ensure!(told.is_none(), "a mail tells {told:?}:\n{words}");
    }
    Ok(())
}

async fn in_tables(site: &Site, values: &[&str]) -> Result<Vec<String>> {
    let mut connection = connect(site).await?;
    // Roles are no secret, and show that the search finds what is there.
    let known: String = sqlx::query_scalar("SELECT role FROM staff LIMIT 1")
        .fetch_one(&mut connection)
        .await?;
    let (mut places, mut finds_what_is_there) = (Vec::new(), false);
    let names = site.names();
    for database in [&names.main, &names.backup, &names.keys] {
        for (table, columns) in tables(&mut connection, database).await? {
            // What everybody reads before they sign names every purpose, and nobody.
            if table == "notices" {
                continue;
            }
            for row in rows(&mut connection, database, &table, &columns).await? {
                for (column, cell) in columns.iter().zip(row.split('|')) {
                    finds_what_is_there |= holds(cell, &known);
                    let found = values.iter().filter(|value| holds(cell, value));
                    places.extend(found.map(|value| format!("{value:?} in {table}.{column}")));
                }
            }
        }
    }
    ensure!(finds_what_is_there, "the search does not even find {known}");
    Ok(places)
}

/// The tables of a database with their columns.
async fn tables(
    connection: &mut MySqlConnection,
    database: &str,
) -> Result<BTreeMap<String, Vec<String>>> {
    let rows = sqlx::query(
        "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = ?",
    )
    .bind(database)
    .fetch_all(connection)
    .await?;
    ensure!(!rows.is_empty(), "{database} has no tables");
    let mut tables: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for row in rows {
        // Some servers give these names as text, others as bytes.
        let name = |index| Ok::<_, anyhow::Error>(String::from_utf8(row.try_get(index)?)?);
        tables.entry(name(0)?).or_default().push(name(1)?);
    }
    Ok(tables)
}

/// Each row as the bytes of its cells in hexadecimal digits, parted by `|`.
async fn rows(
    connection: &mut MySqlConnection,
    database: &str,
    table: &str,
    columns: &[String],
) -> Result<Vec<String>> {
    let cells: Vec<String> = columns
        .iter()
        .map(|column| format!("IFNULL(HEX(CAST(`{column}` AS BINARY)), '')"))
        .collect();
    // The names come from the schema.
    let sql = format!(
        "SELECT CONCAT_WS('|', {}) FROM `{database}`.`{table}`",
        cells.join(", ")
    );
    sqlx::query_scalar(AssertSqlSafe(sql))
        .fetch_all(connection)
        .await
        .with_context(|| format!("look into {table}"))
}

fn holds(cell: &str, value: &str) -> bool {
    cell.contains(&hex::encode_upper(value))
}

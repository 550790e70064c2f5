//! Nothing personal in clear: no column of any table, no log of any app.

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
        for (table, column) in columns(&mut connection, database).await? {
            let place = format!("`{database}`.`{table}`.`{column}`");
            finds_what_is_there |=
                holds(&mut connection, database, &table, &column, &known).await?;
            for value in values {
                if holds(&mut connection, database, &table, &column, value).await? {
                    places.push(format!("{value:?} in {place}"));
                }
            }
        }
    }
    ensure!(finds_what_is_there, "the search does not even find {known}");
    Ok(places)
}

async fn columns(
    connection: &mut MySqlConnection,
    database: &str,
) -> Result<Vec<(String, String)>> {
    // Some servers give these names as text, others as bytes.
    let rows = sqlx::query(
        "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = ?",
    )
    .bind(database)
    .fetch_all(connection)
    .await?;
    ensure!(!rows.is_empty(), "{database} has no tables");
    rows.iter()
        .map(|row| {
            let name = |index| Ok::<_, anyhow::Error>(String::from_utf8(row.try_get(index)?)?);
            Ok((name(0)?, name(1)?))
        })
        .collect()
}

async fn holds(
    connection: &mut MySqlConnection,
    database: &str,
    table: &str,
    column: &str,
    value: &str,
) -> Result<bool> {
    // The names come from the schema. HEX compares bytes, whatever the column's type and collation.
    let sql = format!(
        "SELECT COUNT(*) FROM `{database}`.`{table}` WHERE INSTR(HEX(CAST(`{column}` AS BINARY)), ?) > 0"
    );
    let count: i64 = sqlx::query_scalar(AssertSqlSafe(sql))
        .bind(hex::encode_upper(value))
        .fetch_one(connection)
        .await
        .with_context(|| format!("look into {table}.{column}"))?;
    Ok(count > 0)
}

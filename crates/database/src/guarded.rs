//! A look over all rows that grant access or move work: whose MAC does not hold, somebody else wrote or changed.
//!
//! Each of them is refused where it would be used. This look finds those that nobody has tried to use yet.

use futures::TryStreamExt;
use keyring::ApplicationKeys;
use sqlx::AssertSqlSafe;
use sqlx::mysql::MySqlConnection;

use crate::error::{RowError, Tampered};
use crate::{guarded_rows, key_checks, notices, staff};

/// Of each table no more rows are looked at: who plants many is told of by the first. Those that grow are gone through a share
/// at a time besides ([`crate::guarded_rows::page`]).
const MOST: u32 = 5000;

/// The tables, and which of their rows are in use.
const IN_USE: [(&str, &str); 14] = [
    ("staff", ""),
    ("sessions", ""),
    ("leases", ""),
    ("consent_links", "WHERE state IN ('open', 'used')"),
    (
        "anchoring_jobs",
        "WHERE state NOT IN ('anchored', 'rejected')",
    ),
    ("outbox", "WHERE state IN ('waiting', 'refused')"),
    (
        "owner_requests",
        "WHERE state IN ('asked', 'ready', 'wished')",
    ),
    ("erasures", "WHERE state IN ('open', 'granted')"),
    ("access_copies", "WHERE state = 'open'"),
    ("wallet_changes", "WHERE state <> 'given_up'"),
    ("chain_progress", ""),
    ("watch_progress", ""),
    ("schema_baselines", ""),
    ("sweep_rounds", ""),
];

/// The rows that are not ours, of those that are in use: accounts, sessions, leases, open links, unfinished jobs, open requests, erasures that are not over, copies that can be opened, changes of wallets, how far the chain was seen and the
/// log was read, the rounds of the sweep, mails that wait or were refused, notices, and what is kept to know the keys and the schema by. The heads of
/// records are looked at with their records, whatever grows without end a share at a time ([`crate::guarded_rows::page`]).
pub async fn planted(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
) -> Result<Vec<Tampered>, RowError> {
    let mut planted = Vec::new();
    for (table, which) in IN_USE {
        // Words of our own.
        let query = AssertSqlSafe(format!("SELECT * FROM {table} {which} LIMIT {MOST}"));
        let mut rows = sqlx::query(query).fetch(&mut *connection);
        while let Some(row) = rows.try_next().await? {
            if let Err(error) = guarded_rows::read(&row, keys, table) {
                planted.push(error.tampered()?);
            }
        }
    }
    planted.extend(staff::put_back(connection).await?);
    planted.extend(notices::planted(connection).await?);
    planted.extend(key_checks::planted(connection, keys).await?);
    Ok(planted)
}

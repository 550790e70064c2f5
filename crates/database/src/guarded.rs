//! A look over all rows that grant access or move work: whose MAC does not hold, somebody else wrote or changed.
//!
//! Each of them is refused where it would be used. This look finds those that nobody has tried to use yet.

use futures::TryStreamExt;
use keyring::ApplicationKeys;
use sqlx::AssertSqlSafe;
use sqlx::mysql::{MySqlConnection, MySqlRow};

use crate::anchoring_jobs::AnchoringJob;
use crate::chain_progress::ChainProgress;
use crate::consent_links::ConsentLink;
use crate::error::{RowError, Tampered};
use crate::key_checks;
use crate::leases::Lease;
use crate::notices;
use crate::outbox::Mail;
use crate::schema_baselines::Kept;
use crate::sessions::Session;
use crate::staff::Staff;
use crate::sweep_rounds::SweepRound;
use crate::watch_progress::WatchProgress;

/// Of each table no more rows are looked at: who plants many is told of by the first. Those that grow are gone through a share
/// at a time besides ([`crate::guarded_rows::page`]).
const MOST: u32 = 5000;

/// The rows that are not ours, of those that are in use: accounts, sessions, leases, open links, unfinished jobs, how far the chain was seen and the
/// log was read, the rounds of the sweep, mails that wait or were refused, notices, and what is kept to know the keys and the schema by. The heads of
/// records are looked at with their records, whatever grows without end a share at a time ([`crate::guarded_rows::page`]).
pub async fn planted(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
) -> Result<Vec<Tampered>, RowError> {
    let front = keys.front();
    let mut planted = Vec::new();
    let query = "SELECT * FROM staff";
    planted.extend(bad(connection, query, |row| Staff::read(row, keys)).await?);
    let query = "SELECT * FROM sessions";
    planted.extend(bad(connection, query, |row| Session::read(row, keys)).await?);
    let query = "SELECT * FROM leases";
    planted.extend(bad(connection, query, |row| Lease::read(row, keys)).await?);
    let query = "SELECT * FROM consent_links WHERE state IN ('open', 'used')";
    planted.extend(bad(connection, query, |row| ConsentLink::read(row, &front)).await?);
    let query = "SELECT * FROM anchoring_jobs WHERE state NOT IN ('anchored', 'rejected')";
    planted.extend(bad(connection, query, |row| AnchoringJob::read(row, keys)).await?);
    let query = "SELECT * FROM outbox WHERE state IN ('waiting', 'refused')";
    planted.extend(bad(connection, query, |row| Mail::read(row, &front)).await?);
    let query = "SELECT * FROM chain_progress";
    planted.extend(bad(connection, query, |row| ChainProgress::read(row, keys)).await?);
    let query = "SELECT * FROM watch_progress";
    planted.extend(bad(connection, query, |row| WatchProgress::read(row, keys)).await?);
    let query = "SELECT * FROM schema_baselines";
    planted.extend(bad(connection, query, |row| Kept::read(row, keys)).await?);
    let query = "SELECT * FROM sweep_rounds";
    planted.extend(bad(connection, query, |row| SweepRound::read(row, keys)).await?);
    planted.extend(notices::planted(connection).await?);
    planted.extend(key_checks::planted(connection, keys).await?);
    Ok(planted)
}

async fn bad<T>(
    connection: &mut MySqlConnection,
    query: &'static str,
    read: impl Fn(&MySqlRow) -> Result<T, RowError>,
) -> Result<Vec<Tampered>, RowError> {
    // A query of our own.
    let query = AssertSqlSafe(format!("{query} LIMIT {MOST}"));
    let mut rows = sqlx::query(query).fetch(connection);
    let mut tampered = Vec::new();
    while let Some(row) = rows.try_next().await? {
        if let Err(error) = read(&row) {
            tampered.push(error.tampered()?);
        }
    }
    Ok(tampered)
}

//! A look over all rows that grant access or move work: whose MAC does not hold, somebody else wrote or changed.
//!
//! Each of them is refused where it would be used. This look finds those that nobody has tried to use yet.

use keyring::ApplicationKeys;
use sqlx::mysql::{MySqlConnection, MySqlRow};

use crate::anchoring_jobs::AnchoringJob;
use crate::chain_progress::ChainProgress;
use crate::consent_links::ConsentLink;
use crate::error::{Checked, RowError, Tampered};
use crate::key_checks;
use crate::leases::Lease;
use crate::notices;
use crate::outbox::Mail;
use crate::schema_baselines::Kept;
use crate::sessions::Session;
use crate::staff::Staff;
use crate::sweep_rounds::SweepRound;
use crate::watch_progress::WatchProgress;

/// The rows that are not ours, of those that are in use: accounts, sessions, leases, open links, unfinished jobs, how far the chain was seen and the
/// log was read, the rounds of the sweep, mails that wait or were refused, notices, and what is kept to know the keys and the schema by. The heads of
/// records are looked at with their records, whatever grows without end a share at a time ([`crate::guarded_rows::page`]).
pub async fn planted(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
) -> Result<Vec<Tampered>, RowError> {
    let front = keys.front();
    let mut planted = Vec::new();
    let staff = rows(connection, "SELECT * FROM staff").await?;
    planted.extend(bad(&staff, |row| Staff::read(row, keys))?);
    let sessions = rows(connection, "SELECT * FROM sessions").await?;
    planted.extend(bad(&sessions, |row| Session::read(row, keys))?);
    let leases = rows(connection, "SELECT * FROM leases").await?;
    planted.extend(bad(&leases, |row| Lease::read(row, keys))?);
    let links = rows(
        connection,
        "SELECT * FROM consent_links WHERE state IN ('open', 'used')",
    )
    .await?;
    planted.extend(bad(&links, |row| ConsentLink::read(row, &front))?);
    let jobs = rows(
        connection,
        "SELECT * FROM anchoring_jobs WHERE state NOT IN ('anchored', 'rejected')",
    )
    .await?;
    planted.extend(bad(&jobs, |row| AnchoringJob::read(row, keys))?);
    let mails = rows(
        connection,
        "SELECT * FROM outbox WHERE state IN ('waiting', 'refused')",
    )
    .await?;
    planted.extend(bad(&mails, |row| Mail::read(row, &front))?);
    let progress = rows(connection, "SELECT * FROM chain_progress").await?;
    planted.extend(bad(&progress, |row| ChainProgress::read(row, keys))?);
    let watched = rows(connection, "SELECT * FROM watch_progress").await?;
    planted.extend(bad(&watched, |row| WatchProgress::read(row, keys))?);
    let baselines = rows(connection, "SELECT * FROM schema_baselines").await?;
    planted.extend(bad(&baselines, |row| Kept::read(row, keys))?);
    let rounds = rows(connection, "SELECT * FROM sweep_rounds").await?;
    planted.extend(bad(&rounds, |row| SweepRound::read(row, keys))?);
    planted.extend(notices::planted(connection).await?);
    planted.extend(key_checks::planted(connection, keys).await?);
    Ok(planted)
}

async fn rows(
    connection: &mut MySqlConnection,
    query: &'static str,
) -> Result<Vec<MySqlRow>, RowError> {
    Ok(sqlx::query(query).fetch_all(connection).await?)
}

fn bad<T>(
    rows: &[MySqlRow],
    read: impl Fn(&MySqlRow) -> Result<T, RowError>,
) -> Result<Vec<Tampered>, RowError> {
    Ok(Checked::sort(rows.iter().map(read))?.tampered)
}

//! What only time does. The rows are aged with the real keys, so that they are genuine, and old.

use std::time::Duration;

use anyhow::{Context, Result};
use database::{consent_links, sessions, staff};
use devstack::Site;
use record::ids::RecordId;

use super::keys::{application_keys, front_keys};
use super::site::connect;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
const A_LONG_LUNCH: Duration = Duration::from_secs(2 * 60 * 60);

/// Lets the newest consent link of a record pass its time.
///
/// # Errors
/// When the record has no link.
pub async fn expire_link(site: &Site, record: &str) -> Result<()> {
    let keys = front_keys(site)?;
    let record: RecordId = record.parse()?;
    let mut connection = connect(site).await?;
    let links = consent_links::of_record(&mut connection, &keys, record).await?;
    let mut link = links.rows.into_iter().next().context("a link")?;
    link.expires_at = link.created_at.minus(DAY);
    consent_links::update(&mut connection, &keys, &link).await?;
    sqlx::query("UPDATE consent_links SET expires_at = ? WHERE id = ?")
        .bind(link.expires_at.0)
        .bind(link.id.as_bytes().as_slice())
        .execute(&mut connection)
        .await?;
    Ok(())
}

/// Leaves the browser of a member of staff alone for longer than a session lasts.
///
/// # Errors
/// When nobody with this login is signed in.
pub async fn leave_idle(site: &Site, login: &str) -> Result<()> {
    let keys = application_keys(site)?;
    let mut connection = connect(site).await?;
    let person = staff::by_login(&mut connection, &keys, login)
        .await?
        .context("an account")?;
    let hash: Vec<u8> = sqlx::query_scalar("SELECT id_hash FROM sessions WHERE staff_id = ?")
        .bind(person.id.as_bytes().as_slice())
        .fetch_one(&mut connection)
        .await?;
    let hash: [u8; 32] = hash.as_slice().try_into()?;
    let mut session = sessions::find(&mut connection, &keys, &hash)
        .await?
        .context("a session")?;
    session.last_seen_at = session.last_seen_at.minus(A_LONG_LUNCH);
    sessions::delete(&mut connection, &hash).await?;
    sessions::insert(&mut connection, &keys, &session).await?;
    Ok(())
}

//! Somebody chooses their password by the link that they got.

use database::MySqlConnection;
use database::sessions::App;
use database::staff::{self, Staff};
use database::staff_events::{self, By, StaffEvent, StaffEventKind};
use keyring::{ApplicationKeys, LinkSecret};
use record::time::UnixMillis;

use crate::StaffingError;

/// How it went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Chosen {
    /// They can sign in.
    Done,
    /// The link was used, replaced, never was, or its time is over.
    DeadLink,
}

/// The account that chooses its password by this link now; nothing is used up by looking.
///
/// # Errors
/// When the row is not ours.
pub async fn of_link(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
    secret: &LinkSecret,
    now: UnixMillis,
) -> Result<Option<Staff>, StaffingError> {
    let hash = keys.hash_staff_link(secret);
    let found = staff::by_link(connection, keys, &hash).await?;
    Ok(found.filter(|account| account.has_open_link(now)))
}

/// Takes the password, by its hash, and uses the link up.
///
/// # Errors
/// When the row is not ours.
pub async fn choose(
    transaction: &mut MySqlConnection,
    keys: &ApplicationKeys,
    secret: &LinkSecret,
    password_hash: String,
    now: UnixMillis,
) -> Result<Chosen, StaffingError> {
    let hash = keys.hash_staff_link(secret);
    let Some(found) = staff::by_link(transaction, keys, &hash).await? else {
        return Ok(Chosen::DeadLink);
    };
    // It may have been used, or replaced, since.
    let locked = staff::lock(transaction, keys, found.id).await?;
    let Some(mut account) = locked.filter(|account| account.link_hash == Some(hash)) else {
        return Ok(Chosen::DeadLink);
    };
    if !account.has_open_link(now) {
        return Ok(Chosen::DeadLink);
    }
    account.password_hash = password_hash;
    account.end_link();
    // A session that somebody began by the old password, while it was being ended, is none.
    account.signed_out_at = Some(now);
    let by = By::account(account.id, App::Entry);
    let step = (StaffEventKind::PasswordChosen, by, now);
    staff::update(transaction, keys, &mut account, step).await?;
    Ok(Chosen::Done)
}

/// Writes down that a password came with a link whose time is over, where it can be told whose link it was.
///
/// # Errors
/// When the row is not ours.
pub async fn note_late(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
    secret: &LinkSecret,
    now: UnixMillis,
) -> Result<(), StaffingError> {
    let hash = keys.hash_staff_link(secret);
    let Some(account) = staff::by_link(connection, keys, &hash).await? else {
        return Ok(());
    };
    let (kind, by) = (StaffEventKind::LinkRefused, By::stranger(App::Entry));
    let refusal = StaffEvent::new(kind, Some(account.id), by, now);
    Ok(staff_events::append(connection, keys, &refusal).await?)
}

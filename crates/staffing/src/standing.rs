//! Accounts disabled and enabled.

use database::staff::{self, Staff};
use database::staff_events::{By, StaffEventKind};
use database::{MySqlConnection, sessions};
use keyring::ApplicationKeys;
use record::ids::StaffId;
use record::time::UnixMillis;

use crate::StaffingError;
use crate::link;
use crate::management::{Management, Outcome};

/// Bars an account from signing in, and ends its sessions and its link.
///
/// # Errors
/// [`StaffingError::Unknown`].
pub async fn disable(
    transaction: &mut MySqlConnection,
    management: &Management<'_>,
    id: StaffId,
) -> Result<Outcome, StaffingError> {
    let mut account = match management.to_change(transaction, id).await? {
        Ok(account) => account,
        Err(refusal) => return Ok(Outcome::Refused(refusal)),
    };
    if account.is_enabled() {
        account.disabled_at = Some(management.now);
        let step = (StaffEventKind::Disabled, management.by(), management.now);
        sign_out(transaction, management.keys, &mut account, step).await?;
    }
    Ok(Outcome::Done)
}

/// Lets an account sign in again, with the password that it had.
///
/// # Errors
/// [`StaffingError::Unknown`].
pub async fn enable(
    transaction: &mut MySqlConnection,
    management: &Management<'_>,
    id: StaffId,
) -> Result<Outcome, StaffingError> {
    let mut account = match management.to_change(transaction, id).await? {
        Ok(account) => account,
        Err(refusal) => return Ok(Outcome::Refused(refusal)),
    };
    if !account.is_enabled() {
        account.disabled_at = None;
        let step = StaffEventKind::Enabled;
        management.update(transaction, &mut account, step).await?;
    }
    Ok(Outcome::Done)
}

/// Writes an account, and ends its sessions in every application and its link: all of it or nothing.
///
/// # Errors
/// When the account was changed meanwhile.
pub async fn sign_out(
    transaction: &mut MySqlConnection,
    keys: &ApplicationKeys,
    account: &mut Staff,
    step: (StaffEventKind, By, UnixMillis),
) -> Result<(), StaffingError> {
    link::end(transaction, keys, account).await?;
    account.signed_out_at = Some(step.2);
    staff::update(transaction, keys, account, step).await?;
    sessions::delete_of_staff(transaction, account.id).await?;
    Ok(())
}

//! Accounts of staff (docs/STAFF.md), for the controller manager.

pub mod disable;
pub mod enable;
pub mod history;
mod history_view;
pub mod invite;
pub mod list;
pub mod reset;
pub mod show;
mod standing;

use database::MySqlConnection;
use database::staff::{self, Role, Staff};
use record::ids::StaffId;
use sqlx::Connection;
use staffing::{Outcome, Refusal, StaffingError, managed_by};
use web_kit::error::{Error, Result};
use web_kit::sign_in::{SignedIn, role_name};

use crate::state::Desk;

/// Who sees these pages. What they may do there, [`managed_by`] says.
pub const MANAGERS: &[Role] = &[Role::ControllerManager];

const TAMPERED: &str = "Someone changed this account behind Sealwatch's back. Nobody can sign in with it, and nothing can be done with it. \
     Please tell your data-protection officer.";

/// The account of an address.
async fn load(desk: &Desk, connection: &mut MySqlConnection, id: &str) -> Result<Staff> {
    let id: StaffId = id.parse().map_err(|_| Error::NotFound)?;
    match staff::by_id(connection, &desk.keys, id).await {
        Err(error) if error.is_tampering() => {
            tracing::error!(account = %id, "ALARM: a planted or altered account was refused");
            Err(Error::tampered(TAMPERED))
        }
        found => found?.ok_or(Error::NotFound),
    }
}

/// Whether this person may change an account.
fn may_change(person: &SignedIn, account: &Staff) -> bool {
    managed_by(person.role()).contains(&account.role) && account.id != person.staff_id()
}

#[derive(Clone, Copy)]
enum Change {
    Disable,
    Enable,
}

/// Changes the standing of the account of an address; gives it back as it was before.
async fn change(desk: &Desk, person: &SignedIn, id: &str, change: Change) -> Result<Staff> {
    person.require(MANAGERS)?;
    let mut connection = desk.pool.acquire().await?;
    let account = load(desk, &mut connection, id).await?;
    let (management, whose) = (desk.management(person), account.id);
    let mut transaction = connection.begin().await?;
    let outcome = match change {
        Change::Disable => staffing::disable(&mut transaction, &management, whose).await,
        Change::Enable => staffing::enable(&mut transaction, &management, whose).await,
    };
    let outcome = outcome.map_err(explain)?;
    // Also a refusal: it stands in the history.
    transaction.commit().await?;
    unless_refused(outcome)?;
    Ok(account)
}

fn explain(error: StaffingError) -> Error {
    match error {
        StaffingError::Unknown => Error::NotFound,
        StaffingError::Disabled => {
            Error::conflict("This account is disabled. Enable it first; then send a new link.")
        }
        error if error.is_tampering() => {
            tracing::error!(%error, "ALARM: a planted or altered account was refused");
            Error::tampered(TAMPERED)
        }
        StaffingError::LoginTaken => Error::conflict("Somebody has this login."),
        error => Error::from(error),
    }
}

/// A refusal, once it is written down.
fn unless_refused(outcome: Outcome) -> Result<()> {
    match outcome {
        Outcome::Done => Ok(()),
        Outcome::Refused(Refusal::Oneself) => Err(Error::refused(
            "Nobody changes their own account. Ask another controller manager, or whoever runs Sealwatch.",
        )),
        Outcome::Refused(Refusal::Role(role)) => Err(Error::refused(format!(
            "{}: such accounts are made and changed by whoever runs Sealwatch, and not here.",
            role_name(role)
        ))),
    }
}

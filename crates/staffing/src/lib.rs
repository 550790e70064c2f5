//! Who works here (docs/STAFF.md): accounts of staff made and changed by whom it is for, links by which a password is chosen, and a
//! line of history for each step and each refusal.
//!
//! Each use case works inside the caller's transaction and leaves there, beside the account, the history and the mail that belong to
//! it. A refusal is an outcome and no error: the caller commits it, since it stands in the history.

mod invite;
mod link;
mod login;
mod management;
mod matrix;
mod password;
mod reset;
mod standing;

pub use invite::{Invitation, invite};
pub use link::LIFETIME;
pub use login::{LoginProblem, clean_login};
pub use management::{Management, Outcome, Refusal};
pub use matrix::managed_by;
pub use password::{Chosen, choose, note_late, of_link};
pub use reset::reset;
pub use standing::{disable, enable, sign_out};

use database::RowError;

/// Why a use case did nothing.
#[derive(Debug, thiserror::Error)]
pub enum StaffingError {
    /// There is no such account.
    #[error("there is no such account")]
    Unknown,
    /// Somebody has this login, maybe one who is disabled.
    #[error("the login is taken")]
    LoginTaken,
    /// Who can't sign in gets no link.
    #[error("the account is disabled")]
    Disabled,
    /// A sealed value of the account does not open.
    #[error("a value of the account does not open")]
    Unreadable(#[from] keyring::SealedError),
    /// A row could not be read or written.
    #[error(transparent)]
    Row(#[from] RowError),
    /// The mail could not be put into the outbox.
    #[error("the mail could not be put into the outbox")]
    Mail(#[from] notification::EnqueueError),
}

impl StaffingError {
    /// Whether somebody else wrote to the rows.
    #[must_use]
    pub fn is_tampering(&self) -> bool {
        match self {
            Self::Unreadable(_) => true,
            Self::Row(error) => error.is_tampering(),
            _ => false,
        }
    }
}

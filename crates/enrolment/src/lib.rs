//! Bringing a person in: their record, the links by which they sign it, edits before they have signed, and corrections after;
//! another wallet for who lost theirs, the end of what nobody signs, taking back what was allowed, a copy of everything, having all of it
//! erased, and for how long it is kept.
//!
//! Each use case works inside the caller's transaction and leaves there, beside its rows, the history and the mail that
//! belong to them.

pub mod access;
mod desk;
mod details;
mod due;
mod edit;
mod ending;
mod enter;
pub mod erasure;
mod lapse;
mod letterhead;
mod link;
mod lock;
mod office;
mod place;
mod rectify;
mod refuse;
pub mod request;
pub mod restriction;
pub mod retention;
mod signed;
pub mod wallet_change;
pub mod withdrawal;

pub use desk::desk_code;
pub use details::{Details, OWN_WALLET};
pub use edit::edit;
pub use ending::{Ending, end};
pub use enter::{Entry, enter};
pub use lapse::lapse;
pub use letterhead::{Letterhead, Reader};
pub use link::{FreshLink, Sending, issue, revoke};
pub use office::Office;
pub use place::Place;
pub use rectify::{ask_again, drop_rectification, rectify, step_back};
pub use refuse::refuse_correction;
pub use signed::{Signed, newest_signed};

use database::RowError;

/// Why a use case did nothing.
#[derive(Debug, thiserror::Error)]
pub enum EnrolmentError {
    /// The record is not, or no longer, in a state that allows this.
    #[error("the record is {0} by now")]
    State(database::records::RecordState),
    /// There is no such record.
    #[error("there is no such record")]
    Unknown,
    /// The wallet of a record that its owner has signed stays what it is, and so does whose it is.
    #[error("the details name another wallet, or another one's")]
    OtherWallet,
    /// A change of the wallet goes no further.
    #[error(transparent)]
    WalletChange(#[from] wallet_change::WalletChangeProblem),
    /// The chain holds another version by now than the one that a correction follows.
    #[error("the chain holds another version by now")]
    Overtaken,
    /// The details are those that are anchored.
    #[error("nothing is different from what is anchored")]
    Unchanged,
    /// What was to be decided is decided, or is not for now.
    #[error("it is decided by now")]
    Decided,
    /// The owner has to be told before.
    #[error("the owner was not told before")]
    Untold,
    /// A cell or key of the record is gone or does not open: it was tampered with.
    #[error("the record's values are gone or do not open")]
    Unreadable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The values do not fit the proof's format.
    #[error("the values do not fit the format of the proof")]
    Format(#[from] record::proof::ProofError),
    /// Something keeps it from being erased.
    #[error("something keeps the record from being erased: {0:?}")]
    Held(retention::Hold),
    /// The application key at hand is to wrap nothing any more: this process has not read the newer key file.
    #[error(
        "application key version {0} is about to be destroyed, or is: nothing may be wrapped by it, and this process holds no newer one in use"
    )]
    KeysBehind(u32),
    /// A row could not be read or written.
    #[error(transparent)]
    Row(#[from] RowError),
    /// The mail could not be put into the outbox.
    #[error("the mail could not be put into the outbox")]
    Mail(#[from] notification::EnqueueError),
}

impl EnrolmentError {
    /// Whether somebody else wrote to the record's rows, or took some away.
    #[must_use]
    pub fn is_tampering(&self) -> bool {
        match self {
            Self::Unreadable(_) => true,
            Self::Row(error) => error.is_tampering(),
            _ => false,
        }
    }

    fn unreadable(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Unreadable(cause.into())
    }
}

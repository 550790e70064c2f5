//! Records: entered, linked, corrected, approved, anchored.

pub mod access;
pub mod access_hand;
pub mod access_view;
mod anchoring_view;
pub mod approve;
pub mod approve_many;
pub mod ask_again;
mod details_form;
pub mod drop_correction;
pub mod edit;
pub mod enter;
pub mod erase;
mod erased;
pub mod erasure;
pub mod erasure_view;
mod history;
mod how_asked;
pub mod keep;
pub mod lines;
pub mod link;
mod link_view;
pub mod list;
pub mod object;
pub mod on_chain;
mod opened;
mod place;
pub mod progress;
mod qr;
pub mod rectify;
pub mod refuse_correction;
pub mod restrict;
pub mod restriction;
pub mod restriction_view;
pub mod retention_view;
pub mod revoke;
pub mod search;
pub mod show;
mod signed_view;
pub mod staff_names;
mod standing;
pub mod state_view;
pub mod use_ground;
pub mod wallet_change;
pub mod wallet_change_begin;
pub mod wallet_change_confirm;
pub mod wallet_change_order;
pub mod withdraw;
pub mod withdraw_restriction;

use database::RowError;
use database::records::Record;
use enrolment::EnrolmentError;
use record::ids::RecordId;
use web_kit::error::Error;

const TAMPERED: &str = "What the database holds of this record was not written by Sealwatch, or was changed since. Nothing of it is used. \
     Please tell your data-protection officer.";

/// Names the draft that a form was filled in from: two people at once must not undo each other's work.
fn mark(record: &Record) -> String {
    format!("{}.{}", record.version, record.draft)
}

/// The id in an address; anything else is a page that does not exist.
pub(super) fn parse_id(text: &str) -> Result<RecordId, Error> {
    text.parse().map_err(|_| Error::NotFound)
}

/// What a row that can't be used means for the person at the page.
pub(super) fn explain_row(error: RowError) -> Error {
    if !error.is_tampering() {
        return error.into();
    }
    tracing::error!(%error, "ALARM: a planted or altered row was refused");
    Error::tampered(TAMPERED)
}

/// What a use case that did nothing means for the person at the page.
pub(super) fn explain(error: EnrolmentError) -> Error {
    match error {
        EnrolmentError::State(state) => Error::conflict(format!(
            "The record is in the state \"{}\" by now. Open it again to see what can be done.",
            state_view::label(state)
        )),
        EnrolmentError::Unknown => Error::NotFound,
        EnrolmentError::Held(hold) => Error::conflict(format!(
            "It can't be released: {}",
            retention_view::hold_in_words(hold)
        )),
        EnrolmentError::OtherWallet => {
            Error::conflict("The wallet of a record that its owner has signed stays what it is.")
        }
        EnrolmentError::Overtaken => Error::conflict(
            "The chain holds another version of this record by now. Give the correction up and begin it anew.",
        ),
        EnrolmentError::WalletChange(problem) => Error::conflict(wallet_change::in_words(problem)),
        EnrolmentError::Unchanged => {
            Error::conflict("Nothing is different from what the owner has signed.")
        }
        EnrolmentError::Decided => Error::conflict(
            "It is decided by now, or that can't be done for now. Open the record to see how it stands.",
        ),
        EnrolmentError::Untold => Error::conflict(
            "The owner has to be told before. Open the request again to see whether the mail has left.",
        ),
        EnrolmentError::Row(error) => explain_row(error),
        EnrolmentError::Unreadable(cause) => {
            tracing::error!(%cause, "ALARM: values that do not open were refused");
            Error::tampered(TAMPERED)
        }
        other => other.into(),
    }
}

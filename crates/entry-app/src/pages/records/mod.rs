//! Records: entered, linked, corrected, approved, anchored.

mod anchoring_view;
pub mod approve;
pub mod approve_many;
mod details_form;
pub mod edit;
pub mod enter;
mod history;
mod lines;
pub mod link;
pub mod list;
mod qr;
pub mod revoke;
pub mod search;
pub mod show;
mod staff_names;
mod state_view;

use enrolment::EnrolmentError;
use record::ids::RecordId;
use web_kit::error::Error;

/// The id in an address; anything else is a page that does not exist.
fn parse_id(text: &str) -> Result<RecordId, Error> {
    text.parse().map_err(|_| Error::NotFound)
}

/// What a use case that did nothing means for the person at the page.
fn explain(error: EnrolmentError) -> Error {
    match error {
        EnrolmentError::State(state) => Error::conflict(format!(
            "The record is in the state \"{}\" by now. Open it again to see what can be done.",
            state_view::label(state)
        )),
        EnrolmentError::Gone => Error::NotFound,
        other => other.into(),
    }
}

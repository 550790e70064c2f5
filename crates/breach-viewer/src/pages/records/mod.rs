//! Records and their verdicts.

pub mod line;
pub mod list;
mod removal;
pub mod restore;
mod restricted;
pub mod reveal;
pub mod search;
pub mod show;
mod standing;
pub mod verify;
pub mod verify_all;

use database::verifications::Subject;
use detection::Hindrance;
use web_kit::error::Error;

/// The subject in an address; anything else is a page that does not exist.
fn parse_subject(text: &str) -> Result<Subject, Error> {
    text.parse().map_err(|_| Error::NotFound)
}

/// What can't be reached, in the words of the error page. Never a breach.
fn unavailable(hindrance: Hindrance) -> Error {
    tracing::warn!(cause = ?hindrance, "nothing can be told right now");
    match hindrance {
        Hindrance::Chain(_) => Error::Unavailable { what: "the chain" },
        Hindrance::WrongKeys => Error::Unavailable {
            what: "the right keys",
        },
        Hindrance::Forgotten => Error::Unavailable {
            what: "an archive node of the chain",
        },
        Hindrance::Connection(error) | Hindrance::Row(error) => error.into(),
        Hindrance::Mail(error) => error.into(),
    }
}

use super::refusal::{Asked, refusal};
use crate::letter::Letter;

const ASKED: Asked = Asked {
    subject: "your record is not erased",
    what: "erase everything that it keeps about you",
    stays: "",
};

pub(crate) fn erasure_refused(
    first_name: &str,
    controller: &str,
    contacts: (&str, &str),
    reason: &str,
) -> Letter {
    refusal(&ASKED, first_name, controller, contacts, reason)
}

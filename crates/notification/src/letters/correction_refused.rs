use super::refusal::{Asked, refusal};
use crate::letter::Letter;

const ASKED: Asked = Asked {
    subject: "about the correction that you asked for",
    what: "correct something in your record",
    stays: " as you signed it",
};

pub(crate) fn correction_refused(
    first_name: &str,
    controller: &str,
    contacts: (&str, &str),
    reason: &str,
) -> Letter {
    refusal(&ASKED, first_name, controller, contacts, reason)
}

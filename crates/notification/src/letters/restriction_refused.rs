use super::refusal::{Asked, refusal};
use crate::letter::Letter;

const RESTRICTION: Asked = Asked {
    subject: "the use of your record does not stay restricted",
    what: "restrict the use of your record",
    stays: " as it was before you asked",
};
const OBJECTION: Asked = Asked {
    subject: "what you objected to goes on",
    what: "end a use of your details that you objected to",
    stays: "",
};

const NOT_YET: &str = "Until now your record was restricted. Now that you have been told, that may be lifted; you get a mail when it is.";

pub(crate) fn restriction_refused(
    first_name: &str,
    controller: &str,
    contacts: (&str, &str),
    is_objection: bool,
    reason: &str,
) -> Letter {
    let asked = match is_objection {
        true => &OBJECTION,
        false => &RESTRICTION,
    };
    let mut letter = refusal(asked, first_name, controller, contacts, reason);
    letter.paragraphs.push(NOT_YET.to_owned());
    letter
}

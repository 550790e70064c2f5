use super::greeting;
use crate::letter::Letter;

pub(crate) fn erasure_refused(
    first_name: &str,
    controller: &str,
    (contact, officer): (&str, &str),
    reason: &str,
) -> Letter {
    Letter {
        subject: format!("{controller}: your record is not erased"),
        greeting: greeting(first_name),
        paragraphs: vec![
            format!(
                "You asked {controller} to erase everything that it keeps about you. It stays, for this reason:"
            ),
            reason.to_owned(),
        ],
        facts: Vec::new(),
        action: None,
        closing: vec![
            format!(
                "If you see it differently, say so: {contact}, or to the data-protection officer, {officer}."
            ),
            "You may also complain to the data-protection authority, or go to court.".to_owned(),
        ],
        withdrawal_url: None,
        footer: format!(
            "You get this mail because {controller} holds a record about you, and you asked to have it erased."
        ),
    }
}

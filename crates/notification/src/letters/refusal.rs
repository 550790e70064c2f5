//! The answer to an owner who asked for something and does not get it (GDPR Art. 12(4)): why, and where else they can turn.

use super::greeting;
use crate::letter::Letter;

/// What was asked, in the words of each mail about it.
pub(super) struct Asked {
    pub subject: &'static str,
    /// Of {controller}, in the past.
    pub what: &'static str,
    pub stays: &'static str,
}

pub(super) fn refusal(
    asked: &Asked,
    first_name: &str,
    controller: &str,
    (contact, officer): (&str, &str),
    reason: &str,
) -> Letter {
    let Asked {
        subject,
        what,
        stays,
    } = asked;
    Letter {
        subject: format!("{controller}: {subject}"),
        greeting: greeting(first_name),
        paragraphs: vec![
            format!("You asked {controller} to {what}. It stays{stays}, for this reason:"),
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
            "You get this mail because {controller} holds a record about you, and you asked to {what}."
        ),
    }
}

use record::time::UnixMillis;

use super::greeting;
use crate::letter::{Letter, moment};

pub(crate) fn consent_withdrawn(
    first_name: &str,
    controller: &str,
    contact: &str,
    at: UnixMillis,
) -> Letter {
    Letter {
        subject: format!("{controller}: what you allowed is taken back"),
        greeting: greeting(first_name),
        paragraphs: vec![
            format!(
                "Since {} some or all of what you allowed is taken back. Which uses these are is shown on your page, once you \
                 have typed a code: a mail is no place for it.",
                moment(at)
            ),
            format!(
                "{controller} may not use your details for them any more. What was done before stays lawful. Your record and \
                 your signature stay as they are."
            ),
        ],
        facts: Vec::new(),
        action: None,
        closing: vec![format!(
            "You can allow it again at any time: ask {contact}. If it was not you who took it back, say so there at once."
        )],
        withdrawal_url: None,
        footer: format!(
            "You get this mail because {controller} holds a record about you, of which consent was taken back."
        ),
    }
}

use record::time::UnixMillis;

use super::greeting;
use crate::letter::{Letter, fact, moment};

pub(crate) fn owner_code(
    first_name: &str,
    controller: &str,
    contact: &str,
    code: &str,
    expires_at: UnixMillis,
) -> Letter {
    Letter {
        subject: format!("{controller}: your code"),
        greeting: greeting(first_name),
        paragraphs: vec![format!(
            "Somebody, most likely you, wants to take back what you allowed {controller}, or to have something in your record \
             corrected. Type this code into the page that asked for it. It works until {}.",
            moment(expires_at)
        )],
        facts: vec![fact("Code", code)],
        action: None,
        closing: vec![format!(
            "If it was not you, you need not do anything: nothing happens without the code. Do not pass it on. Questions: \
             {contact}."
        )],
        withdrawal_url: None,
        footer: format!(
            "You get this mail because {controller} holds a record about you, and somebody opened the address in an earlier \
             mail."
        ),
    }
}

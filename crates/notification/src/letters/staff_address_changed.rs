use super::greeting;
use crate::letter::Letter;

/// It goes to the address of before: whoever takes over somebody's account by another mailbox is found out by it.
pub(crate) fn staff_address_changed(first_name: &str, controller: &str, contact: &str) -> Letter {
    Letter {
        subject: format!("{controller}: the address of your account was changed"),
        greeting: greeting(first_name),
        paragraphs: vec![format!(
            "The password of your account at {controller} was ended, and the link to choose a new one went to another e-mail \
             address than this one."
        )],
        facts: Vec::new(),
        action: None,
        closing: vec![format!(
            "If you know of it, you need not do anything. If not, somebody may be taking over your account: say so at once: \
             {contact}."
        )],
        withdrawal_url: None,
        footer: format!(
            "You get this mail because this was the address of your account at {controller}."
        ),
    }
}

use super::greeting;
use crate::letter::Letter;

pub(crate) fn correction_dropped(first_name: &str, controller: &str, contact: &str) -> Letter {
    Letter {
        subject: format!("{controller}: a correction that you signed was given up"),
        greeting: greeting(first_name),
        paragraphs: vec![
            format!(
                "{controller} has given up the correction of your record that you signed. Its details and your signature \
                 under it are deleted."
            ),
            "Your record stays as you signed it before, and what you allowed then goes on, but for what you took back since. \
             You need not do anything."
                .to_owned(),
        ],
        facts: Vec::new(),
        action: None,
        closing: vec![format!(
            "If something in your record is still wrong, or you have a question: {contact}."
        )],
        withdrawal_url: None,
        footer: format!(
            "You get this mail because {controller} holds a record about you, of which a correction was signed."
        ),
    }
}

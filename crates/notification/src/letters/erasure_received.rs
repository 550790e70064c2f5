use record::time::UnixMillis;

use super::greeting;
use crate::letter::{Letter, fact, moment};

pub(crate) fn erasure_received(
    first_name: &str,
    (controller, contact): (&str, &str),
    (due_at, is_signed): (UnixMillis, bool),
    withdrawal_url: &str,
) -> Letter {
    let mut paragraphs = vec![format!(
        "{controller} was asked to erase everything that it keeps about you. Somebody there decides about it, and you get the \
         answer by e-mail."
    )];
    if !is_signed {
        paragraphs.push(
            "It needs your signature, or an order of the data-protection authority. You sign it with the wallet of your record, at the \
             address at the end of this mail."
                .to_owned(),
        );
    }
    Letter {
        subject: format!("{controller}: you asked to have your record erased"),
        greeting: greeting(first_name),
        paragraphs,
        facts: vec![fact("Answer by", moment(due_at))],
        action: None,
        closing: vec![format!(
            "If it was not you who asked, say so at once: {contact}. What is erased can't be brought back."
        )],
        withdrawal_url: Some(withdrawal_url.to_owned()),
        footer: format!("You get this mail because {controller} holds a record about you."),
    }
}

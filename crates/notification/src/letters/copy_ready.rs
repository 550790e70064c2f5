use record::time::UnixMillis;

use super::greeting;
use crate::letter::{Action, Letter, moment};

pub(crate) fn copy_ready(
    first_name: &str,
    (controller, contact): (&str, &str),
    url: &str,
    expires_at: UnixMillis,
) -> Letter {
    Letter {
        subject: format!("{controller}: the copy of your record is ready"),
        greeting: greeting(first_name),
        paragraphs: vec![
            format!(
                "You asked {controller} for a copy of everything that it keeps about you. Behind this link you can read it, print \
                 it, and take it along as a file."
            ),
            format!(
                "The page first asks for a signature of your wallet. Without a wallet you need a code that {controller} gives you in \
                 person or by phone, once they know that it is you: {contact}."
            ),
        ],
        facts: Vec::new(),
        action: Some(Action {
            label: "See my copy",
            url: url.to_owned(),
        }),
        closing: vec![
            format!(
                "The link works until {}. It is meant for you alone: please do not forward it.",
                moment(expires_at)
            ),
            format!(
                "If it was not you who asked, do nothing: the link shows nothing by itself. You may want to tell {controller}."
            ),
        ],
        withdrawal_url: None,
        footer: format!("You get this mail because {controller} holds a record about you."),
    }
}

use record::time::UnixMillis;

use super::greeting;
use crate::letter::{Action, Letter, moment};

/// It names neither login nor role: who finds it knows of no account but by the link.
pub(crate) fn staff_link(
    first_name: &str,
    (controller, contact): (&str, &str),
    (url, expires_at): (&str, UnixMillis),
    is_reset: bool,
) -> Letter {
    let (subject, told) = match is_reset {
        false => (
            format!("{controller}: your account"),
            format!(
                "{controller} has made an account for you, to work with the records of the people whose data it holds."
            ),
        ),
        true => (
            format!("{controller}: choose a new password"),
            format!(
                "{controller} has ended the password of your account and signed you out everywhere, so that you choose a new one."
            ),
        ),
    };
    Letter {
        subject,
        greeting: greeting(first_name),
        paragraphs: vec![
            told,
            "Behind this link you see your login and choose your password. Nobody else knows it, and nobody will ever ask you for it."
                .to_owned(),
        ],
        facts: Vec::new(),
        action: Some(Action {
            label: "Choose my password",
            url: url.to_owned(),
        }),
        closing: vec![
            format!(
                "The link works once, until {}. It is meant for you alone: please do not forward it.",
                moment(expires_at)
            ),
            format!("If you do not expect this, do not open the link, and tell {controller}: {contact}."),
        ],
        withdrawal_url: None,
        footer: format!("You get this mail because you work for {controller}, or are about to."),
    }
}

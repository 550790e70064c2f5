use record::time::UnixMillis;

use super::greeting;
use crate::letter::{Action, Letter, moment};

pub(crate) fn consent_link(
    first_name: &str,
    controller: &str,
    url: &str,
    expires_at: UnixMillis,
    corrects: bool,
) -> Letter {
    let words = match corrects {
        true => correction(controller),
        false => first(controller),
    };
    Letter {
        subject: words.subject,
        greeting: greeting(first_name),
        paragraphs: words.paragraphs,
        facts: Vec::new(),
        action: Some(Action {
            label: words.label,
            url: url.to_owned(),
        }),
        closing: vec![
            "The page first asks for the code that you were given, or for a signature of your wallet. Nobody will ever ask \
             you for your wallet's recovery words or private key: give them to no one."
                .to_owned(),
            format!(
                "The link works until {}. It is meant for you alone: please do not forward it.",
                moment(expires_at)
            ),
        ],
        footer: words.footer,
    }
}

/// What a first link and one to a correction say differently.
struct Words {
    subject: String,
    paragraphs: Vec<String>,
    label: &'static str,
    footer: String,
}

fn first(controller: &str) -> Words {
    let subject = format!("{controller}: please check and confirm your details");
    let paragraphs = vec![
        format!(
            "{controller} has entered details about you and asks you to check them. Nothing is used before you have \
             confirmed them."
        ),
        "Behind this link you see your details and what they are wanted for. You can confirm them with your wallet, \
         ask for a correction, or decline."
            .to_owned(),
    ];
    let footer = format!(
        "You get this mail because {controller} entered your address. If that is a mistake, do nothing: the link shows \
         nothing without the code."
    );
    Words {
        subject,
        paragraphs,
        label: "Check my details",
        footer,
    }
}

fn correction(controller: &str) -> Words {
    let subject = format!("{controller}: please check and confirm a correction of your record");
    let paragraphs = vec![
        format!(
            "{controller} wants to correct the details that you signed before, and asks you to check them. Until you have \
             signed the correction and it is sealed, your record stays as you signed it."
        ),
        "Behind this link you see what changes. You can sign it with your wallet, ask for something else, or leave \
         your record as it is."
            .to_owned(),
    ];
    let footer = format!(
        "You get this mail because {controller} holds a record about you. If you did not expect it, do nothing: your \
         record stays as it is."
    );
    Words {
        subject,
        paragraphs,
        label: "See what changes",
        footer,
    }
}

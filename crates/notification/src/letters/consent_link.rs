use record::time::UnixMillis;

use super::greeting;
use crate::letter::{Action, Letter, moment};

/// What a link is for.
#[derive(Clone, Copy)]
pub(crate) enum Occasion {
    /// The owner has signed nothing yet.
    First,
    /// Something of what they signed changes.
    Correction,
    /// Nothing changes but, maybe, what they allow.
    AskedAgain,
}

impl Occasion {
    pub(crate) const fn of(corrects: bool, asks_again: bool) -> Self {
        match (corrects, asks_again) {
            (false, _) => Self::First,
            (true, false) => Self::Correction,
            (true, true) => Self::AskedAgain,
        }
    }
}

pub(crate) fn consent_link(
    first_name: &str,
    controller: &str,
    url: &str,
    expires_at: UnixMillis,
    occasion: Occasion,
) -> Letter {
    let words = match occasion {
        Occasion::First => first(controller),
        Occasion::Correction => correction(controller),
        Occasion::AskedAgain => asked_again(controller),
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
        withdrawal_url: None,
        footer: words.footer,
    }
}

/// What links say differently, each on its occasion.
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

fn asked_again(controller: &str) -> Words {
    let subject = format!("{controller}: what may your details be used for?");
    let paragraphs = vec![
        format!(
            "{controller} asks you once more what it may use your details for. They are the same that you signed before. \
             Until you sign a new answer, what you said last holds."
        ),
        "Behind this link you see each use. You can sign your choices with your wallet, or leave everything as it is."
            .to_owned(),
    ];
    let footer = format!(
        "You get this mail because {controller} holds a record about you. If you did not expect it, do nothing: everything \
         stays as it is."
    );
    Words {
        subject,
        paragraphs,
        label: "See what is asked",
        footer,
    }
}

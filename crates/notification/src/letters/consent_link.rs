use record::time::UnixMillis;

use crate::letter::{Action, Letter, moment};

pub(crate) fn consent_link(
    first_name: &str,
    controller: &str,
    url: &str,
    expires_at: UnixMillis,
) -> Letter {
    Letter {
        subject: format!("{controller}: please check and confirm your details"),
        greeting: match first_name {
            "" => "Good day,".to_owned(),
            name => format!("Good day {name},"),
        },
        paragraphs: vec![
            format!(
                "{controller} has entered details about you and asks you to check them. Nothing is used before you have \
                 confirmed them."
            ),
            "Behind this link you see your details and what they are wanted for. You can confirm them with your wallet, \
             ask for a correction, or decline."
                .to_owned(),
        ],
        facts: Vec::new(),
        action: Some(Action {
            label: "Check my details",
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
        footer: format!(
            "You get this mail because {controller} entered your address. If that is a mistake, do nothing: the link shows \
             nothing without the code."
        ),
    }
}

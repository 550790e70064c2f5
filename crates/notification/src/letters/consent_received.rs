use record::time::UnixMillis;

use super::greeting;
use crate::letter::{Letter, moment};

pub(crate) fn consent_received(
    first_name: &str,
    controller: &str,
    contact: &str,
    received_at: UnixMillis,
) -> Letter {
    Letter {
        subject: format!("{controller}: your signature has arrived"),
        greeting: greeting(first_name),
        paragraphs: vec![format!(
            "{controller} received your signed details on {}. You need not do anything more.",
            moment(received_at)
        )],
        facts: Vec::new(),
        action: None,
        closing: vec![
            "The receipt that the page offered you proves what you signed: keep it.".to_owned(),
            format!("If it was not you who signed, say so at once: {contact}."),
        ],
        withdrawal_url: None,
        footer: format!("You get this mail because your details with {controller} were signed."),
    }
}

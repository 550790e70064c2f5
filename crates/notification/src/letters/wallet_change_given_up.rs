use super::greeting;
use crate::letter::Letter;

pub(crate) fn wallet_change_given_up(first_name: &str, controller: &str, contact: &str) -> Letter {
    Letter {
        subject: format!("{controller}: your record keeps its wallet"),
        greeting: greeting(first_name),
        paragraphs: vec![format!(
            "{controller} has given up giving your record another wallet. It stays as you signed it, and the wallet that signed it \
             stays the one that signs for it."
        )],
        facts: Vec::new(),
        action: None,
        closing: vec![format!(
            "If you did lose your wallet, or have a question: {contact}."
        )],
        withdrawal_url: None,
        footer: format!(
            "You get this mail because your address stands in the record that {controller} holds about you."
        ),
    }
}

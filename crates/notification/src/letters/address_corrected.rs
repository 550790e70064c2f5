use super::greeting;
use crate::letter::Letter;

/// It goes to the address that is to be replaced: whoever has somebody else's address put into a record is told of by it.
pub(crate) fn address_corrected(first_name: &str, controller: &str, contact: &str) -> Letter {
    Letter {
        subject: format!("{controller}: a correction of your record was begun"),
        greeting: greeting(first_name),
        paragraphs: vec![
            format!(
                "{controller} has begun a correction of the record that it holds about you. Your e-mail address is to change \
                 as well, so the link by which you check the correction goes to the new address."
            ),
            "Until the correction is signed with your wallet and sealed, your record stays as you signed it before."
                .to_owned(),
        ],
        facts: Vec::new(),
        action: None,
        closing: vec![format!(
            "If you know of it, you need not do anything here. If it was not you who asked for it, say so at once: {contact}."
        )],
        withdrawal_url: None,
        footer: format!(
            "You get this mail because your address stands in the record that {controller} holds about you."
        ),
    }
}

use record::time::UnixMillis;

use super::greeting;
use crate::letter::{Letter, fact, moment};

/// It goes to the address that is anchored: whoever has another wallet put into somebody's record is told of by it.
pub(crate) fn wallet_change_asked(
    first_name: &str,
    (controller, contact): (&str, &str),
    not_before: UnixMillis,
) -> Letter {
    Letter {
        subject: format!("{controller}: your record is to get another wallet"),
        greeting: greeting(first_name),
        paragraphs: vec![
            format!(
                "Somebody who gave themself as you told {controller} that your wallet is lost, and that another one is to sign for \
                 your record from now on. The people at the desk noted how they knew that it was you."
            ),
            "It takes a second person there and the signature of the data-protection authority. Until the new wallet has signed \
             and that is sealed, your record stays as you signed it before."
                .to_owned(),
        ],
        facts: vec![fact("Not before", moment(not_before))],
        action: None,
        closing: vec![format!(
            "If it was you, you need not do anything here. If it was not you, or you have found your wallet again, say so at once, \
             before that time: {contact}."
        )],
        withdrawal_url: None,
        footer: format!(
            "You get this mail because your address stands in the record that {controller} holds about you."
        ),
    }
}

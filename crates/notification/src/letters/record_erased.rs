use super::greeting;
use crate::letter::{Letter, fact, moment};
use crate::mail::Destroyed;

/// The address it goes to is destroyed with the rest: it is the last mail.
pub(crate) fn record_erased(
    first_name: &str,
    controller: &str,
    was_due: bool,
    what: &Destroyed,
) -> Letter {
    let mut facts = vec![
        fact("Destroyed", moment(what.at)),
        fact("Record", format!("UID {}", what.uid)),
        fact("Versions of your details", what.versions.to_string()),
        fact("Every copy of them", "destroyed"),
        fact("Your key, and its copy", "destroyed"),
        fact("On the chain", format!("ended in block {}", what.block)),
        fact("Evidence", what.evidence.clone()),
    ];
    let rest = match what.key_version {
        Some(version) => {
            facts.push(fact("Wrapped by", format!("application key {version}")));
            "Logs and dumps of the database server may hold your key for a while, wrapped by the application key named above. Once that \
             is destroyed as well, nothing can be opened any more."
        }
        None => "Nothing of your details can be opened any more.",
    };
    let why = match was_due {
        true => " You did not ask for it: the time for which it may be kept is over.",
        false => "",
    };
    Letter {
        subject: "Your record was erased: the receipt".to_owned(),
        greeting: greeting(first_name),
        paragraphs: vec![
            format!("Everything that this organisation kept about you was destroyed: {controller}.{why}"),
            "What stays is that a record with this number was there and has ended, who at the desk did what with it and when, and the \
             request or order that was signed. Nothing of it names you."
                .to_owned(),
            rest.to_owned(),
        ],
        facts,
        action: None,
        closing: vec![
            "Keep this mail: your address was destroyed, too, so it can't be sent again.".to_owned(),
        ],
        withdrawal_url: None,
        footer: "You get this mail because your record was erased. It is the last one.".to_owned(),
    }
}

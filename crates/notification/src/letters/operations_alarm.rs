use record::time::UnixMillis;

use super::TO_OFFICER;
use crate::letter::{Action, Letter, fact, moment};

const MORE: &str = "More of what you had a mail about was noticed since, and it still stands. The log names what it was.";

pub(crate) fn operations_alarm(
    what: &str,
    (hinders, may_be_meant): (bool, bool),
    (since, more): (UnixMillis, bool),
    url: &str,
) -> Letter {
    let (subject, paragraph) = match (hinders, may_be_meant) {
        (true, true) => (
            "Records can't be verified at present",
            "Sealwatch can't verify the records at present. Somebody may have brought that about, and as long as it lasts a breach \
             would not be found. Please tell those who run the system, and ask them who did it.",
        ),
        (true, false) => (
            "Records can't be verified at present",
            "Sealwatch can't verify the records at present. By itself this is not a sign of a breach, but as long as it lasts a breach \
             would not be found. Please tell those who run the system.",
        ),
        (false, _) => (
            "Sealwatch needs somebody to look at it",
            "Sealwatch goes on verifying the records, and something else is not as it should be. Please tell those who run \
             the system.",
        ),
    };
    Letter {
        subject: subject.to_owned(),
        greeting: "Good day,".to_owned(),
        paragraphs: [more.then_some(MORE), Some(paragraph)]
            .into_iter()
            .flatten()
            .map(str::to_owned)
            .collect(),
        facts: vec![fact("What is wrong", what), fact("Since", moment(since))],
        action: Some(Action {
            label: "Open the viewer",
            url: url.to_owned(),
        }),
        closing: Vec::new(),
        withdrawal_url: None,
        footer: TO_OFFICER.to_owned(),
    }
}

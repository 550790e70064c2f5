use record::time::UnixMillis;

use super::TO_OFFICER;
use crate::letter::{Action, Letter, fact, moment};

pub(crate) fn operations_alarm(what: &str, since: UnixMillis, url: &str) -> Letter {
    Letter {
        subject: "Records can't be verified at present".to_owned(),
        greeting: "Good day,".to_owned(),
        paragraphs: vec![
            "Sealwatch can't verify the records at present. This is not a sign of a breach, but as long as it lasts a breach \
             would not be found. Please tell those who run the system."
                .to_owned(),
        ],
        facts: vec![fact("What is wrong", what), fact("Since", moment(since))],
        action: Some(Action {
            label: "Open the viewer",
            url: url.to_owned(),
        }),
        closing: Vec::new(),
        footer: TO_OFFICER.to_owned(),
    }
}

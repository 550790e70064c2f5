use record::ids::RecordId;

use super::TO_STAFF;
use crate::letter::{Action, Letter, fact};

pub(crate) fn correction_asked(record: RecordId, url: Option<&str>) -> Letter {
    Letter {
        subject: "A data owner asks for a correction".to_owned(),
        greeting: "Good day,".to_owned(),
        paragraphs: vec![
            "A data owner looked at their details and asks you to correct them before they sign. Their note stands on the \
             record's page."
                .to_owned(),
        ],
        facts: vec![fact("Record", record.to_string())],
        action: url.map(|url| Action {
            label: "Open the record",
            url: url.to_owned(),
        }),
        closing: vec!["Once you have edited the details, send the owner a new link.".to_owned()],
        footer: TO_STAFF.to_owned(),
    }
}

use record::ids::RecordId;

use super::TO_STAFF;
use crate::letter::{Action, Letter, fact};

pub(crate) fn correction_asked(record: RecordId, url: Option<&str>) -> Letter {
    Letter {
        subject: "A data owner asks for a correction".to_owned(),
        greeting: "Good day,".to_owned(),
        paragraphs: vec![
            "A data owner asks you to correct something in their details. Their note stands on the record's page."
                .to_owned(),
        ],
        facts: vec![fact("Record", record.to_string())],
        action: url.map(|url| Action {
            label: "Open the record",
            url: url.to_owned(),
        }),
        closing: vec!["Once the details are corrected, the owner gets a new link to sign them.".to_owned()],
        withdrawal_url: None,
        footer: TO_STAFF.to_owned(),
    }
}

use record::ids::RecordId;

use super::TO_STAFF;
use crate::letter::{Action, Letter, fact};

pub(crate) fn withdrawal_noted(record: RecordId, url: Option<&str>) -> Letter {
    Letter {
        subject: "A data owner took consent back".to_owned(),
        greeting: "Good day,".to_owned(),
        paragraphs: vec![
            "A data owner took back some or all of what they had allowed. See on the record's page what it is, and end these \
             uses now, those by processors as well."
                .to_owned(),
        ],
        facts: vec![fact("Record", record.to_string())],
        action: url.map(|url| Action {
            label: "Open the record",
            url: url.to_owned(),
        }),
        closing: Vec::new(),
        withdrawal_url: None,
        footer: TO_STAFF.to_owned(),
    }
}

use record::ids::RecordId;

use super::TO_STAFF;
use crate::letter::{Action, Letter, fact};

pub(crate) fn consent_given(record: RecordId, url: Option<&str>) -> Letter {
    Letter {
        subject: "A data owner has signed".to_owned(),
        greeting: "Good day,".to_owned(),
        paragraphs: vec![
            "A data owner confirmed their details with their wallet. The record waits for your approval; after that its \
             proof is anchored."
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

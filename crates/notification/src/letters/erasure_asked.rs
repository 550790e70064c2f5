use record::ids::RecordId;

use super::TO_STAFF;
use crate::letter::{Action, Letter, fact};

pub(crate) fn erasure_asked(record: RecordId, url: Option<&str>) -> Letter {
    Letter {
        subject: "A data owner asks to have their record erased".to_owned(),
        greeting: "Good day,".to_owned(),
        paragraphs: vec![
            "A data owner asks to have everything erased that is kept about them. They have an answer within a month \
             (GDPR Art. 12(3)); the record's page says by when."
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

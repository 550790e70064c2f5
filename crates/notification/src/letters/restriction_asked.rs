use record::ids::RecordId;

use super::TO_STAFF;
use crate::letter::{Action, Letter, fact};

pub(crate) fn restriction_asked(record: RecordId, url: Option<&str>) -> Letter {
    Letter {
        subject: "A data owner restricts the use of their record, or objects to one".to_owned(),
        greeting: "Good day,".to_owned(),
        paragraphs: vec![
            "A data owner asks to have the use of their record restricted, or objects to a use of it (GDPR Art. 18, 21). It holds \
             from now on; the record's page says what it is, and what has to be decided, and by when."
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

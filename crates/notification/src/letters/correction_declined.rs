use record::ids::RecordId;

use super::TO_STAFF;
use crate::letter::{Action, Letter, fact};

pub(crate) fn correction_declined(record: RecordId, url: Option<&str>) -> Letter {
    Letter {
        subject: "A data owner leaves the record as it is".to_owned(),
        greeting: "Good day,".to_owned(),
        paragraphs: vec![
            "A data owner looked at a correction of their record and did not want it. The correction is deleted; the record \
             stands as they signed it before."
                .to_owned(),
        ],
        facts: vec![fact("Record", record.to_string())],
        action: url.map(|url| Action {
            label: "Open the record",
            url: url.to_owned(),
        }),
        closing: vec![
            "If you think that something in it is wrong all the same, ask the owner before you begin another correction."
                .to_owned(),
        ],
        withdrawal_url: None,
        footer: TO_STAFF.to_owned(),
    }
}

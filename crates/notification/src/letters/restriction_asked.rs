use record::ids::RecordId;

use super::TO_STAFF;
use crate::letter::{Action, Letter, fact};

pub(crate) fn restriction_asked(record: RecordId, url: Option<&str>) -> Letter {
    let subject = "A data owner restricts the use of their record, or objects to one";
    let text = "A data owner asks to have the use of their record restricted, or objects to a use of it (GDPR Art. 18, 21). It holds \
                from now on; the record's page says what it is, and what has to be decided, and by when.";
    to_desk(subject, text, record, url)
}

pub(crate) fn restriction_withdrawn(record: RecordId, url: Option<&str>) -> Letter {
    let subject = "A data owner takes back that the use of their record is restricted";
    let text = "A data owner takes back that they asked to have the use of their record restricted (GDPR Art. 18). Nothing is left to \
                be decided about that. The record's page says whether anything else restricts it, such as an objection.";
    to_desk(subject, text, record, url)
}

fn to_desk(subject: &str, text: &str, record: RecordId, url: Option<&str>) -> Letter {
    Letter {
        subject: subject.to_owned(),
        greeting: "Good day,".to_owned(),
        paragraphs: vec![text.to_owned()],
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

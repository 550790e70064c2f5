use database::records_view::MOST_COUNTED;

use super::TO_STAFF;
use crate::letter::{Action, Letter, fact};

pub(crate) fn retention_due(due: u64, soon: u64, days: u32, url: &str) -> Letter {
    let subject = match due {
        0 => "Records become due to be erased",
        _ => "Records are due to be erased",
    };
    Letter {
        subject: subject.to_owned(),
        greeting: "Good day,".to_owned(),
        paragraphs: vec![
            "Nothing permits to keep a record whose time is over (GDPR Art. 5(1)(e)). Somebody has to look at each and release its erasure, \
             or note why it is kept for longer."
                .to_owned(),
        ],
        facts: vec![
            fact("Due now", counted(due)),
            fact(
                "Soon",
                format!("{} more, within {days} days", counted(soon)),
            ),
        ],
        action: Some(Action {
            label: "Open the list",
            url: url.to_owned(),
        }),
        closing: Vec::new(),
        withdrawal_url: None,
        footer: TO_STAFF.to_owned(),
    }
}

fn counted(count: u64) -> String {
    match count > MOST_COUNTED {
        true => format!("over {MOST_COUNTED}"),
        false => count.to_string(),
    }
}

use record::ids::Uid;
use record::time::UnixMillis;

use super::TO_OFFICER;
use crate::letter::{Action, Letter, fact, moment, records, uids as list};

pub(crate) fn restored(
    incident: u64,
    restored_at: UnixMillis,
    uids: &[Uid],
    count: u64,
    url: &str,
) -> Letter {
    let (were, when) = match count {
        1 => ("was", "Restored"),
        _ => ("were", "The last of them"),
    };
    let mut facts = vec![
        fact("Incident", incident.to_string()),
        fact(when, moment(restored_at)),
    ];
    facts.extend(list(uids, count).map(|list| fact("UIDs", list)));
    Letter {
        subject: format!("Incident {incident}: {} restored", records(count)),
        greeting: "Good day,".to_owned(),
        paragraphs: vec![format!(
            "{} {were} restored from the backup, or from what the database's log held. Each copy was written back only after its own proof had been found equal to \
             the chain's.",
            records(count)
        )],
        facts,
        action: Some(Action {
            label: "Open the incident",
            url: url.to_owned(),
        }),
        closing: vec![
            "The rows as they were found are kept with the incident. It stays open until you close it.".to_owned(),
        ],
        withdrawal_url: None,
        footer: TO_OFFICER.to_owned(),
    }
}

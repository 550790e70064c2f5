use record::ids::Uid;
use record::time::UnixMillis;

use super::TO_OFFICER;
use crate::letter::{Action, Fact, Letter, fact, moment, records, uids as list};
use crate::mail::Found;

pub(crate) fn breach_found(
    incident: u64,
    detected_at: UnixMillis,
    again: bool,
    (found, at_most): (&[Found], bool),
    uids: &[Uid],
    url: &str,
) -> Letter {
    let count = found.iter().map(|found| found.count).sum();
    let count = format!("{}{}", if at_most { "up to " } else { "" }, are(count));
    // Rows that the chain does not know have no UID.
    let known = found.iter().filter(|found| found.verdict != "forged");
    let known = known.map(|found| found.count).sum();
    let mut facts = vec![
        fact("Incident", incident.to_string()),
        fact("Detected", moment(detected_at)),
    ];
    facts.extend(found.iter().map(by_verdict));
    facts.extend(list(uids, known).map(|list| fact("UIDs", list)));
    let mut paragraphs = vec![format!(
        "Sealwatch compared the records with their proofs on the chain: {count} not what the data owners signed."
    )];
    if again {
        let more = "More was found since the last mail about this incident; the numbers are those of all of it.";
        paragraphs.push(more.to_owned());
    }
    Letter {
        subject: format!(
            "Incident {incident}: {}{count} not as signed",
            if again { "by now " } else { "" }
        ),
        greeting: "Good day,".to_owned(),
        paragraphs,
        facts,
        action: Some(Action {
            label: "Open the incident",
            url: url.to_owned(),
        }),
        closing: vec![
            "If this is a personal-data breach, the authority must be told within 72 hours of your becoming aware of it \
             (GDPR Art. 33). Sealwatch tells neither the authority nor the data owners: that is yours to release."
                .to_owned(),
        ],
        withdrawal_url: None,
        footer: TO_OFFICER.to_owned(),
    }
}

fn are(count: u64) -> String {
    match count {
        1 => "1 record is".to_owned(),
        _ => format!("{} are", records(count)),
    }
}

fn by_verdict(found: &Found) -> Fact {
    let name = match found.verdict.as_str() {
        "altered" => "Altered",
        "rolled_back" => "Rolled back to an older state",
        "swapped" => "Swapped with another record",
        "missing" => "Deleted",
        "forged" => "Forged",
        "consent_invalid" => "Anchored again without the owner's consent",
        "retired_unproven" => "Retired without proof",
        _ => "Other",
    };
    fact(name, records(found.count))
}

//! The time line of an incident in words.

use std::collections::BTreeMap;

use database::incident_events::{IncidentEvent, IncidentEventKind};
use database::staff;
use record::ids::StaffId;
use record::time::UnixMillis;
use sqlx::MySqlConnection;
use web_kit::error::Result;

use super::show::short;
use crate::state::Watchtower;

/// One step, as the page shows it.
pub struct Step {
    pub tone_class: &'static str,
    pub what: &'static str,
    pub who: String,
    pub detail: Option<String>,
    pub at: UnixMillis,
}

/// The names of those who took a step.
pub async fn names(
    tower: &Watchtower,
    connection: &mut MySqlConnection,
) -> Result<BTreeMap<StaffId, String>> {
    let accounts = staff::all(connection, &tower.keys).await?;
    let named = accounts.rows.iter().filter_map(|account| {
        Some((
            account.id,
            account
                .open_display_name(&tower.keys)
                .ok()?
                .as_str()
                .to_owned(),
        ))
    });
    Ok(named.collect())
}

impl Step {
    pub fn new(
        tower: &Watchtower,
        names: &BTreeMap<StaffId, String>,
        event: &IncidentEvent,
    ) -> Self {
        let (what, tone_class) = step_words(event.kind);
        let who = event.actor_id.map(|id| {
            names
                .get(&id)
                .map_or("an account that is gone", String::as_str)
        });
        let detail = event.open_detail(&tower.keys).ok().flatten();
        Self {
            tone_class,
            what,
            who: who.map(|who| format!("by {who}")).unwrap_or_default(),
            detail: detail.map(|detail| match is_a_persons(event.kind) {
                true => detail.as_str().to_owned(),
                false => readable(&detail),
            }),
            at: event.at,
        }
    }
}

/// What a person wrote is shown as it was written.
const fn is_a_persons(kind: IncidentEventKind) -> bool {
    use IncidentEventKind::{Assessed, Closed, Noted};
    matches!(kind, Noted | Assessed | Closed)
}

/// A step's detail as a sentence, with rows named as in the table above.
fn readable(detail: &str) -> String {
    let is_id = |word: &str| word.len() == 32 && word.bytes().all(|byte| byte.is_ascii_hexdigit());
    let words = detail.split_inclusive([' ', ':', '.', ',']).map(|word| {
        let bare = word.trim_end_matches([' ', ':', '.', ',']);
        match is_id(bare) {
            true => format!("{}{}", short(bare), &word[bare.len()..]),
            false => word.to_owned(),
        }
    });
    let text: String = words.collect();
    let mut letters = text.chars();
    match letters.next() {
        Some(first) => first.to_uppercase().chain(letters).collect(),
        None => text,
    }
}

const fn step_words(kind: IncidentEventKind) -> (&'static str, &'static str) {
    match kind {
        IncidentEventKind::Opened => ("Opened", "bad"),
        IncidentEventKind::FindingAdded => ("Found", "bad"),
        IncidentEventKind::Mailed => ("Mail to the officer written", ""),
        IncidentEventKind::RestoreRefused => (
            "Restore refused: the backup does not match the chain",
            "bad",
        ),
        IncidentEventKind::Restored => ("Restored from a verified copy", "good"),
        IncidentEventKind::Resolved => ("Verified again", "good"),
        IncidentEventKind::Assessed => ("Assessed", ""),
        IncidentEventKind::Closed => ("Closed", "good"),
        IncidentEventKind::Noted => ("Note", ""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_detail_reads_as_a_sentence_and_names_rows_as_the_table_does() {
        let id = "429f943d4c5c2989026c012d5d751cdd";
        let detail = format!("row {id}: A row claims a UID that the chain has not given to it.");
        let row = short(id);
        assert_eq!(row, "429f943d…");
        assert_eq!(
            readable(&detail),
            format!("Row {row}: A row claims a UID that the chain has not given to it.")
        );
        assert_eq!(readable("record 2"), "Record 2");
        assert_eq!(readable("Élan: 72 h"), "Élan: 72 h");
    }
}

//! A mail in words: what it was to tell, why it did not arrive, and what a person does about it.

use database::consent_links;
use database::outbox::Mail;
use database::verifications::Subject;
use notification::EventKey;
use record::time::UnixMillis;
use sqlx::MySqlConnection;
use web_kit::error::Result;

use crate::state::Watchtower;
use crate::urls;

/// What a line shows.
pub struct Line {
    pub what: &'static str,
    pub written_at: UnixMillis,
    pub attempts: u32,
    pub why: String,
    pub advice: &'static str,
    /// The page of the record that it was about, as far as can be told.
    pub record: Option<String>,
    /// Where somebody says that they have seen to it; none while it is tried again.
    pub seen: Option<String>,
    pub next_attempt_at: UnixMillis,
}

impl Line {
    pub async fn new(
        tower: &Watchtower,
        connection: &mut MySqlConnection,
        mail: &Mail,
    ) -> Result<Self> {
        let (what, advice) = words(&mail.kind);
        Ok(Self {
            what,
            written_at: mail.created_at,
            attempts: mail.attempts,
            why: why(mail.problem.as_deref().unwrap_or_default()),
            advice,
            record: record(tower, connection, mail).await?,
            seen: (!mail.is_put_off()).then(|| urls::mail_seen(mail.id)),
            next_attempt_at: mail.next_attempt_at,
        })
    }
}

fn words(kind: &str) -> (&'static str, &'static str) {
    match kind {
        "consent_link" => (
            "Consent link, to a data owner",
            "In Sealwatch Entry, check the owner's e-mail address; then send the link again or hand it over at the desk.",
        ),
        "consent_received" => (
            "Thanks for a signature, to a data owner",
            "The signature counts all the same. The owner may want to hear of it in another way.",
        ),
        "correction_asked" => (
            "An owner asks for a correction, to the desk",
            "The record waits in Sealwatch Entry under \"Correction asked\". Check the setting DESK_EMAIL of the consent page.",
        ),
        "consent_given" => (
            "An owner has signed, to the desk",
            "The record waits in Sealwatch Entry under \"Consented\". Check the setting DESK_EMAIL of the consent page.",
        ),
        "retention_due" => (
            "Records are due to be erased, to the desk",
            "They stand in Sealwatch Entry under \"Retention\". Check the setting DESK_EMAIL of Sealwatch Entry.",
        ),
        "correction_declined" => (
            "An owner leaves a record as it is, to the desk",
            "Nothing has to be done about the record. Check the setting DESK_EMAIL of the consent page.",
        ),
        "correction_dropped" => (
            "A signed correction was given up, to a data owner",
            "The record stands as signed before. The owner may want to hear of it in another way.",
        ),
        "address_corrected" => (
            "The e-mail address is to be corrected, to the address before",
            "If that address is out of use, nothing has to be done; otherwise tell the owner in another way.",
        ),
        "wallet_change_asked" => (
            "A wallet is said to be lost, to a data owner",
            "Nobody objects who does not hear of it: tell the owner in another way, before the time is over in which they may.",
        ),
        "wallet_change_given_up" => (
            "The wallet stays, to a data owner",
            "The record stands as signed before. The owner may want to hear of it in another way.",
        ),
        "copy_ready" => (
            "The copy of everything is ready, to a data owner",
            "The record's page in Sealwatch Entry says so as well. The copy can be handed over at the desk; the owner may want to hear of it in another way.",
        ),
        "staff_link" => (
            "The link to choose a password, to somebody of the staff",
            "In Sealwatch Entry, under \"Staff\", the controller manager checks the address and sends a new link.",
        ),
        "staff_address_changed" => (
            "The address of an account was changed, to the address before",
            "If that address is out of use, nothing has to be done; otherwise tell that person in another way.",
        ),
        "breach_found" => ("A breach was found, to the officer", TO_OFFICER),
        "restored" => ("A record was restored, to the officer", TO_OFFICER),
        "operations_alarm" => (
            "Something needs somebody to look at it, to the officer",
            TO_OFFICER,
        ),
        _ => ("A mail of another kind", "Tell those who run the system."),
    }
}

const TO_OFFICER: &str = "Tried again every hour. Check the mailbox and the setting OFFICER_EMAIL; a changed address counts once the viewer is started again.";

/// A problem's own word names the mail server's answer, if it gave one.
fn why(problem: &str) -> String {
    let problem = problem.strip_prefix("put_off_").unwrap_or(problem);
    let code = |prefix| problem.strip_prefix(prefix);
    if let Some(code) = code("refused_") {
        return format!("The mail server refused it ({code}).");
    }
    if let Some(code) = code("deferred_") {
        return format!("The mail server put it off again and again ({code}).");
    }
    match problem {
        "recipient" => "The address can't be written to.".to_owned(),
        "unreadable" | "wiped" | "unknown_kind" => "It can't be read any more.".to_owned(),
        "template" | "message" => "It could not be put into words.".to_owned(),
        _ => "The mail server could not be reached, or let nobody in.".to_owned(),
    }
}

/// A mail does not say whom it is for; a consent link's can be told by the name of its event.
async fn record(
    tower: &Watchtower,
    connection: &mut MySqlConnection,
    mail: &Mail,
) -> Result<Option<String>> {
    if mail.kind != "consent_link" {
        return Ok(None);
    }
    let front = tower.keys.front();
    let links = consent_links::made_at(connection, &front, mail.created_at).await?;
    let link = links
        .rows
        .iter()
        .find(|link| *EventKey::of_consent_link(link.id).as_bytes() == mail.event_key);
    Ok(link.map(|link| urls::record(Subject::row(link.record_id))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_is_told_in_words() {
        for (problem, words) in [
            ("refused_550", "The mail server refused it (550)."),
            ("put_off_refused_550", "The mail server refused it (550)."),
            (
                "deferred_451",
                "The mail server put it off again and again (451).",
            ),
            ("recipient", "The address can't be written to."),
        ] {
            assert_eq!(why(problem), words);
        }
    }
}

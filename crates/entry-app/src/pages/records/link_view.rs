//! The newest consent link of a record, as its page shows it.

use database::consent_links::{self, ConsentLink, LinkState};
use database::outbox::{self, MailState};
use notification::EventKey;
use record::ids::RecordId;
use record::time::UnixMillis;
use sqlx::MySqlConnection;
use web_kit::components::Tone;
use web_kit::error::Result;
use zeroize::Zeroizing;

use crate::state::Desk;

/// The newest link.
pub struct LinkView {
    pub label: &'static str,
    pub tone: Tone,
    pub is_open: bool,
    pub expires_at: UnixMillis,
    /// Whether the mail that was to bring it could not be delivered.
    pub is_undelivered: bool,
    /// While the link is open.
    pub desk_code: Option<Zeroizing<String>>,
}

/// The newest link, and how many that somebody else wrote: those let nobody in.
pub async fn load(
    desk: &Desk,
    connection: &mut MySqlConnection,
    id: RecordId,
) -> Result<(Option<LinkView>, usize)> {
    let links = consent_links::of_record(connection, &desk.keys.front(), id).await?;
    let tampered = links.tampered.len();
    let Some(link) = links.rows.into_iter().next() else {
        return Ok((None, tampered));
    };
    let now = desk.clock.now();
    let is_open = link.is_open(now);
    let desk_code = match is_open {
        true => enrolment::desk_code(connection, &desk.keys, &link)
            .await
            .ok(),
        false => None,
    };
    let (label, tone) = words(&link, now);
    let event = EventKey::of_consent_link(link.id);
    let view = LinkView {
        label,
        tone,
        is_open,
        is_undelivered: is_open && is_undelivered(desk, connection, event).await?,
        expires_at: link.expires_at,
        desk_code,
    };
    Ok((Some(view), tampered))
}

/// Whether a mail did not reach its reader. One that somebody else changed tells nothing; that it was changed is an alarm elsewhere.
pub async fn is_undelivered(
    desk: &Desk,
    connection: &mut MySqlConnection,
    event: EventKey,
) -> Result<bool> {
    match outbox::by_event_key(connection, &desk.keys.front(), event.as_bytes()).await {
        Ok(mail) => {
            Ok(mail.is_some_and(|mail| matches!(mail.state, MailState::GivenUp | MailState::Seen)))
        }
        Err(error) if error.is_tampering() => Ok(false),
        Err(error) => Err(error.into()),
    }
}

fn words(link: &ConsentLink, now: UnixMillis) -> (&'static str, Tone) {
    match link.state {
        LinkState::Open if link.is_expired(now) => ("Expired", Tone::Warning),
        LinkState::Open => ("Open", Tone::Good),
        LinkState::Used => ("Used", Tone::Neutral),
        LinkState::Revoked => ("Taken back", Tone::Neutral),
        LinkState::Locked => ("Locked after wrong codes", Tone::Warning),
        LinkState::Declined if link.corrects() => ("Correction declined", Tone::Neutral),
        LinkState::Declined => ("Declined", Tone::Neutral),
        LinkState::Corrected => ("Correction asked", Tone::Warning),
    }
}

//! The newest consent link of a record, as its page shows it.

use database::consent_links::{self, ConsentLink, LinkState};
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
    let view = LinkView {
        label,
        tone,
        is_open,
        expires_at: link.expires_at,
        desk_code,
    };
    Ok((Some(view), tampered))
}

fn words(link: &ConsentLink, now: UnixMillis) -> (&'static str, Tone) {
    match link.state {
        LinkState::Open if link.is_expired(now) => ("Expired", Tone::Warning),
        LinkState::Open => ("Open", Tone::Good),
        LinkState::Used => ("Used", Tone::Neutral),
        LinkState::Revoked => ("Taken back", Tone::Neutral),
        LinkState::Locked => ("Locked after wrong codes", Tone::Warning),
        LinkState::Declined => ("Declined", Tone::Neutral),
        LinkState::Corrected => ("Correction asked", Tone::Warning),
    }
}

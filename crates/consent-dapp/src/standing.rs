//! How a link stands by more than its own row: whether its record still waits for the draft, and whether what was signed
//! through it is kept.

use database::consent_links::ConsentLink;
use database::records::{self, Record, RecordState};
use database::{RowError, consents};
use keyring::FrontKeys;
use record::time::UnixMillis;
use sqlx::MySqlConnection;

use crate::closed::Closed;

/// Why `link` lets nobody in; `None` while it is open and its record waits for it.
pub async fn closed(
    link: &ConsentLink,
    front: &FrontKeys,
    connection: &mut MySqlConnection,
    now: UnixMillis,
) -> Result<Option<Closed>, RowError> {
    match Closed::of(link, now) {
        None => passed_over(link, front, connection).await,
        Some(Closed::Used) if is_given_up(link, front, connection).await? => {
            Ok(Some(Closed::GivenUp))
        }
        other => Ok(other),
    }
}

/// Why an open link is of no use all the same; `None` while its record waits for the very draft that it is for.
pub async fn passed_over(
    link: &ConsentLink,
    front: &FrontKeys,
    connection: &mut MySqlConnection,
) -> Result<Option<Closed>, RowError> {
    let record = records::load(connection, front, link.record_id).await?;
    Ok(match record {
        Some(record) if is_awaited(link, &record) => None,
        Some(_) => Some(Closed::Revoked),
        None => Some(Closed::Unknown),
    })
}

/// Whether `record` waits for the owner's answer to the draft that `link` is for.
pub fn is_awaited(link: &ConsentLink, record: &Record) -> bool {
    record.state == RecordState::AwaitingConsent
        && (record.version, record.draft) == (link.version, link.draft)
}

/// Whether staff gave the correction up after it was signed through `link`.
async fn is_given_up(
    link: &ConsentLink,
    front: &FrontKeys,
    connection: &mut MySqlConnection,
) -> Result<bool, RowError> {
    if !link.corrects() {
        return Ok(false);
    }
    match consents::load(connection, link.record_id, link.version).await? {
        // Of a correction that was begun anew: it has the same version, and a link of its own.
        Some(consent) => Ok(consent.link_id != link.id && consent.is_ours(front)),
        None => {
            let record = records::load(connection, front, link.record_id).await?;
            Ok(record.is_some_and(|record| has_stepped_back(link, &record)))
        }
    }
}

/// What a record has signed and still stands by, or went on from, has its consent: that one is gone by somebody else's hand.
fn has_stepped_back(link: &ConsentLink, record: &Record) -> bool {
    record.version < link.version || (record.version == link.version && record.draft != link.draft)
}

//! Mails that are of no use any more before they were sent.

use database::{MySqlConnection, RowError, access_copies, consent_links, outbox};
use keyring::FrontKeys;
use record::ids::RecordId;

use crate::EventKey;

/// Mails that would still bring a link of this record to somebody are not sent any more, in the caller's transaction; they
/// hold an address, a first name and the link.
///
/// # Errors
/// When the database can't be reached.
pub async fn withdraw_consent_links(
    connection: &mut MySqlConnection,
    front: &FrontKeys,
    record: RecordId,
) -> Result<(), RowError> {
    let links = consent_links::of_record(connection, front, record).await?;
    for link in links.rows {
        let event = EventKey::of_consent_link(link.id);
        outbox::withdraw(connection, front, event.as_bytes()).await?;
    }
    Ok(())
}

/// The same of mails that would bring the link to a copy of everything.
///
/// # Errors
/// When the database can't be reached.
pub async fn withdraw_access_copies(
    connection: &mut MySqlConnection,
    front: &FrontKeys,
    record: RecordId,
) -> Result<(), RowError> {
    let copies = access_copies::of_record(connection, front, record).await?;
    for copy in copies.rows {
        let event = EventKey::of_access_copy(copy.id);
        outbox::withdraw(connection, front, event.as_bytes()).await?;
    }
    Ok(())
}

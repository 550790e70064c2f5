//! The end of a record's links.

use database::consent_links::{self, ConsentLink, LinkState};
use database::{RowError, outbox};
use keyring::FrontKeys;
use notification::EventKey;
use record::ids::RecordId;
use sqlx::MySqlConnection;

/// Ends `link` as `to` says and revokes every other open link of its record.
pub async fn end_all(
    connection: &mut MySqlConnection,
    front: &FrontKeys,
    link: &ConsentLink,
    to: LinkState,
) -> Result<(), RowError> {
    consent_links::close(connection, front, link.id, to).await?;
    consent_links::revoke_open(connection, front, link.record_id).await?;
    Ok(())
}

/// Mails that would still bring a link to the owner of a record are not sent any more; they hold an address, a first name
/// and the link.
pub async fn withdraw_mails(
    connection: &mut MySqlConnection,
    front: &FrontKeys,
    record: RecordId,
) -> Result<(), RowError> {
    for link in consent_links::of_record(connection, front, record)
        .await?
        .rows
    {
        let event = EventKey::of_consent_link(link.id);
        outbox::withdraw(connection, front, event.as_bytes()).await?;
    }
    Ok(())
}

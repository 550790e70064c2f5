//! The end of a record's links.

use database::RowError;
use database::consent_links::{self, ConsentLink, LinkState};
use keyring::FrontKeys;
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

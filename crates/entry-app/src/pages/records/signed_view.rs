//! What the owner signed, as the record's page shows it.

use database::records::Record;
use database::sealed::SealedVersion;
use database::{consents, owner_keys, record_versions};
use record::consent::Purpose;
use record::time::UnixMillis;
use sqlx::MySqlConnection;
use web_kit::error::Result;

use crate::state::Desk;

/// The owner's answer.
pub struct SignedView {
    pub at: UnixMillis,
    /// None when the message does not open.
    pub purposes: Option<Vec<Purpose>>,
}

/// The consent to the newest version, once it is there. Whether the signature holds is checked when it counts: before
/// the proof is anchored, and at every verification.
pub async fn load(
    desk: &Desk,
    connection: &mut MySqlConnection,
    record: &Record,
) -> Result<Option<SignedView>> {
    let (id, version) = (record.id, record.version);
    let Some(consent) = consents::load(connection, id, version).await? else {
        return Ok(None);
    };
    let at = consent.received_at;
    let values = record_versions::load(connection, id, version).await?;
    let key = owner_keys::of_record(connection, id).await?;
    let message = key
        .and_then(|wrapped| desk.keys.unwrap_owner_key(&wrapped).ok())
        .zip(values)
        .and_then(|(key, values)| {
            let consent = Some(consent);
            SealedVersion { values, consent }.open(&key).message?.ok()
        });
    Ok(Some(SignedView {
        at,
        purposes: message.map(|message| message.purposes),
    }))
}

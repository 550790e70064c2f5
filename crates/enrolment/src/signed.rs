//! The newest version of a record that its owner signed.

use database::records::Record;
use database::sealed::SealedVersion;
use database::{consents, owner_keys, record_versions};
use keyring::ApplicationKeys;
use record::consent::Purpose;
use record::ids::{Draft, Version};
use record::time::UnixMillis;
use sqlx::MySqlConnection;

use crate::EnrolmentError;
use crate::details::Details;

/// What its owner signed, as far as it opens.
pub struct Signed {
    /// Which state of the record.
    pub version: Version,
    /// Which draft of it.
    pub draft: Draft,
    /// When the signature came.
    pub received_at: UnixMillis,
    /// The details; none when they do not open.
    pub details: Option<Details>,
    /// The purposes with the owner's answers; none when the message does not open.
    pub purposes: Option<Vec<Purpose>>,
}

/// The consent to the newest version, once it is there, and until then that to the one that it corrects. Whether the signature
/// holds is checked when it counts: before the proof is anchored, and at every verification. Of a row that is not ours nothing
/// opens: its draft decides what was taken back.
///
/// # Errors
/// When the database can't be reached.
pub async fn newest_signed(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
    record: &Record,
) -> Result<Option<Signed>, EnrolmentError> {
    let opens = |signed: &Signed| signed.details.is_some() && signed.purposes.is_some();
    match read(connection, keys, record).await? {
        // Without a lock the owner's key may have been replaced between two of the reads.
        Some(signed) if !opens(&signed) => read(connection, keys, record).await,
        signed => Ok(signed),
    }
}

async fn read(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
    record: &Record,
) -> Result<Option<Signed>, EnrolmentError> {
    let (id, mut version) = (record.id, record.version);
    let mut values = record_versions::load(connection, id, version).await?;
    let mut consent = consents::load(connection, id, version).await?;
    if consent.is_none() && record.has_correction_under_way() {
        values = record_versions::newest_anchored_below(connection, id, version).await?;
        version = values.as_ref().map_or(version, |row| row.version);
        consent = consents::load(connection, id, version).await?;
    }
    let Some(consent) = consent else {
        return Ok(None);
    };
    let received_at = consent.received_at;
    let draft = values.as_ref().map_or(consent.draft, |row| row.draft);
    let is_ours = consent.is_ours(&keys.front()) && consent.draft == draft;
    let key = owner_keys::of_record(connection, id).await?;
    let opened = key
        .and_then(|wrapped| keys.unwrap_owner_key(&wrapped).ok())
        .zip(values)
        .filter(|_| is_ours);
    let (details, purposes) = opened.map_or((None, None), |(key, values)| {
        let plain = values.open(&key).ok();
        let consent = Some(consent);
        let message = SealedVersion { values, consent }.open(&key).message;
        let purposes = message.and_then(|message| Some(message.ok()?.into_purposes()));
        (plain.as_ref().and_then(Details::of), purposes)
    });
    Ok(Some(Signed {
        version,
        draft,
        received_at,
        details,
        purposes,
    }))
}

//! The code that staff give to the owner at the desk.

use keyring::{ApplicationKeys, CellKind};
use rand::{CryptoRng, RngExt};
use sqlx::MySqlConnection;
use zeroize::Zeroizing;

use database::consent_links::ConsentLink;
use database::{owner_keys, sealed};

use crate::EnrolmentError;

/// Six digits: short enough to say aloud, and five wrong ones lock the link.
pub(crate) fn new_code(rng: &mut (impl CryptoRng + ?Sized)) -> Zeroizing<String> {
    Zeroizing::new(format!("{:06}", rng.random_range(0..1_000_000_u32)))
}

/// The desk code of a link, in clear.
///
/// # Errors
/// When the record's key is gone or the cell does not open.
pub async fn desk_code(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
    link: &ConsentLink,
) -> Result<Zeroizing<String>, EnrolmentError> {
    let wrapped = owner_keys::of_record(connection, link.record_id).await?;
    let wrapped = wrapped.ok_or_else(|| EnrolmentError::unreadable("the owner's key is gone"))?;
    let key = keys
        .unwrap_owner_key(&wrapped)
        .map_err(EnrolmentError::unreadable)?;
    let opened = sealed::open_cell(
        &key,
        link.version,
        link.draft,
        CellKind::DeskCode,
        &link.desk_code,
    )
    .map_err(EnrolmentError::unreadable)?;
    let code = opened
        .text()
        .ok_or_else(|| EnrolmentError::unreadable("the desk code is not text"))?;
    Ok(Zeroizing::new(code.to_owned()))
}

//! The code that staff give to the owner at the desk.

use keyring::{ApplicationKeys, CellKind};
use rand::{CryptoRng, RngExt};
use sqlx::MySqlConnection;
use zeroize::Zeroizing;

use database::consent_links::ConsentLink;
use database::sealed;

use crate::EnrolmentError;
use crate::link::key_of;

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
    let key = key_of(connection, keys, link.record_id).await?;
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

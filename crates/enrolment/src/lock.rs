//! A record about to be changed for its owner.

use database::MySqlConnection;
use database::records::{self, Record};
use keyring::FrontKeys;
use record::ids::RecordId;

use crate::EnrolmentError;

/// The record, locked: two at once are one after the other.
///
/// # Errors
/// [`EnrolmentError::Unknown`] when there is no such record, [`EnrolmentError::State`] when nothing is held of it, or it is being erased.
pub(crate) async fn lock_held(
    transaction: &mut MySqlConnection,
    front: &FrontKeys,
    id: RecordId,
) -> Result<Record, EnrolmentError> {
    let record = records::lock(transaction, front, id)
        .await?
        .ok_or(EnrolmentError::Unknown)?;
    match record.state.is_held() {
        true => Ok(record),
        false => Err(EnrolmentError::State(record.state)),
    }
}

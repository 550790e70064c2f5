//! What lets somebody use the details of a record that is restricted (GDPR Art. 18(2)).

use std::time::Duration;

use database::access_log::{self, UseGround};
use database::sessions::App;
use keyring::ApplicationKeys;
use record::ids::{RecordId, StaffId};
use record::time::UnixMillis;
use sqlx::MySqlConnection;

use super::limits::Limits;
use crate::EnrolmentError;

/// So long a ground that was stated serves.
const SERVES: Duration = Duration::from_mins(15);

/// That details may be shown or used now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Permit(Option<UseGround>);

impl Permit {
    /// On what, where the record is restricted; it belongs into the access log.
    #[must_use]
    pub const fn ground(self) -> Option<UseGround> {
        self.0
    }
}

/// That details must not be shown or used before somebody states a ground.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the record is restricted, and no ground is stated")]
pub struct Restricted;

impl Limits {
    /// The one place that refuses (GDPR Art. 18(2)): details of a restricted record are shown and used on a ground that whoever
    /// looks has stated, and not without.
    ///
    /// # Errors
    /// When it is restricted, and none was stated.
    pub fn permit(&self, stated: Option<UseGround>) -> Result<Permit, Restricted> {
        match (self.is_restricted(), stated) {
            (false, _) => Ok(Permit(None)),
            (true, Some(ground)) => Ok(Permit(Some(ground))),
            (true, None) => Err(Restricted),
        }
    }
}

/// [`Limits::permit`], on what this person stated a moment ago.
///
/// # Errors
/// When the database can't be reached.
pub async fn permit(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
    limits: &Limits,
    (staff, record, app): (StaffId, RecordId, App),
    now: UnixMillis,
) -> Result<Result<Permit, Restricted>, EnrolmentError> {
    if !limits.is_restricted() {
        return Ok(limits.permit(None));
    }
    let since = now.minus(SERVES);
    let stated = access_log::stated(connection, keys, (staff, record, app), since).await?;
    Ok(limits.permit(stated))
}

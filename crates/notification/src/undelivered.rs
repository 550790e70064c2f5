//! What becomes of mail that did not reach its reader.
//!
//! A mail that is refused for good, or was tried too often, is given up; one to the officer is put off instead and tried
//! for ever. Either way an alarm stands until each was sent, or somebody has seen to it: another mail that goes out does
//! not end it.

use database::operations_alarms::{self, AlarmKind};
use database::{MySqlConnection, RowError, outbox};
use keyring::FrontKeys;
use rand::SeedableRng;
use rand::rngs::StdRng;
use record::time::UnixMillis;

use crate::mail::OFFICERS_KINDS;

/// Raises the alarm about undelivered mail, or ends it when nothing is left to see to.
pub async fn settle_alarm(
    connection: &mut MySqlConnection,
    now: UnixMillis,
) -> Result<(), RowError> {
    if !outbox::any_undelivered(connection).await? {
        operations_alarms::clear(connection, AlarmKind::MailUndelivered).await?;
        // What was given up in between had raised the alarm that was just ended.
        if !outbox::any_undelivered(connection).await? {
            return Ok(());
        }
    }
    operations_alarms::raise(connection, AlarmKind::MailUndelivered, now).await
}

/// Mails to the officer that still wait go to `officer` from now on, at once where they were written to another address;
/// tells how many. To be called at the start: the setting may have been wrong.
pub async fn readdress_to_officer(
    connection: &mut MySqlConnection,
    keys: &FrontKeys,
    officer: &str,
    now: UnixMillis,
) -> Result<usize, RowError> {
    let rng = &mut StdRng::from_rng(&mut rand::rng());
    outbox::readdress(connection, keys, &OFFICERS_KINDS, officer, rng, now).await
}

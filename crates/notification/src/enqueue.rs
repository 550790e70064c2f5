//! Writing a mail into the outbox, within the transaction of what it tells.

use database::outbox::{self, NewMail};
use database::{MySqlConnection, RowError};
use keyring::FrontKeys;
use record::ids::MailId;
use record::time::UnixMillis;
use record::wiped_json;
use thiserror::Error;

use crate::event::EventKey;
use crate::mail::Mail;

/// Why a mail was not written.
#[derive(Debug, Error)]
pub enum EnqueueError {
    /// The row could not be written.
    #[error("the mail could not be written into the outbox")]
    Row(#[from] RowError),
}

/// Writes a mail to `recipient` into the outbox, in the caller's transaction. False when this event has its mail
/// already: nothing is written then, and the transaction goes on.
pub async fn enqueue(
    connection: &mut MySqlConnection,
    keys: &FrontKeys,
    now: UnixMillis,
    event: EventKey,
    recipient: &str,
    mail: &Mail,
) -> Result<bool, EnqueueError> {
    let payload = wiped_json(mail).expect("text, numbers and ids always become JSON");
    let row = {
        let mut rng = rand::rng();
        let new = NewMail {
            id: MailId::random(&mut rng),
            event_key: *event.as_bytes(),
            kind: mail.kind(),
            recipient,
            payload: &payload,
        };
        outbox::Mail::seal(keys, &new, &mut rng, now)
    };
    Ok(outbox::enqueue(connection, keys, &row).await?)
}

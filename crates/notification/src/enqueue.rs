//! Writing a mail into the outbox, within the transaction of what it tells.

use database::outbox::{self, NewMail};
use database::{MySqlConnection, RowError};
use keyring::{ApplicationKeys, FrontKeys};
use rand::CryptoRng;
use record::ids::MailId;
use record::time::UnixMillis;
use record::wiped_json;
use thiserror::Error;

use crate::event::EventKey;
use crate::mail::{LinkMail, Mail};

const ALWAYS_JSON: &str = "text, numbers and ids always become JSON";

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
    enqueue_for(connection, keys, (now, now), event, recipient, mail).await
}

/// The same of a mail that is not due at once: now, and when it is.
pub async fn enqueue_for(
    connection: &mut MySqlConnection,
    keys: &FrontKeys,
    (now, due): (UnixMillis, UnixMillis),
    event: EventKey,
    recipient: &str,
    mail: &Mail,
) -> Result<bool, EnqueueError> {
    let payload = wiped_json(mail).expect(ALWAYS_JSON);
    let row = {
        let rng = &mut rand::rng();
        let new = new_mail(event, mail.kind(), recipient, &payload, rng);
        outbox::Mail {
            next_attempt_at: due,
            ..outbox::Mail::seal(keys, &new, rng, now)
        }
    };
    Ok(outbox::enqueue(connection, keys, &row).await?)
}

/// The same of a mail with a link.
pub async fn enqueue_link(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
    now: UnixMillis,
    event: EventKey,
    recipient: &str,
    mail: &LinkMail,
) -> Result<bool, EnqueueError> {
    let payload = wiped_json(mail).expect(ALWAYS_JSON);
    let row = {
        let rng = &mut rand::rng();
        let new = new_mail(event, mail.kind(), recipient, &payload, rng);
        outbox::Mail::seal_link(keys, &new, rng, now)
    };
    Ok(outbox::enqueue(connection, &keys.front(), &row).await?)
}

fn new_mail<'a>(
    event: EventKey,
    kind: &'a str,
    recipient: &'a str,
    payload: &'a [u8],
    rng: &mut impl CryptoRng,
) -> NewMail<'a> {
    NewMail {
        id: MailId::random(rng),
        event_key: *event.as_bytes(),
        kind,
        recipient,
        payload,
    }
}

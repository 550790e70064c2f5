//! Mail to be sent, written in the transaction of what it tells. One event key, one mail. Recipient and payload are sealed
//! under the front key and wiped once they are of no more use. MAC under the front key: a planted mail is never sent.
//!
//! Of a mail with a link's secret both are sealed under the application key, and pass away with it (docs/KEY_ROTATION.md):
//! who holds the front keys alone neither reads the link nor has it sent to another address.
//!
//! `waiting → sent | given_up | withdrawn | refused`, `given_up → seen`.

use keyring::{ApplicationKeys, FrontKeys, MacBuilder, SealedError};
use rand::CryptoRng;
use record::ids::MailId;
use record::time::UnixMillis;
use sqlx::mysql::{MySqlConnection, MySqlRow};
use zeroize::Zeroizing;

use crate::column::{Columns, text_enum};
use crate::error::RowError;
use crate::index;

mod claim;
mod gather;
mod undelivered;

pub use claim::{claim_due, give_up, mark_sent, put_off, retry_at};
pub use gather::{Gathered, gather};
pub use undelivered::{any_overdue, any_undelivered, mark_seen, readdress, undelivered, withdraw};

const TABLE: &str = "outbox";
const RECIPIENT: &str = "outbox.recipient";
const PAYLOAD: &str = "outbox.payload";

text_enum! {
    /// What has become of a mail.
    MailState {
        /// To be sent when its time comes.
        Waiting = "waiting",
        /// Given to the mail server.
        Sent = "sent",
        /// Tried as often as it may be.
        GivenUp = "given_up",
        /// Given up, and somebody has seen to it.
        Seen = "seen",
        /// Not to be sent any more: its reader's data was destroyed, or another mail tells what it told.
        Withdrawn = "withdrawn",
        /// Not one of ours: never sent.
        Refused = "refused",
    }
}

/// One mail.
#[derive(Clone)]
pub struct Mail {
    /// Its id; also the local part of its Message-ID, so that a mail server can tell a repetition.
    pub id: MailId,
    /// Hash of the event that it tells.
    pub event_key: [u8; 32],
    /// Which template it is made from.
    pub kind: String,
    /// Sealed address; wiped at the end.
    pub recipient: Option<Vec<u8>>,
    /// Sealed content; wiped at the end.
    pub payload: Option<Vec<u8>>,
    /// What has become of it.
    pub state: MailState,
    /// How often it was claimed for sending.
    pub attempts: u32,
    /// When it is due (again).
    pub next_attempt_at: UnixMillis,
    /// When it was written.
    pub created_at: UnixMillis,
    /// When it was given to the mail server.
    pub sent_at: Option<UnixMillis>,
    /// What went wrong last: a word of ours, never free text.
    pub problem: Option<String>,
}

/// A mail about to be written.
pub struct NewMail<'a> {
    /// A fresh id.
    pub id: MailId,
    /// Hash of the event that it tells.
    pub event_key: [u8; 32],
    /// Which template it is made from.
    pub kind: &'a str,
    /// The address.
    pub recipient: &'a str,
    /// What the template needs.
    pub payload: &'a [u8],
}

impl Mail {
    /// Seals a new mail, due at once; [`enqueue`] writes it.
    #[must_use]
    pub fn seal(
        keys: &FrontKeys,
        new: &NewMail<'_>,
        rng: &mut (impl CryptoRng + ?Sized),
        now: UnixMillis,
    ) -> Self {
        let aad = new.id.as_bytes();
        let recipient = seal_recipient(keys, new.id, new.recipient, rng);
        let payload = keys.seal(PAYLOAD, aad, new.payload, rng);
        Self::waiting(new, (recipient, payload), now)
    }

    /// The same of a mail with a link's secret, which the front keys do not open.
    #[must_use]
    pub fn seal_link(
        keys: &ApplicationKeys,
        new: &NewMail<'_>,
        rng: &mut (impl CryptoRng + ?Sized),
        now: UnixMillis,
    ) -> Self {
        let aad = new.id.as_bytes();
        let recipient = keys.seal_passing(RECIPIENT, aad, new.recipient.as_bytes(), rng);
        let payload = keys.seal_passing(PAYLOAD, aad, new.payload, rng);
        Self::waiting(new, (recipient, payload), now)
    }

    fn waiting(
        new: &NewMail<'_>,
        (recipient, payload): (Vec<u8>, Vec<u8>),
        now: UnixMillis,
    ) -> Self {
        Self {
            id: new.id,
            event_key: new.event_key,
            kind: new.kind.to_owned(),
            recipient: Some(recipient),
            payload: Some(payload),
            state: MailState::Waiting,
            attempts: 0,
            next_attempt_at: now,
            created_at: now,
            sent_at: None,
            problem: None,
        }
    }

    /// The address in clear; none once it is wiped.
    pub fn open_recipient(
        &self,
        keys: &FrontKeys,
    ) -> Result<Option<Zeroizing<String>>, SealedError> {
        self.recipient
            .as_deref()
            .map(|sealed| index::text(keys.open(RECIPIENT, self.id.as_bytes(), sealed)?))
            .transpose()
    }

    /// The content in clear; none once it is wiped.
    pub fn open_payload(
        &self,
        keys: &FrontKeys,
    ) -> Result<Option<Zeroizing<Vec<u8>>>, SealedError> {
        self.payload
            .as_deref()
            .map(|sealed| keys.open(PAYLOAD, self.id.as_bytes(), sealed))
            .transpose()
    }

    /// The address of a mail that [`Self::seal_link`] sealed; none once it is wiped.
    pub fn open_link_recipient(
        &self,
        keys: &ApplicationKeys,
    ) -> Result<Option<Zeroizing<String>>, SealedError> {
        let opened = self.open_passing(keys, RECIPIENT, self.recipient.as_deref())?;
        opened.map(index::text).transpose()
    }

    /// Its content; none once it is wiped.
    pub fn open_link_payload(
        &self,
        keys: &ApplicationKeys,
    ) -> Result<Option<Zeroizing<Vec<u8>>>, SealedError> {
        self.open_passing(keys, PAYLOAD, self.payload.as_deref())
    }

    fn open_passing(
        &self,
        keys: &ApplicationKeys,
        context: &str,
        sealed: Option<&[u8]>,
    ) -> Result<Option<Zeroizing<Vec<u8>>>, SealedError> {
        sealed
            .map(|sealed| keys.open_passing(context, self.id.as_bytes(), sealed))
            .transpose()
    }

    pub(crate) fn read(row: &MySqlRow, keys: &FrontKeys) -> Result<Self, RowError> {
        let columns = Columns::of(TABLE, row);
        let mail = Self {
            id: columns.get("id")?,
            event_key: columns.get("event_key")?,
            kind: columns.get("kind")?,
            recipient: columns.get("recipient")?,
            payload: columns.get("payload")?,
            state: columns.get("state")?,
            attempts: columns.get("attempts")?,
            next_attempt_at: columns.get("next_attempt_at")?,
            created_at: columns.get("created_at")?,
            sent_at: columns.get("sent_at")?,
            problem: columns.get("problem")?,
        };
        columns.check(mail.id, mail.mac(keys))?;
        Ok(mail)
    }

    fn mac(&self, keys: &FrontKeys) -> MacBuilder {
        keys.mac(TABLE)
            .bytes(self.id.as_bytes())
            .bytes(&self.event_key)
            .text(&self.kind)
            .opt_bytes(self.recipient.as_deref())
            .opt_bytes(self.payload.as_deref())
            .text(self.state.as_str())
            .u32(self.attempts)
            .u64(self.next_attempt_at.0)
            .u64(self.created_at.0)
            .opt_u64(self.sent_at.map(|at| at.0))
            .opt_text(self.problem.as_deref())
    }

    fn address(&mut self, keys: &FrontKeys, to: &str, rng: &mut (impl CryptoRng + ?Sized)) {
        self.recipient = Some(seal_recipient(keys, self.id, to, rng));
    }

    fn fill(&mut self, keys: &FrontKeys, payload: &[u8], rng: &mut (impl CryptoRng + ?Sized)) {
        self.payload = Some(keys.seal(PAYLOAD, self.id.as_bytes(), payload, rng));
    }

    fn wipe(&mut self) {
        self.recipient = None;
        self.payload = None;
    }
}

fn seal_recipient(
    keys: &FrontKeys,
    id: MailId,
    recipient: &str,
    rng: &mut (impl CryptoRng + ?Sized),
) -> Vec<u8> {
    keys.seal(RECIPIENT, id.as_bytes(), recipient.as_bytes(), rng)
}

/// Writes a mail; false when its event has one already.
pub async fn enqueue(
    connection: &mut MySqlConnection,
    keys: &FrontKeys,
    mail: &Mail,
) -> Result<bool, RowError> {
    let written = sqlx::query(
        "INSERT INTO outbox (id, event_key, kind, recipient, payload, state, attempts, next_attempt_at, created_at,
                             sent_at, problem, mac)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(mail.id.as_bytes().as_slice())
    .bind(mail.event_key.as_slice())
    .bind(&mail.kind)
    .bind(mail.recipient.as_deref())
    .bind(mail.payload.as_deref())
    .bind(mail.state.as_str())
    .bind(mail.attempts)
    .bind(mail.next_attempt_at.0)
    .bind(mail.created_at.0)
    .bind(mail.sent_at.map(|at| at.0))
    .bind(mail.problem.as_deref())
    .bind(mail.mac(keys).finish())
    .execute(connection)
    .await
    .map_err(|error| RowError::of_insert(TABLE, error));
    match written {
        Ok(_) => Ok(true),
        Err(error) if error.is_duplicate_of("outbox_event_key") => Ok(false),
        Err(error) => Err(error),
    }
}

/// The mail of an event.
pub async fn by_event_key(
    connection: &mut MySqlConnection,
    keys: &FrontKeys,
    event_key: &[u8; 32],
) -> Result<Option<Mail>, RowError> {
    sqlx::query("SELECT * FROM outbox WHERE event_key = ?")
        .bind(event_key.as_slice())
        .fetch_optional(connection)
        .await?
        .map(|row| Mail::read(&row, keys))
        .transpose()
}

/// How many mails stand in a state.
pub async fn count(connection: &mut MySqlConnection, state: MailState) -> Result<u64, RowError> {
    let count: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM outbox WHERE state = ?")
        .bind(state.as_str())
        .fetch_one(connection)
        .await?;
    Ok(count.unsigned_abs())
}

async fn write(
    connection: &mut MySqlConnection,
    keys: &FrontKeys,
    mail: &Mail,
) -> Result<(), RowError> {
    sqlx::query(
        "UPDATE outbox
         SET recipient = ?, payload = ?, state = ?, attempts = ?, next_attempt_at = ?, sent_at = ?, problem = ?, mac = ?
         WHERE id = ?",
    )
    .bind(mail.recipient.as_deref())
    .bind(mail.payload.as_deref())
    .bind(mail.state.as_str())
    .bind(mail.attempts)
    .bind(mail.next_attempt_at.0)
    .bind(mail.sent_at.map(|at| at.0))
    .bind(mail.problem.as_deref())
    .bind(mail.mac(keys).finish())
    .bind(mail.id.as_bytes().as_slice())
    .execute(connection)
    .await?;
    Ok(())
}

/// Takes a planted row out of the way; it keeps its false MAC, and so can never be taken for one of ours.
async fn refuse(connection: &mut MySqlConnection, row: &MySqlRow) -> Result<(), RowError> {
    let id: MailId = Columns::of(TABLE, row).get("id")?;
    sqlx::query("UPDATE outbox SET state = 'refused' WHERE id = ?")
        .bind(id.as_bytes().as_slice())
        .execute(connection)
        .await?;
    Ok(())
}

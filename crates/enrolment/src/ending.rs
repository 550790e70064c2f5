//! The end of an entry that never came to be a record: everything of the person is destroyed.

use database::record_events::{self, Actor, RecordEventKind};
use database::records::{self, Record, RecordState};
use database::{MySqlConnection, RowError, corrections, owner_keys, record_versions};
use keyring::FrontKeys;
use record::time::UnixMillis;

use crate::access;

/// No value has this index: it finds nobody.
const NO_INDEX: [u8; 32] = [0; 32];

/// How it ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// The owner says no.
    Declined,
    /// Nobody signed in time.
    Lapsed,
}

/// Destroys values, notes, key and look-up hashes. What stays is a row that says that somebody was entered, and how it ended.
/// `record` is locked, and its links are ended.
///
/// # Errors
/// When a row can't be written.
pub async fn end(
    transaction: &mut MySqlConnection,
    front: &FrontKeys,
    record: &mut Record,
    ending: Ending,
    now: UnixMillis,
) -> Result<(), RowError> {
    let id = record.id;
    access::end_all(transaction, front, id).await?;
    corrections::destroy(transaction, id).await?;
    record_versions::destroy(transaction, id).await?;
    owner_keys::destroy(transaction, id).await?;
    let (state, happened, who) = match ending {
        Ending::Declined => (
            RecordState::Declined,
            RecordEventKind::Declined,
            Actor::Owner,
        ),
        Ending::Lapsed => (RecordState::Lapsed, RecordEventKind::Lapsed, Actor::System),
    };
    record.state = state;
    record.wallet_index = NO_INDEX;
    record.email_index = NO_INDEX;
    records::update(transaction, front, record, now).await?;
    record_events::append(transaction, front, id, happened, who, now).await
}

//! Entering a record: sealed values, a fresh owner key, and the first link.

use keyring::OwnerKey;
use rand::CryptoRng;
use record::ids::{Draft, RecordId, SubmissionId, Version};
use sqlx::MySqlConnection;

use database::record_events::RecordEventKind;
use database::records::{self, Entered, NewRecord, Record};
use database::{key_checks, owner_keys, record_versions};

use crate::EnrolmentError;
use crate::details::Details;
use crate::link::{self, FreshLink, Sending};
use crate::office::Office;

/// What entering came to.
pub enum Entry {
    /// A new record with its first link.
    New(Record, FreshLink),
    /// This form was sent before; here is what it entered then.
    Before(Record),
}

/// Stores a record and makes its first link, in the caller's transaction.
///
/// # Errors
/// When the database can't be reached, or the application key at hand is to wrap nothing any more: the transaction is to be
/// rolled back then.
pub async fn enter(
    transaction: &mut MySqlConnection,
    office: &Office<'_>,
    details: &Details,
    submission: SubmissionId,
    sending: Sending,
    rng: &mut (impl CryptoRng + Send),
) -> Result<Entry, EnrolmentError> {
    let new = NewRecord {
        id: RecordId::random(rng),
        wallet_index: details.wallet_index(office.keys),
        email_index: details.email_index(office.keys),
        submission,
        created_by: office.staff,
    };
    let front = office.keys.front();
    let record = match records::insert(transaction, &front, &new, office.now).await? {
        Entered::New(record) => record,
        Entered::Before(record) => return Ok(Entry::Before(record)),
    };
    let key = store_values(transaction, office, record.id, details, rng).await?;
    office
        .note(transaction, record.id, RecordEventKind::Entered)
        .await?;
    let link = link::make(
        transaction,
        office,
        &record,
        None,
        (&key, details),
        sending,
        rng,
    )
    .await?;
    Ok(Entry::New(record, link))
}

async fn store_values(
    transaction: &mut MySqlConnection,
    office: &Office<'_>,
    record: RecordId,
    details: &Details,
    rng: &mut (impl CryptoRng + Send),
) -> Result<OwnerKey, EnrolmentError> {
    let key = office.keys.generate_owner_key(record, rng);
    let wrapped = office.keys.wrap_owner_key(&key, rng);
    let version = wrapped.app_key_version;
    // What a destroyed version wraps nobody could ever read.
    if key_checks::is_retired_until_the_end(transaction, office.keys, version).await? {
        return Err(EnrolmentError::KeysBehind(version));
    }
    owner_keys::insert(transaction, &wrapped).await?;
    let sealed = details.seal(&key, Version::FIRST, Draft::FIRST, rng)?;
    record_versions::insert(transaction, &sealed).await?;
    Ok(key)
}

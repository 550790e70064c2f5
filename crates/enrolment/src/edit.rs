//! Editing a record before its owner has signed: a new draft with new salts, and a new link to it.

use keyring::OwnerKey;
use rand::CryptoRng;
use record::ids::{Draft, RecordId, Version};
use record::wallet_change::WalletOrder;
use sqlx::MySqlConnection;

use database::record_events::RecordEventKind;
use database::records::{self, Record, RecordState};
use database::{corrections, record_versions};

use crate::EnrolmentError;
use crate::access;
use crate::details::Details;
use crate::link::{self, FreshLink, Sending};
use crate::office::Office;
use crate::place::Place;
use crate::rectify::{seal_order, tell_address_before};

/// Replaces the details of a record that waits for its owner or for a correction. Links to the old draft stop working,
/// the owner's wishes count as met, and a new link is made. A correction goes to its `place`.
///
/// # Errors
/// [`EnrolmentError::State`] once the owner has signed or declined; for a correction, those of [`crate::rectify`] as well.
pub async fn edit(
    transaction: &mut MySqlConnection,
    office: &Office<'_>,
    id: RecordId,
    place: Option<&Place>,
    details: &Details,
    sending: Sending,
    rng: &mut (impl CryptoRng + Send),
) -> Result<FreshLink, EnrolmentError> {
    let front = office.keys.front();
    let mut record = records::lock(transaction, &front, id)
        .await?
        .ok_or(EnrolmentError::Unknown)?;
    if !matches!(
        record.state,
        RecordState::AwaitingConsent | RecordState::CorrectionRequested
    ) {
        return Err(EnrolmentError::State(record.state));
    }
    let (key, old) = link::open(transaction, office, &record).await?;
    let old_draft = record.draft;
    let order = order_of(transaction, &record, old_draft, &key).await?;
    record.draft = old_draft
        .next()
        .ok_or_else(|| EnrolmentError::unreadable("the record has had all drafts there are"))?;
    record.state = RecordState::AwaitingConsent;
    let before = (&old, order.as_ref());
    fit(transaction, office, &mut record, &key, before, details).await?;
    let mut sealed = details.seal(&key, record.version, record.draft, rng)?;
    sealed.wallet_order = order.map(|order| seal_order(&order, &key, &record, rng));
    record_versions::replace_draft(transaction, old_draft, &sealed).await?;
    records::update(transaction, &front, &mut record, office.now).await?;
    link::end_all(transaction, &front, id).await?;
    access::end_all(transaction, &front, id).await?;
    corrections::resolve(transaction, id, record.version..=record.version, office.now).await?;
    office
        .note(transaction, id, RecordEventKind::Edited)
        .await?;
    let opened = (&key, details);
    link::make(transaction, office, &record, place, opened, sending, rng).await
}

/// The authority's order that the draft so far has a new wallet by.
async fn order_of(
    transaction: &mut MySqlConnection,
    record: &Record,
    draft: Draft,
    key: &OwnerKey,
) -> Result<Option<WalletOrder>, EnrolmentError> {
    let row = record_versions::load(transaction, record.id, record.version).await?;
    let row = row.filter(|row| row.draft == draft);
    let order = row.and_then(|row| row.open_wallet_order(key)).transpose();
    order.map_err(EnrolmentError::unreadable)
}

/// What else follows from the details: what a record is looked up by. A correction is looked up by what is anchored, and must be
/// able to follow that; and the address that it replaces hears of it when that was not so before.
async fn fit(
    transaction: &mut MySqlConnection,
    office: &Office<'_>,
    record: &mut Record,
    key: &OwnerKey,
    (old, order): (&Details, Option<&WalletOrder>),
    details: &Details,
) -> Result<(), EnrolmentError> {
    if record.version > Version::FIRST {
        let anchored = link::anchored_below(transaction, record, key).await?;
        let wallet = order.map_or(anchored.wallet, |order| order.change.new_wallet);
        details.can_follow(&anchored, wallet)?;
        if details.email != anchored.email && details.email != old.email {
            tell_address_before(transaction, office, record, &anchored).await?;
        }
        return Ok(());
    }
    record.wallet_index = details.wallet_index(office.keys);
    record.email_index = details.email_index(office.keys);
    Ok(())
}

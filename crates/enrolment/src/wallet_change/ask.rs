//! A member of staff asks for it, with the owner before them.

use std::time::Duration;

use alloy_primitives::Address;
use database::MySqlConnection;
use database::erasures::Identity;
use database::record_events::RecordEventKind;
use database::records::{self, Record, RecordState};
use database::wallet_changes::{self, WalletChange, WalletChangeState};
use notification::{EventKey, Mail};
use rand::CryptoRng;
use record::ids::{RecordId, WalletChangeId};

use super::{WalletChangeProblem, current};
use crate::EnrolmentError;
use crate::access;
use crate::details::Details;
use crate::link;
use crate::office::Office;

/// Notes it, and tells the owner at the address that is anchored: whoever takes over a record in their place is found out by that. Copies
/// that the wallet of before could open end.
///
/// # Errors
/// [`EnrolmentError::State`] unless the record is anchored and nothing else is under way, [`EnrolmentError::WalletChange`] when a change
/// is under way, or it is the same wallet.
pub async fn ask(
    transaction: &mut MySqlConnection,
    office: &Office<'_>,
    id: RecordId,
    (new_wallet, identity): (Address, Identity),
    wait: Duration,
    rng: &mut (impl CryptoRng + Send),
) -> Result<(), EnrolmentError> {
    let front = office.keys.front();
    let record = records::lock(transaction, &front, id)
        .await?
        .ok_or(EnrolmentError::Unknown)?;
    if record.state != RecordState::Anchored {
        return Err(EnrolmentError::State(record.state));
    }
    if current(transaction, office.keys, &record).await?.is_some() {
        return Err(WalletChangeProblem::UnderWay.into());
    }
    let (key, anchored) = link::open(transaction, office, &record).await?;
    if anchored.wallet == new_wallet {
        return Err(WalletChangeProblem::SameWallet.into());
    }
    let mut change = WalletChange {
        id: WalletChangeId::random(rng),
        record_id: id,
        version: record.version,
        draft: record.draft,
        state: WalletChangeState::Asked,
        content: Vec::new(),
        identity,
        asked_by: office.staff,
        asked_at: office.now,
        confirmed_identity: None,
        confirmed_by: None,
        confirmed_at: None,
    };
    change.fill(&key, new_wallet.as_slice(), rng);
    wallet_changes::insert(transaction, office.keys, &change).await?;
    access::end_all(transaction, &front, id).await?;
    tell(transaction, office, &record, (&change, &anchored), wait).await?;
    let what = RecordEventKind::WalletChangeAsked;
    office.note(transaction, id, what).await?;
    Ok(())
}

async fn tell(
    transaction: &mut MySqlConnection,
    office: &Office<'_>,
    record: &Record,
    (change, anchored): (&WalletChange, &Details),
    wait: Duration,
) -> Result<(), EnrolmentError> {
    let mail = Mail::WalletChangeAsked {
        first_name: notification::first_name(&anchored.name),
        controller: office.controller.to_owned(),
        contact: office.contact.to_owned(),
        not_before: change.asked_at.plus(wait),
        withdrawal_url: office.withdrawal_url(record.id),
    };
    let (front, now) = (office.keys.front(), office.now);
    let event = EventKey::of(mail.kind(), change.id.as_bytes());
    notification::enqueue(transaction, &front, now, event, &anchored.email, &mail).await?;
    Ok(())
}

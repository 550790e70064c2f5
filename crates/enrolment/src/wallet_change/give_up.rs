//! Nothing comes of it: the owner objected, or somebody was mistaken.

use database::MySqlConnection;
use database::record_events::RecordEventKind;
use database::records::{self, RecordState};
use database::wallet_changes;
use notification::{EventKey, Mail};
use record::ids::RecordId;

use super::{WalletChangeProblem, current};
use crate::EnrolmentError;
use crate::link;
use crate::office::Office;

/// Gives it up, and tells the owner. A version of it that is under way has to be given up first.
///
/// # Errors
/// [`EnrolmentError::WalletChange`] when none is under way, [`EnrolmentError::State`] when its version is.
pub async fn give_up(
    transaction: &mut MySqlConnection,
    office: &Office<'_>,
    id: RecordId,
) -> Result<(), EnrolmentError> {
    let front = office.keys.front();
    let record = records::lock(transaction, &front, id)
        .await?
        .ok_or(EnrolmentError::Unknown)?;
    if record.state != RecordState::Anchored {
        return Err(EnrolmentError::State(record.state));
    }
    let change = current(transaction, office.keys, &record).await?;
    let mut change = change.ok_or(WalletChangeProblem::OtherStep)?;
    change.end();
    wallet_changes::update(transaction, office.keys, &change).await?;
    let what = RecordEventKind::WalletChangeGivenUp;
    office.note(transaction, id, what).await?;
    let (_, anchored) = link::open(transaction, office, &record).await?;
    let mail = Mail::WalletChangeGivenUp {
        first_name: notification::first_name(&anchored.name),
        controller: office.controller.to_owned(),
        contact: office.contact.to_owned(),
        withdrawal_url: office.withdrawal_url(id),
    };
    let event = EventKey::of(mail.kind(), change.id.as_bytes());
    notification::enqueue(
        transaction,
        &front,
        office.now,
        event,
        &anchored.email,
        &mail,
    )
    .await?;
    Ok(())
}

//! A second member of staff confirms it; then the authority signs.

use alloy_primitives::B256;
use database::MySqlConnection;
use database::erasures::Identity;
use database::record_events::RecordEventKind;
use database::wallet_changes::{self, WalletChangeState};
use rand::CryptoRng;
use record::ids::RecordId;
use record::wallet_change::{WalletChange, WalletOrder};

use super::{Content, ORDER_LIFETIME, WalletChangeProblem, at_step, opened};
use crate::EnrolmentError;
use crate::link;
use crate::office::Office;
use crate::place::Place;

/// Confirms it, and fixes what the authority is to sign: this change behind this place of the chain. `controller` is who holds the record,
/// as in the consent message.
///
/// # Errors
/// [`EnrolmentError::WalletChange`] when none waits for that, or the same person asked for it, [`EnrolmentError::State`] when something
/// else is under way.
pub async fn confirm(
    transaction: &mut MySqlConnection,
    office: &Office<'_>,
    id: RecordId,
    place: &Place,
    (controller, identity): (&str, Identity),
    rng: &mut (impl CryptoRng + Send),
) -> Result<(), EnrolmentError> {
    let (record, mut change) = at_step(transaction, office, id, WalletChangeState::Asked).await?;
    if change.asked_by == office.staff {
        return Err(WalletChangeProblem::SamePerson.into());
    }
    let (key, anchored) = link::open(transaction, office, &record).await?;
    let new_wallet = opened(&change, &key)?.new_wallet();
    let order = WalletChange {
        controller: controller.to_owned(),
        old_wallet: anchored.wallet,
        new_wallet,
        uid: place.follows.uid.get(),
        version: place.version.get(),
        previous_proof: place.follows.proof,
        issued_at: office.now.as_seconds(),
        expires_at: office.now.plus(ORDER_LIFETIME).as_seconds(),
        nonce: random(rng),
    };
    change.fill(&key, &order.to_json(), rng);
    change.state = WalletChangeState::Confirmed;
    change.confirmed_identity = Some(identity);
    change.confirmed_by = Some(office.staff);
    change.confirmed_at = Some(office.now);
    wallet_changes::update(transaction, office.keys, &change).await?;
    let what = RecordEventKind::WalletChangeConfirmed;
    office.note(transaction, id, what).await?;
    Ok(())
}

/// Keeps what the authority signed. Who calls this has seen that it holds.
///
/// # Errors
/// [`EnrolmentError::WalletChange`] when none waits for that, or it is about something else than was shown.
pub async fn order(
    transaction: &mut MySqlConnection,
    office: &Office<'_>,
    id: RecordId,
    order: &WalletOrder,
    rng: &mut (impl CryptoRng + Send),
) -> Result<(), EnrolmentError> {
    let (record, mut change) =
        at_step(transaction, office, id, WalletChangeState::Confirmed).await?;
    let (key, _) = link::open(transaction, office, &record).await?;
    match opened(&change, &key)? {
        Content::Confirmed(shown) if shown == order.change => {}
        _ => return Err(WalletChangeProblem::OtherStep.into()),
    }
    change.fill(&key, &order.to_json(), rng);
    change.state = WalletChangeState::Ordered;
    wallet_changes::update(transaction, office.keys, &change).await?;
    let what = RecordEventKind::WalletChangeOrdered;
    office.note(transaction, id, what).await?;
    Ok(())
}

fn random(rng: &mut (impl CryptoRng + Send)) -> B256 {
    let mut bytes = [0; 32];
    rng.fill_bytes(&mut bytes);
    bytes.into()
}

//! The further version that the new wallet signs.

use std::time::Duration;

use database::MySqlConnection;
use database::record_events::RecordEventKind;
use database::wallet_changes::WalletChangeState;
use rand::CryptoRng;
use record::ids::RecordId;

use super::{Content, WalletChangeProblem, at_step, opened};
use crate::EnrolmentError;
use crate::access;
use crate::details::Details;
use crate::link::{self, FreshLink, Sending};
use crate::office::Office;
use crate::place::Place;
use crate::rectify;

/// Begins a further version with the details that are anchored and the new wallet, beside the authority's order, and makes the link by
/// which it is signed. Not before the owner had their time to object; where nobody signs it, it may be begun anew.
///
/// # Errors
/// [`EnrolmentError::State`] unless the record is anchored and nothing else is under way, [`EnrolmentError::WalletChange`] when nothing
/// is ordered, or not for this place, or it is too early or too late.
pub async fn begin(
    transaction: &mut MySqlConnection,
    office: &Office<'_>,
    id: RecordId,
    place: &Place,
    wait: Duration,
    sending: Sending,
    rng: &mut (impl CryptoRng + Send),
) -> Result<FreshLink, EnrolmentError> {
    let (_, change) = at_step(transaction, office, id, WalletChangeState::Ordered).await?;
    let not_before = change.asked_at.plus(wait);
    if office.now < not_before {
        return Err(WalletChangeProblem::TooEarly(not_before).into());
    }
    let (mut record, key, anchored) = rectify::anchored(transaction, office, id, place).await?;
    let Content::Ordered(order) = opened(&change, &key)? else {
        return Err(WalletChangeProblem::OtherStep.into());
    };
    let ordered = &order.change;
    let is_for_this_place = ordered.version == place.version.get()
        && ordered.uid == place.follows.uid.get()
        && ordered.previous_proof == place.follows.proof;
    let is_in_time = office.now.as_seconds() < ordered.expires_at;
    if !is_for_this_place || !is_in_time || ordered.old_wallet != anchored.wallet {
        return Err(WalletChangeProblem::Outdated.into());
    }
    let details = Details {
        wallet: ordered.new_wallet,
        ..anchored
    };
    let drafted = (&key, &details, Some(&order));
    rectify::begin(transaction, office, &mut record, place, drafted, rng).await?;
    access::end_all(transaction, &office.keys.front(), id).await?;
    let what = RecordEventKind::WalletChangeBegun;
    office.note(transaction, id, what).await?;
    let (place, opened) = (Some(place), (&key, &details));
    link::make(transaction, office, &record, place, opened, sending, rng).await
}

//! Whether a version may have another wallet than the one before: where the authority ordered just that (docs/LOST_WALLET.md).

use chain::{OnChainVersion, WalletAnswer};
use record::{Address, consent::Standing, signature::ConsentSignature, wallet_change::WalletOrder};

use super::{
    ConsentProblem, OrderAnswer, OrderProblem, VersionRow,
    content::{Content, Spot},
    known::Known,
};

/// A version whose row gives its word.
pub(super) struct Signed<'a> {
    pub version: &'a OnChainVersion,
    pub row: &'a VersionRow,
    spot: Spot,
    wallet: Address,
}

impl<'a> Signed<'a> {
    pub fn of(
        version: &'a OnChainVersion,
        row: &'a VersionRow,
        content: &Content<'_>,
        spot: Spot,
    ) -> Self {
        let wallet = content.wallet;
        Self {
            version,
            row,
            spot,
            wallet,
        }
    }
}

/// What keeps the wallet of one version from following that of the version before that counts. The word binds the new wallet, and the
/// authority's signature all that an order says: another order, altered, moved or older, is about something else.
pub(super) fn problem(
    known: &Known<'_>,
    older: &Signed<'_>,
    newer: &Signed<'_>,
) -> Option<ConsentProblem> {
    if older.wallet == newer.wallet {
        return None;
    }
    let problem = match newer.row.wallet_order() {
        None => return Some(ConsentProblem::WalletChanged(older.version.version)),
        Some(Err(_)) => Some(OrderProblem::Unreadable),
        Some(Ok(order)) => about(known, order, (older.wallet, newer.wallet), newer.spot)
            .or_else(|| signed(known, order, newer)),
    };
    problem.map(ConsentProblem::WalletOrder)
}

fn about(
    known: &Known<'_>,
    order: &WalletOrder,
    wallets: (Address, Address),
    spot: Spot,
) -> Option<OrderProblem> {
    let previous_proofs = known.chain.previous_proofs(spot.version);
    let standing = Standing {
        uid: spot.uid,
        version: spot.version,
        previous_proofs: &previous_proofs,
    };
    let checked = order.change.check(wallets, &standing, spot.timestamp);
    checked.err().map(OrderProblem::Change)
}

/// Whether the authority signed it.
fn signed(known: &Known<'_>, order: &WalletOrder, newer: &Signed<'_>) -> Option<OrderProblem> {
    let (authorities, contract) = match &newer.row.order_answer {
        Some(OrderAnswer::Told {
            authorities,
            contract,
        }) => (authorities, contract),
        // What is not told is called valid by nobody (`Known::is_told`).
        Some(OrderAnswer::NotTold) => return None,
        // Not asked counts as signed by nobody.
        None => return Some(OrderProblem::Signature),
    };
    let site = (known.facts.chain_id, known.facts.relay);
    match (&order.signature, contract) {
        (ConsentSignature::Ecdsa(signature), _) => {
            let signer = signature.recover(&order.change.digest(site));
            let may = signer.is_ok_and(|signer| authorities.contains(&signer));
            (!may).then_some(OrderProblem::Signature)
        }
        (ConsentSignature::Contract { .. }, Some(WalletAnswer::Accepts { block_time })) => {
            let follows = known.could_follow(newer.spot.version, *block_time)
                && order.change.covers_check(*block_time, newer.spot.timestamp);
            (!follows).then_some(OrderProblem::CheckBlock)
        }
        (ConsentSignature::Contract { .. }, Some(WalletAnswer::NotTold)) => None,
        (ConsentSignature::Contract { .. }, Some(WalletAnswer::Refuses) | None) => {
            Some(OrderProblem::Signature)
        }
    }
}

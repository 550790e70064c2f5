//! Whether a version may have another wallet than the one before: the authority ordered just that (docs/LOST_WALLET.md).

use chain::{ChainError, ChainReader, WalletQuestion};
use record::{
    Address,
    consent::{Standing, TermsProblem},
    signature::ConsentSignature,
    wallet_change::{ChangeProblem, WalletOrder},
};

use crate::{
    Rejection,
    consent::{Statement, Verdict, ask},
    round::Sight,
};

impl Statement {
    /// Checks it for anchoring at this place and time, behind a version that this wallet signed; none where that can't be read, or
    /// there is none. It is the authority of this moment that counts: an order of the one before is to be signed anew.
    pub async fn check_wallet(
        &self,
        reader: &ChainReader,
        sight: &Sight,
        standing: &Standing<'_>,
        timestamp: u64,
        before: Option<Address>,
    ) -> Result<Verdict, ChainError> {
        let changed = before.filter(|before| *before != self.wallet());
        let (Some(before), Some(order)) = (changed, self.order()) else {
            return Ok(match (changed, self.order()) {
                (None, None) => Verdict::Holds,
                (Some(_), _) => Verdict::Fails(Rejection::WalletChanged),
                // An order where nothing changes is none of ours.
                (None, Some(_)) => Verdict::Fails(Rejection::RowUnreadable),
            });
        };
        let wallets = (before, self.wallet());
        match order.change.check(wallets, standing, timestamp) {
            Ok(()) => {}
            Err(ChangeProblem::Terms(TermsProblem::Time)) if timestamp < order.change.issued_at => {
                return Ok(Verdict::Early);
            }
            Err(_) => return Ok(Verdict::Fails(Rejection::WalletChanged)),
        }
        Ok(match signed(reader, sight, order, timestamp).await? {
            Verdict::Fails(_) => Verdict::Fails(Rejection::WalletChanged),
            verdict => verdict,
        })
    }
}

async fn signed(
    reader: &ChainReader,
    sight: &Sight,
    order: &WalletOrder,
    timestamp: u64,
) -> Result<Verdict, ChainError> {
    let deployment = reader.deployment();
    let digest = order.change.digest((deployment.chain_id, deployment.relay));
    let authority = reader.authority(&sight.head).await?;
    match &order.signature {
        ConsentSignature::Ecdsa(signature) => {
            let signer = signature.recover(&digest);
            Ok(Verdict::of(signer.is_ok_and(|signer| signer == authority)))
        }
        ConsentSignature::Contract { bytes, check_block } => {
            let question = WalletQuestion {
                wallet: authority,
                digest,
                signature: bytes.clone(),
                at: *check_block,
            };
            let covers = |block_time| order.change.covers_check(block_time, timestamp);
            ask(reader, sight, question, covers).await
        }
    }
}

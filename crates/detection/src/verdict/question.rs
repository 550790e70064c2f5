//! What has to be asked of the chain beside a record's words before a row is judged, of contract wallets and about the authority, and
//! where the answers go.

use chain::{OnChainRecord, OnChainVersion, WalletAnswer, WalletQuestion};
use record::{
    Address, B256, ids::Version, signature::ConsentSignature, wallet_change::WalletOrder,
};

use super::{
    OrderAnswer, Row, VersionRow,
    content::{Content, Site},
};

/// What has to be known about an order to change a wallet.
pub(crate) struct OrderQuestion {
    /// The word of the version that changes it.
    pub word: B256,
    /// The block that its anchor cell says it was anchored in.
    pub anchored_in: Option<u64>,
    /// The order.
    pub order: WalletOrder,
}

impl Row {
    /// A question for each version that the chain knows and a contract wallet signed. About a block after the newest version was
    /// anchored nothing is asked: it would be the answer to something else.
    pub(crate) fn questions(
        &self,
        chain: &OnChainRecord,
        (chain_id, relay): (u64, Address),
    ) -> Vec<(Version, WalletQuestion)> {
        let site = Site { chain_id, relay };
        let known = self.versions.range(..=chain.newest().version);
        let of_contracts = known.filter(|(_, row)| is_signed_by_contract(row));
        let contents =
            of_contracts.filter_map(|(version, row)| Some((*version, Content::of(row)?)));
        let questions = contents.filter_map(|(version, content)| match content.signature {
            ConsentSignature::Contract { bytes, check_block } if *check_block <= chain.block => {
                let question = WalletQuestion {
                    wallet: content.wallet,
                    digest: content.rebuilt_digest(site),
                    signature: bytes.clone(),
                    at: *check_block,
                };
                Some((version, question))
            }
            _ => None,
        });
        questions.collect()
    }

    /// A question for each version that counts and has an order to change its wallet: of most records none.
    pub(crate) fn orders(&self, chain: &OnChainRecord) -> Vec<(Version, OrderQuestion)> {
        let counting = chain.versions.iter().filter(|one| !one.voided);
        let question = |one: &OnChainVersion| {
            let row = self.versions.get(&one.version)?;
            let order = row.wallet_order()?.as_ref().ok()?;
            let question = OrderQuestion {
                word: one.word,
                anchored_in: row.anchor().map(|anchor| anchor.block),
                order: order.clone(),
            };
            Some((one.version, question))
        };
        counting.filter_map(question).collect()
    }

    /// Notes what the chain tells of the order at this version.
    pub(crate) fn order_answered(&mut self, version: Version, answer: OrderAnswer) {
        if let Some(row) = self.versions.get_mut(&version) {
            row.order_answer = Some(answer);
        }
    }

    /// Notes what the wallet answered about this version.
    pub(crate) fn answered(&mut self, version: Version, answer: WalletAnswer) {
        if let Some(row) = self.versions.get_mut(&version) {
            row.contract_answer = Some(answer);
        }
    }
}

/// Of most records nothing more is made for this.
fn is_signed_by_contract(row: &VersionRow) -> bool {
    let opened = row.opened.as_ref();
    let signature = opened.and_then(|opened| opened.signature.as_ref());
    matches!(signature, Some(Ok(ConsentSignature::Contract { .. })))
}

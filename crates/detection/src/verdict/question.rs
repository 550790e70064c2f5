//! What has to be asked of contract wallets before a row is judged, and where their answers go.

use chain::{OnChainRecord, WalletAnswer, WalletQuestion};
use record::{Address, ids::Version, signature::ConsentSignature};

use super::{
    Row, VersionRow,
    content::{Content, Site},
};

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

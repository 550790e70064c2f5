//! What the chain tells of orders to change a wallet: who the authority was when the version was anchored, and, where that is a
//! contract, whether it accepted.

use chain::{ChainError, OnChainRecord, Outage, WalletAnswer, WalletQuestion};
use record::Address;
use record::ids::Version;
use record::signature::ConsentSignature;

use super::Examiner;
use crate::obstacle::Hindrance;
use crate::verdict::{OrderAnswer, OrderQuestion, Row};

impl Examiner {
    /// Asks about every order in these rows; of most there is none. What is told is of final blocks, and stays so.
    pub(super) async fn ask_about_orders(
        &self,
        chain: &OnChainRecord,
        row: &mut Row,
    ) -> Result<(), Hindrance> {
        for (version, question) in row.orders(chain) {
            let answer = match self.told_of_order(chain, version, &question).await {
                // A node that is there, and does not tell.
                Err(ChainError::Unreachable {
                    cause: Outage::Refused(_),
                }) => OrderAnswer::NotTold,
                told => told?,
            };
            row.order_answered(version, answer);
        }
        Ok(())
    }

    async fn told_of_order(
        &self,
        chain: &OnChainRecord,
        version: Version,
        question: &OrderQuestion,
    ) -> Result<OrderAnswer, ChainError> {
        let Some(block) = self.anchored_in(chain, version, question).await? else {
            return Ok(OrderAnswer::NotTold);
        };
        let authorities = self.parts.chain.authorities(block).await?;
        let contract = self.accepted(question, &authorities, block).await?;
        Ok(OrderAnswer::Told {
            authorities,
            contract,
        })
    }

    /// The block that holds a version's word. The chain tells that of the newest; of others their event does, which is looked for where
    /// the anchor cell says first: that cell is no evidence of it.
    async fn anchored_in(
        &self,
        chain: &OnChainRecord,
        version: Version,
        question: &OrderQuestion,
    ) -> Result<Option<u64>, ChainError> {
        if version == chain.newest().version {
            return Ok(Some(chain.block));
        }
        let reader = &self.parts.chain;
        let said = question.anchored_in.filter(|said| *said < chain.block);
        for up_to in said.into_iter().chain([chain.block]) {
            let found = reader.anchored(chain.uid, version, question.word, up_to);
            if let Some(anchored) = found.await? {
                return Ok(Some(anchored.block));
            }
        }
        Ok(None)
    }

    /// What the authority's contract answers, where a contract is said to have signed. About a block after the anchor nothing is asked.
    async fn accepted(
        &self,
        question: &OrderQuestion,
        authorities: &[Address],
        block: u64,
    ) -> Result<Option<WalletAnswer>, ChainError> {
        let ConsentSignature::Contract { bytes, check_block } = &question.order.signature else {
            return Ok(None);
        };
        if *check_block > block {
            return Ok(None);
        }
        let deployment = self.parts.chain.deployment();
        let site = (deployment.chain_id, deployment.relay);
        let asked = authorities.iter().map(|authority| WalletQuestion {
            wallet: *authority,
            digest: question.order.change.digest(site),
            signature: bytes.clone(),
            at: *check_block,
        });
        let asked: Vec<WalletQuestion> = asked.collect();
        let answers = self.parts.chain.ask_wallets(&asked).await?;
        let accepts = |one: &&WalletAnswer| matches!(one, WalletAnswer::Accepts { .. });
        let is_not_told = |one: &&WalletAnswer| **one == WalletAnswer::NotTold;
        let accepted = answers.iter().find(accepts);
        Ok(accepted.or(answers.iter().find(is_not_told)).copied())
    }
}

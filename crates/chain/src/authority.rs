//! The authority: who owns the contracts, and owned them before.

use alloy::{rpc::types::Filter, sol_types::SolEvent as _};
use record::Address;

use crate::{Block, ChainError, ChainReader, Outage, contracts::ISecurityLayer};

/// What an authority signed counts for so many blocks after it handed the contracts over (an hour on the main network): what was
/// checked and sent under one authority may come into a block under the next.
const HANDOVER: u64 = 300;

impl ChainReader {
    /// The owner of the contracts at a block that nodes still know the state of.
    pub async fn authority(&self, at: &Block) -> Result<Address, ChainError> {
        self.owner(at.number).await
    }

    /// The authority at any block, by the events that nodes keep for ever.
    pub async fn authority_at(&self, block: u64) -> Result<Address, ChainError> {
        let filter = Filter::new()
            .address(self.deployment().storage_layer)
            .event_signature(ISecurityLayer::OwnershipTransferred::SIGNATURE_HASH);
        let Some(log) = self.newest_log(&filter, block).await? else {
            return Ok(self.deployment().authority);
        };
        ISecurityLayer::OwnershipTransferred::decode_log_data(log.data())
            .map(|event| event.newOwner)
            .map_err(|_| ChainError::Malformed {
                what: "an event without its owner",
            })
    }

    /// Whose order counts for what this block wrote: the authority's then, and that of an hour before. Of old blocks the state is asked
    /// for first, by one call each; a node that keeps none has to look through its events.
    pub async fn authorities(&self, block: u64) -> Result<Vec<Address>, ChainError> {
        let before = block.saturating_sub(HANDOVER);
        let before = before.max(self.deployment().deployment_block);
        let mut authorities = vec![self.owner_by_any_means(block).await?];
        let other = self.owner_by_any_means(before.min(block)).await?;
        if !authorities.contains(&other) {
            authorities.push(other);
        }
        Ok(authorities)
    }

    async fn owner_by_any_means(&self, block: u64) -> Result<Address, ChainError> {
        match self.owner(block).await {
            Err(
                ChainError::Malformed { .. }
                | ChainError::Unreachable {
                    cause: Outage::Refused(_),
                },
            ) => self.authority_at(block).await,
            told => told,
        }
    }

    async fn owner(&self, block: u64) -> Result<Address, ChainError> {
        let (storage, call) = (
            self.deployment().storage_layer,
            ISecurityLayer::ownerCall {},
        );
        self.endpoint.view(storage, call, block).await
    }
}

//! Reading the chain at a block that will not change any more.

use std::sync::Arc;

use alloy::{
    primitives::U256,
    rpc::types::{Filter, Log},
    sol_types::SolEvent as _,
};
use record::{
    Address, B256,
    ids::{Uid, Version},
};
use url::Url;

use crate::{
    Block, ChainError, Deployment, SeenBlock,
    contracts::{IMasterData, IRecordRelay, IStorageLayer},
    endpoint::Endpoint,
    pins,
};

/// How many blocks one question for events spans: what the common providers allow.
pub(crate) const EVENT_SPAN: u64 = 10_000;

/// Reads the pinned chain. Cheap to clone.
#[derive(Clone)]
pub struct ChainReader {
    pub(crate) endpoint: Endpoint,
    deployment: Arc<Deployment>,
    confirmations: u64,
}

/// Where a proof was anchored, by its event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Anchored {
    /// The transaction.
    pub transaction: B256,
    /// Its block.
    pub block: u64,
    /// Unix seconds, as they went into the proof.
    pub timestamp: u64,
}

impl ChainReader {
    /// A reader that has not asked anything yet: an app starts while the chain is out of reach. `confirmations` is the depth at which a block counts as final.
    pub fn new(
        rpc_url: &Url,
        deployment: Deployment,
        confirmations: u64,
    ) -> Result<Self, ChainError> {
        let endpoint = Endpoint::new(rpc_url, None)?;
        Ok(Self::of(endpoint, deployment, confirmations))
    }

    /// The same with a second, independent endpoint: what is read counts only when both say the same.
    pub fn of_two(
        rpc_urls: [&Url; 2],
        deployment: Deployment,
        confirmations: u64,
    ) -> Result<Self, ChainError> {
        let [first, second] = rpc_urls;
        let endpoint = Endpoint::new(first, Some(second))?;
        Ok(Self::of(endpoint, deployment, confirmations))
    }

    fn of(endpoint: Endpoint, deployment: Deployment, confirmations: u64) -> Self {
        Self {
            endpoint,
            deployment: Arc::new(deployment),
            confirmations,
        }
    }

    /// A reader whose pins have been checked.
    pub async fn connect(
        rpc_url: &Url,
        deployment: Deployment,
        confirmations: u64,
    ) -> Result<Self, ChainError> {
        let reader = Self::new(rpc_url, deployment, confirmations)?;
        reader.check_pins().await?;
        Ok(reader)
    }

    /// Checks all pins: chain id, block of the deployment, code hash of the storage layer, relay. To be repeated at least once per round of work:
    /// what answers at an address can change at any time. Gives the newest block, at which they hold.
    pub async fn check_pins(&self) -> Result<Block, ChainError> {
        pins::check(&self.endpoint, &self.deployment).await
    }

    /// What the chain is known by.
    pub fn deployment(&self) -> &Deployment {
        &self.deployment
    }

    /// The depth at which a block counts as final.
    pub const fn confirmations(&self) -> u64 {
        self.confirmations
    }

    /// The newest block. Chain id and block of the deployment are checked with it.
    pub async fn head(&self) -> Result<Block, ChainError> {
        let head = self.endpoint.head().await?;
        pins::check_identity(&self.endpoint, &self.deployment, &head).await?;
        Ok(head)
    }

    /// The newest block at the configured depth, at or after the deployment; `seen` is the one that was final when we last looked.
    pub async fn final_block(&self, seen: Option<SeenBlock>) -> Result<Block, ChainError> {
        let head = self.head().await?;
        self.final_block_below(&head, seen).await
    }

    /// The final block below a head just read.
    pub async fn final_block_below(
        &self,
        head: &Block,
        seen: Option<SeenBlock>,
    ) -> Result<Block, ChainError> {
        if let Some(seen) = seen {
            pins::check_history(&self.endpoint, seen, head).await?;
        }
        // What was final stays final, also where this node is a few blocks behind the one that told it.
        let number = head
            .number
            .saturating_sub(self.confirmations)
            .max(seen.map_or(0, |seen| seen.number));
        let oldest = self.deployment.deployment_block;
        if number < oldest {
            return Err(ChainError::Behind {
                seen: oldest,
                head: number,
            });
        }
        let block = self.endpoint.block(number).await?;
        block.ok_or(ChainError::Behind {
            seen: number,
            head: head.number,
        })
    }

    /// The master-data contract that the relay names at a block.
    pub async fn newest_master_data(&self, at: &Block) -> Result<Address, ChainError> {
        let call = IRecordRelay::latestCall {};
        self.endpoint
            .view(self.deployment.relay, call, at.number)
            .await
    }

    /// The UID that the next new record takes; all below are taken. Master-data and storage layer have to agree on it.
    pub async fn next_uid(&self, at: &Block) -> Result<Uid, ChainError> {
        let storage = self.deployment.storage_layer;
        let told = async {
            let master_data = self.newest_master_data(at).await?;
            let call = IMasterData::nextUidCall {};
            self.endpoint.view(master_data, call, at.number).await
        };
        let last = IStorageLayer::lastUidCall {};
        let (next, last): (U256, u64) =
            tokio::try_join!(told, self.endpoint.view(storage, last, at.number))?;
        let next = u64::try_from(next).ok().and_then(Uid::new);
        let next = next.ok_or(ChainError::Malformed {
            what: "nextUid is no UID",
        })?;
        match next.get() - 1 == last {
            true => Ok(next),
            false => Err(ChainError::Disagreement { uid: next }),
        }
    }

    /// Finds the transaction that anchored a proof, by its event, up to a block.
    pub async fn anchored(
        &self,
        uid: Uid,
        version: Version,
        proof: B256,
        up_to: u64,
    ) -> Result<Option<Anchored>, ChainError> {
        // Its topics name the event's subject in full: there is one at most.
        let filter = Filter::new()
            .address(self.deployment.storage_layer)
            .event_signature(IStorageLayer::RecordProofAdded::SIGNATURE_HASH)
            .topic1(U256::from(uid.get()))
            .topic2(U256::from(version.get()))
            .topic3(proof);
        let Some(log) = self.newest_log(&filter, up_to).await? else {
            return Ok(None);
        };
        let event = IStorageLayer::RecordProofAdded::decode_log_data(log.data());
        match (event, log.transaction_hash, log.block_number) {
            (Ok(event), Some(transaction), Some(block)) => Ok(Some(Anchored {
                transaction,
                block,
                timestamp: event.timestamp,
            })),
            _ => Err(ChainError::Malformed {
                what: "an event without its place",
            }),
        }
    }

    /// The newest event of a kind, up to a block. Looks backwards from there: what is asked for is mostly recent.
    pub(crate) async fn newest_log(
        &self,
        filter: &Filter,
        up_to: u64,
    ) -> Result<Option<Log>, ChainError> {
        let oldest = self.deployment.deployment_block;
        let mut to = up_to;
        while to >= oldest {
            let from = oldest.max(to.saturating_sub(EVENT_SPAN - 1));
            let within = filter.clone().from_block(from).to_block(to);
            if let Some(log) = self.endpoint.logs(&within).await?.pop() {
                return Ok(Some(log));
            }
            let Some(before) = from.checked_sub(1) else {
                break;
            };
            to = before;
        }
        Ok(None)
    }
}

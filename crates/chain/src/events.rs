//! Which records the chain has added to between two blocks: by the events of the storage layer, which names the record
//! with every word it takes.

use std::ops::RangeInclusive;

use alloy::{
    primitives::{B256, U256},
    rpc::types::{Filter, Log},
    sol_types::SolEvent as _,
};

use crate::{
    Block, ChainError, ChainReader, Outage,
    contracts::IStorageLayer::{
        RecordProofAdded, RecordProofBatchAdded, RecordProofVoided, RecordRetired,
    },
    reader::EVENT_SPAN,
};

/// Everything that changes what [`ChainReader::records`] tells of a record.
const EVENTS: [B256; 4] = [
    RecordProofAdded::SIGNATURE_HASH,
    RecordProofBatchAdded::SIGNATURE_HASH,
    RecordRetired::SIGNATURE_HASH,
    RecordProofVoided::SIGNATURE_HASH,
];

impl ChainReader {
    /// The UIDs whose record was added to, voided or retired in these blocks; as ranges, in the order of the events.
    pub async fn touched(
        &self,
        blocks: RangeInclusive<u64>,
    ) -> Result<Vec<RangeInclusive<u64>>, ChainError> {
        let mut touched = Vec::new();
        let (mut from, to) = blocks.into_inner();
        let mut span = EVENT_SPAN;
        while from <= to {
            let end = to.min(from.saturating_add(span - 1));
            match self.events(from..=end).await {
                Ok(logs) => {
                    for log in &logs {
                        touched.push(uids_of(log)?);
                    }
                    from = end.saturating_add(1);
                }
                // Too many for one answer: nodes have limits of their own.
                Err(error) if is_refused(error) && span > 1 => span /= 2,
                Err(error) => return Err(error),
            }
        }
        Ok(touched)
    }

    /// Whether this very block is on the chain that the endpoint serves.
    pub async fn holds(&self, block: &Block) -> Result<bool, ChainError> {
        let there = self.endpoint.block(block.number).await?;
        Ok(there.is_some_and(|there| there.hash == block.hash))
    }

    async fn events(&self, blocks: RangeInclusive<u64>) -> Result<Vec<Log>, ChainError> {
        let filter = Filter::new()
            .address(self.deployment().storage_layer)
            .event_signature(EVENTS.to_vec())
            .from_block(*blocks.start())
            .to_block(*blocks.end());
        self.endpoint.logs(&filter).await
    }
}

const fn is_refused(error: ChainError) -> bool {
    matches!(
        error,
        ChainError::Unreachable {
            cause: Outage::Refused(_) | Outage::Status(_)
        }
    )
}

/// The first topic behind the signature is the UID, or the first one of a batch, whose second is their number.
fn uids_of(log: &Log) -> Result<RangeInclusive<u64>, ChainError> {
    let malformed = ChainError::Malformed {
        what: "an event without its record",
    };
    let number = |index: usize| {
        let topic = log.topics().get(index)?;
        u64::try_from(U256::from_be_bytes(topic.0)).ok()
    };
    let first = number(1).ok_or(malformed)?;
    if log.topic0() != Some(&RecordProofBatchAdded::SIGNATURE_HASH) {
        return Ok(first..=first);
    }
    let count = number(2).ok_or(malformed)?;
    Ok(first..=first.saturating_add(count.saturating_sub(1)))
}

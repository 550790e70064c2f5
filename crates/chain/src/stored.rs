//! Many records at once, from the storage layer alone: two questions for a page, and none for a record of one version.

use alloy::primitives::U256;
use futures::{StreamExt as _, TryStreamExt as _};
use record::ids::Uid;

use crate::{
    Block, ChainError, ChainReader, MAX_PAGE, OnChainRecord,
    contracts::IStorageLayer,
    records::{CONCURRENT, RECORD, VOID},
};

impl ChainReader {
    /// The records from `first` to `last` (at most [`MAX_PAGE`] from `first` on), all of which the chain has given.
    /// [`Self::records`] also asks the newest master-data and compares.
    pub async fn stored(
        &self,
        first: Uid,
        last: Uid,
        at: &Block,
    ) -> Result<Vec<OnChainRecord>, ChainError> {
        let count = last.get().saturating_sub(first.get()).saturating_add(1);
        let count = U256::from(count.min(MAX_PAGE));
        let (storage, block) = (self.deployment().storage_layer, at.number);
        let of_kind = |kind| IStorageLayer::streamsCall {
            kind,
            firstKey: first.get(),
            count,
        };
        let (streams, voids) = tokio::try_join!(
            self.endpoint.view(storage, of_kind(RECORD), block),
            self.endpoint.view(storage, of_kind(VOID), block),
        )?;
        if streams.len() != voids.len() || U256::from(streams.len()) != count {
            return Err(ChainError::Malformed {
                what: "a page of another length",
            });
        }
        let mut records = Vec::with_capacity(streams.len());
        for ((stream, voids), uid) in streams.iter().zip(&voids).zip(first.get()..=u64::MAX) {
            if (stream.key, voids.key) != (uid, uid) {
                return Err(ChainError::Malformed {
                    what: "a page of other records",
                });
            }
            if stream.tip.lastIndex == 0 || stream.newestWord.is_zero() {
                // The newest master-data says that this UID is given.
                let uid = Uid::new(uid).ok_or(ChainError::Malformed {
                    what: "a UID of zero",
                })?;
                return Err(ChainError::Disagreement { uid });
            }
            records.push(self.one(stream, voids, at));
        }
        futures::stream::iter(records)
            .buffered(CONCURRENT)
            .try_collect()
            .await
    }
}

//! Records as the chain knows them: asked of the newest master-data, and compared with the storage layer itself.

use alloy::primitives::U256;
use futures::{StreamExt as _, TryStreamExt as _};
use record::{
    Address, B256,
    ids::{Uid, Version},
};

use crate::{
    Block, ChainError, ChainReader,
    contracts::{IMasterData, IStorageLayer},
};

/// The most records that one page holds: some five million gas of reading, far below what nodes allow a call.
pub const MAX_PAGE: u64 = 500;

/// Stream kinds of the storage layer.
pub(crate) const RECORD: u8 = 1;
pub(crate) const VOID: u8 = 4;

/// How many records of more than one version are asked for at a time.
pub(crate) const CONCURRENT: usize = 16;

/// What the chain knows of one record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OnChainRecord {
    /// The record.
    pub uid: Uid,
    /// All its versions, oldest first; never empty.
    pub versions: Vec<OnChainVersion>,
    /// Unix seconds that went into the newest proof. Those of older versions stand in their events and anchor cells.
    pub timestamp: u64,
    /// The block that wrote the newest version.
    pub block: u64,
    /// Erased or withdrawn, for good.
    pub retired: Option<Retirement>,
}

/// One version of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OnChainVersion {
    /// Its number.
    pub version: Version,
    /// The record proof.
    pub word: B256,
    /// The authority declared it void: it must not be believed.
    pub voided: bool,
}

/// That a record was retired, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retirement {
    /// Why.
    pub reason: RetirementReason,
    /// The block that retired it.
    pub block: u64,
    /// Hash over the signed request or order (docs/RECORD_PROOF.md).
    pub evidence: B256,
}

/// Why a record was retired.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RetirementReason {
    /// Erased (GDPR Art. 17).
    Erased,
    /// Consent withdrawn.
    Withdrawn,
}

impl OnChainRecord {
    /// Its newest version, voided or not.
    pub fn newest(&self) -> &OnChainVersion {
        self.versions
            .last()
            .expect("a record on the chain has a version")
    }

    /// One version.
    pub fn version(&self, version: Version) -> Option<&OnChainVersion> {
        self.versions.iter().find(|one| one.version == version)
    }

    /// Its words, oldest first, those that were voided among them.
    pub fn words(&self) -> Vec<B256> {
        self.versions.iter().map(|one| one.word).collect()
    }

    /// The oldest word that counts; none where the authority voided all.
    pub fn first_word(&self) -> Option<B256> {
        let counting = self.versions.iter().find(|one| !one.voided);
        counting.map(|one| one.word)
    }

    /// The words that this version may follow: the one before it and, where that was voided, the next before, and so on; zero where all were.
    pub fn previous_proofs(&self, version: Version) -> Vec<B256> {
        let mut proofs = Vec::new();
        let before = self.versions.iter().filter(|one| one.version < version);
        for one in before.rev() {
            proofs.push(one.word);
            if !one.voided {
                return proofs;
            }
        }
        proofs.push(B256::ZERO);
        proofs
    }
}

/// `retireRecord`'s number for [`RetirementReason::Erased`].
pub(crate) const ERASED: u8 = 1;

/// What the two contracts answered for one page.
struct Page {
    told: Vec<IMasterData::RecordProof>,
    streams: Vec<IStorageLayer::Stream>,
    voids: Vec<IStorageLayer::Stream>,
    last_uid: u64,
}

impl ChainReader {
    /// One record at a block; nothing when the chain does not know its UID.
    pub async fn record(&self, uid: Uid, at: &Block) -> Result<Option<OnChainRecord>, ChainError> {
        Ok(self.records(uid, 1, at).await?.pop())
    }

    /// Up to `count` records (at most [`MAX_PAGE`]) from `first` on, without a gap; fewer where the UIDs end.
    pub async fn records(
        &self,
        first: Uid,
        count: u64,
        at: &Block,
    ) -> Result<Vec<OnChainRecord>, ChainError> {
        let room = (u64::MAX - first.get()).saturating_add(1);
        let page = self.page(first, count.min(MAX_PAGE).min(room), at).await?;
        let taken = agreed(first, &page)?;
        // Gathered by a loop: a closure that made them would keep the whole from being `Send`.
        let mut records = Vec::with_capacity(taken);
        for (stream, voids) in page.streams.iter().zip(&page.voids).take(taken) {
            records.push(self.one(stream, voids, at));
        }
        futures::stream::iter(records)
            .buffered(CONCURRENT)
            .try_collect()
            .await
    }

    async fn page(&self, first: Uid, count: u64, at: &Block) -> Result<Page, ChainError> {
        let (storage, block) = (self.deployment().storage_layer, at.number);
        let master_data = self.newest_master_data(at).await?;
        let (first, count) = (first.get(), U256::from(count));
        let proofs = IMasterData::getRecordProofsCall {
            firstUid: U256::from(first),
            count,
        };
        let streams = |kind| IStorageLayer::streamsCall {
            kind,
            firstKey: first,
            count,
        };
        let (told, streams, voids, last_uid) = tokio::try_join!(
            self.endpoint.view(master_data, proofs, block),
            self.endpoint.view(storage, streams(RECORD), block),
            self.endpoint.view(storage, streams(VOID), block),
            self.endpoint
                .view(storage, IStorageLayer::lastUidCall {}, block),
        )?;
        Ok(Page {
            told,
            streams,
            voids,
            last_uid,
        })
    }

    pub(crate) async fn one(
        &self,
        stream: &IStorageLayer::Stream,
        voids: &IStorageLayer::Stream,
        at: &Block,
    ) -> Result<OnChainRecord, ChainError> {
        let uid = Uid::new(stream.key).ok_or(ChainError::Malformed {
            what: "a record without UID",
        })?;
        let words = self.words(RECORD, stream, at).await?;
        let voided = self.words(VOID, voids, at).await?;
        let versions = words.into_iter().zip(1_u64..).map(|(word, number)| {
            let version = Version::try_from(number).map_err(|_| ChainError::Malformed {
                what: "more versions than can be",
            })?;
            let voided = voided
                .iter()
                .any(|word| U256::from_be_bytes(word.0) == U256::from(number));
            Ok(OnChainVersion {
                version,
                word,
                voided,
            })
        });
        Ok(OnChainRecord {
            uid,
            versions: versions.collect::<Result<_, ChainError>>()?,
            timestamp: stream.tip.timestamp,
            block: stream.tip.blockNumber,
            retired: retirement(stream)?,
        })
    }

    /// All words of a stream, oldest first. The newest came with the page: only streams that hold more are asked for.
    async fn words(
        &self,
        kind: u8,
        stream: &IStorageLayer::Stream,
        at: &Block,
    ) -> Result<Vec<B256>, ChainError> {
        match stream.tip.lastIndex {
            0 => Ok(Vec::new()),
            1 => Ok(vec![stream.newestWord]),
            last => {
                let storage: Address = self.deployment().storage_layer;
                let count = U256::from(last);
                let call = IStorageLayer::wordsCall {
                    kind,
                    key: stream.key,
                    firstIndex: 1,
                    count,
                };
                let words = self.endpoint.view(storage, call, at.number).await?;
                let complete = !words.contains(&B256::ZERO)
                    && words.last() == Some(&stream.newestWord)
                    && u64::try_from(words.len()) == Ok(last);
                complete.then_some(words).ok_or(ChainError::Malformed {
                    what: "a stream with gaps",
                })
            }
        }
    }
}

/// How many records the page holds, if both contracts tell the same of each.
fn agreed(first: Uid, page: &Page) -> Result<usize, ChainError> {
    let disagreement = |uid: u64| {
        Uid::new(uid).map_or(
            ChainError::Malformed {
                what: "a UID of zero",
            },
            |uid| ChainError::Disagreement { uid },
        )
    };
    if page.voids.len() != page.streams.len() || page.told.len() > page.streams.len() {
        return Err(disagreement(first.get()));
    }
    for (index, uid) in (0..page.streams.len()).zip(first.get()..=u64::MAX) {
        let (stream, voids) = (&page.streams[index], &page.voids[index]);
        let agree = match page.told.get(index) {
            Some(told) => uid <= page.last_uid && same(uid, told, stream, voids),
            None => uid > page.last_uid && stream.tip.lastIndex == 0,
        };
        if !agree {
            return Err(disagreement(uid));
        }
    }
    Ok(page.told.len())
}

fn same(
    uid: u64,
    told: &IMasterData::RecordProof,
    stream: &IStorageLayer::Stream,
    voids: &IStorageLayer::Stream,
) -> bool {
    let tip = &stream.tip;
    (told.uid, stream.key, voids.key) == (uid, uid, uid)
        && tip.lastIndex != 0
        && told.version == tip.lastIndex
        && told.proof == stream.newestWord
        && !told.proof.is_zero()
        && told.timestamp == tip.timestamp
        && told.blockNumber == tip.blockNumber
        && told.voidCount == voids.tip.lastIndex
        && told.retired == (tip.closure != 0)
        && told.retirementReason == tip.closure
        && U256::from(told.retiredAtBlock) == U256::from(tip.closedAtBlock)
        && told.retirementEvidence == stream.closingWord
}

fn retirement(stream: &IStorageLayer::Stream) -> Result<Option<Retirement>, ChainError> {
    let reason = match stream.tip.closure {
        0 => return Ok(None),
        ERASED => RetirementReason::Erased,
        2 => RetirementReason::Withdrawn,
        _ => {
            return Err(ChainError::Malformed {
                what: "an unknown reason of retirement",
            });
        }
    };
    let block = stream.tip.closedAtBlock.to::<u64>();
    Ok(Some(Retirement {
        reason,
        block,
        evidence: stream.closingWord,
    }))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failed test may panic")]
    use super::*;

    /// A record whose versions carry the words 1, 2, 3 …; those that are true here are voided.
    fn record(voided: &[bool]) -> OnChainRecord {
        let versions = voided
            .iter()
            .zip(1_u8..)
            .map(|(voided, number)| OnChainVersion {
                version: Version::try_from(u64::from(number)).unwrap(),
                word: B256::repeat_byte(number),
                voided: *voided,
            });
        OnChainRecord {
            uid: Uid::new(1).unwrap(),
            versions: versions.collect(),
            timestamp: 1,
            block: 1,
            retired: None,
        }
    }

    #[test]
    fn a_version_follows_the_one_before_or_what_was_voided_back_to_the_newest_believed() {
        for (voided, version, expected) in [
            (&[false, false][..], 3_u64, &[2][..]),
            (&[false, false, true, true], 5, &[4, 3, 2]),
            (&[false, true, false], 3, &[2, 1]),
            (&[true, true], 3, &[2, 1, 0]),
        ] {
            let words = record(voided).previous_proofs(Version::try_from(version).unwrap());
            let expected: Vec<_> = expected
                .iter()
                .map(|byte| B256::repeat_byte(*byte))
                .collect();
            assert_eq!(words, expected, "{voided:?} {version}");
        }
    }
}

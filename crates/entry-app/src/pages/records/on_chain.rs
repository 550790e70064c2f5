//! What the chain says of a record that is to end: signatures are held against it.

use chain::Block;
use record::erasure::{ErasureEvidence, Ground};
use record::ids::Uid;
use record::{Address, B256};
use web_kit::error::{Error, Result};

use crate::state::Desk;

/// What it says, at a final block.
pub struct OnChain {
    site: (u64, Address),
    uid: Uid,
    first: Option<B256>,
    words: Vec<B256>,
    authority: Address,
    /// Whether several versions count: the wallet may have changed.
    pub has_followers: bool,
    /// Whether it has ended.
    pub is_retired: bool,
}

/// A final block, and who the authority is by it.
pub struct Sight {
    block: Block,
    authority: Address,
}

impl Sight {
    /// The newest.
    pub async fn load(desk: &Desk) -> Result<Self> {
        let block = desk.chain.final_block(None).await.map_err(away)?;
        let authority = desk.chain.authority(&block).await.map_err(away)?;
        Ok(Self { block, authority })
    }
}

impl OnChain {
    /// Of a record; none of one that the chain does not know.
    pub async fn load(desk: &Desk, sight: &Sight, uid: Uid) -> Result<Option<Self>> {
        let known = desk.chain.record(uid, &sight.block).await.map_err(away)?;
        Ok(known.map(|known| Self {
            site: desk.site(),
            uid,
            first: known.first_word(),
            words: known.words(),
            authority: sight.authority,
            has_followers: known.versions.iter().filter(|one| !one.voided).count() > 1,
            is_retired: known.retired.is_some(),
        }))
    }

    /// The word that a statement is about: where the authority voided all, its order is about the newest.
    pub fn word(&self) -> Option<B256> {
        self.first.or(self.words.last().copied())
    }

    /// Whether a signature permits to end it.
    pub fn bears(&self, evidence: &ErasureEvidence) -> bool {
        evidence.holds(&Ground {
            site: self.site,
            uid: self.uid,
            first: self.first,
            words: &self.words,
            authorities: &[self.authority],
        })
    }
}

fn away(error: chain::ChainError) -> Error {
    tracing::warn!(%error, "whether a signature permits an erasure can't be told");
    Error::Unavailable { what: "the chain" }
}

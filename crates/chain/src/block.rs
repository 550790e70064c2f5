//! A point on the chain.

use record::{B256, time::UnixMillis};

/// A block, as far as we need it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Block {
    /// Its height.
    pub number: u64,
    /// Its hash.
    pub hash: B256,
    /// Unix seconds.
    pub timestamp: u64,
}

/// A final block that was read earlier and written down: a chain that ends below it, or carries another block in its place, is not the chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SeenBlock {
    /// Its height.
    pub number: u64,
    /// Its hash.
    pub hash: B256,
}

impl Block {
    /// Its time as tables store it.
    pub const fn time(&self) -> UnixMillis {
        UnixMillis::from_seconds(self.timestamp)
    }
}

impl From<Block> for SeenBlock {
    fn from(block: Block) -> Self {
        Self {
            number: block.number,
            hash: block.hash,
        }
    }
}

//! What the chain shows of one plan: a pure function of the account's nonces, the two blocks and the receipts.

use chain::Receipt;
use record::B256;

/// The two heights and the account's nonces there, read once per round.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Heights {
    /// The newest block looked at. What lies above it is left for the next round.
    pub head: u64,
    /// The newest block that will not change any more.
    pub last: u64,
    /// How many transactions the account has up to the head.
    pub nonce_at_head: u64,
    /// And up to the final block.
    pub nonce_at_last: u64,
}

/// What became of a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// In no block yet.
    Waiting,
    /// Succeeded in a block that may still go.
    Mined { hash: B256, block: u64 },
    /// Succeeded at depth.
    Final { hash: B256, block: u64 },
    /// Reverted, or its nonce used by somebody else, in a block that may still go: it can come back.
    Doomed,
    /// The same at depth: it can not come back.
    Dead(Death),
}

/// Why a plan is dead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Death {
    /// The contract refused it.
    Reverted,
    /// Another transaction of the account used its nonce.
    NonceTaken,
    /// It succeeded, but its proof does not stand where it belongs.
    Displaced,
}

impl Death {
    /// For the job's row.
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::Reverted => "reverted",
            Self::NonceTaken => "nonce_taken",
            Self::Displaced => "displaced",
        }
    }
}

/// Judges a plan by its nonce and the receipts of all its transactions, at most one of which can be in a block.
pub(crate) fn fate(nonce: u64, receipts: &[(B256, Receipt)], heights: &Heights) -> Fate {
    match receipts
        .iter()
        .find(|(_, receipt)| receipt.block <= heights.head)
    {
        Some((hash, receipt)) => {
            let (hash, block) = (*hash, receipt.block);
            match (receipt.succeeded, block <= heights.last) {
                (true, true) => Fate::Final { hash, block },
                (true, false) => Fate::Mined { hash, block },
                (false, true) => Fate::Dead(Death::Reverted),
                (false, false) => Fate::Doomed,
            }
        }
        None if heights.nonce_at_last > nonce => Fate::Dead(Death::NonceTaken),
        None if heights.nonce_at_head > nonce => Fate::Doomed,
        None => Fate::Waiting,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HASH: B256 = B256::repeat_byte(1);
    const HEIGHTS: Heights = Heights {
        head: 100,
        last: 90,
        nonce_at_head: 7,
        nonce_at_last: 5,
    };

    fn at(nonce: u64, receipt: Option<(bool, u64)>) -> Fate {
        let receipts: Vec<_> = receipt
            .map(|(succeeded, block)| {
                (
                    HASH,
                    Receipt {
                        succeeded,
                        block,
                        block_hash: HASH,
                    },
                )
            })
            .into_iter()
            .collect();
        fate(nonce, &receipts, &HEIGHTS)
    }

    #[test]
    fn a_success_counts_by_its_depth() {
        assert_eq!(
            at(4, Some((true, 90))),
            Fate::Final {
                hash: HASH,
                block: 90
            }
        );
        assert_eq!(
            at(6, Some((true, 91))),
            Fate::Mined {
                hash: HASH,
                block: 91
            }
        );
        assert_eq!(
            at(6, Some((true, 100))),
            Fate::Mined {
                hash: HASH,
                block: 100
            }
        );
    }

    #[test]
    fn a_revert_is_dead_only_at_depth() {
        assert_eq!(at(4, Some((false, 90))), Fate::Dead(Death::Reverted));
        assert_eq!(at(6, Some((false, 91))), Fate::Doomed);
    }

    #[test]
    fn a_used_nonce_is_dead_only_at_depth() {
        assert_eq!(at(4, None), Fate::Dead(Death::NonceTaken));
        assert_eq!(at(5, None), Fate::Doomed);
        assert_eq!(at(6, None), Fate::Doomed);
        assert_eq!(at(7, None), Fate::Waiting);
    }

    #[test]
    fn what_lies_above_the_head_is_left_for_the_next_round() {
        assert_eq!(at(7, Some((true, 101))), Fate::Waiting);
        assert_eq!(at(7, Some((false, 101))), Fate::Waiting);
    }
}

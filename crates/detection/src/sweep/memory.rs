//! What a worker remembers of records that were valid: 12 bytes of each. docs/SWEEP.md argues why that is enough.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use chain::{Block, ChainError, ChainReader, Outage};
use database::RowError;
use database::evidence::RowsOfUid;
use keyring::{Fingerprint, FingerprintKey};
use record::ids::Uid;

/// So many blocks of UIDs take turns in being examined although known.
const SHARES: u64 = 64;
/// So many UIDs make a block: they lie together, so that the chain is asked once for all.
const SHARE: u64 = 64;

/// Rows that belong to a record are hardly ever larger. What somebody fills up is not remembered, and does not stay in memory.
const ROWS: usize = 64 * 1024;

/// What the bytes of a record's rows are told by; all zero is none.
pub(super) type Print = Fingerprint;

/// What is remembered, and up to which block of the chain it holds.
pub(super) struct Memory {
    /// Random, so that nobody can look for rows of the same print.
    key: FingerprintKey,
    /// The bytes of the rows at hand, gathered.
    gathered: Vec<u8>,
    until: Option<Block>,
    /// By the first UID.
    parts: BTreeMap<u64, Prints>,
}

/// The prints of one part.
struct Prints {
    prints: Box<[Print]>,
    /// Which share is due.
    turn: u64,
}

impl Memory {
    pub(super) fn new() -> Self {
        Self {
            key: FingerprintKey::random(&mut rand::rng()),
            gathered: Vec::new(),
            until: None,
            parts: BTreeMap::new(),
        }
    }

    /// The print of a UID's rows; that of none where they are too large to be told apart by so short a print.
    pub(super) fn print(&mut self, rows: &RowsOfUid) -> Result<Print, RowError> {
        self.gathered.clear();
        self.gathered.shrink_to(ROWS);
        rows.each_column(|bytes| self.gathered.extend_from_slice(bytes))?;
        Ok(match self.gathered.len() {
            0..=ROWS => self.key.of(&self.gathered),
            _ => Print::default(),
        })
    }

    /// The first UIDs of the parts that this worker knows.
    pub(super) fn known_parts(&self) -> impl Iterator<Item = u64> + '_ {
        self.parts.keys().copied()
    }

    /// Begins a part anew: its next share is due.
    pub(super) fn begin(&mut self, first: Uid, last: Uid) {
        let length = usize::try_from(last.get() - first.get() + 1).unwrap_or(usize::MAX);
        let part = self.parts.entry(first.get()).or_insert_with(|| Prints {
            prints: Box::default(),
            turn: 0,
        });
        part.turn += 1;
        if part.prints.len() != length {
            let mut prints = std::mem::take(&mut part.prints).into_vec();
            prints.resize(length, Print::default());
            part.prints = prints.into_boxed_slice();
        }
    }

    /// Whether this UID's share is due.
    pub(super) fn is_due(&self, part: Uid, uid: Uid) -> bool {
        let turn = self.parts.get(&part.get()).map_or(0, |part| part.turn);
        (uid.get() / SHARE) % SHARES == turn % SHARES
    }

    /// Whether the rows with this print were valid, and nothing has happened on the chain since.
    pub(super) fn knows(&self, part: Uid, uid: Uid, print: &Print) -> bool {
        let known = self.parts.get(&part.get());
        let at = usize::try_from(uid.get() - part.get()).ok();
        let known = known.zip(at).and_then(|(part, at)| part.prints.get(at));
        known.is_some_and(|known| known == print && *known != Print::default())
    }

    /// Remembers a UID's rows as valid at this block, or forgets them.
    pub(super) fn set(&mut self, part: Uid, uid: Uid, print: Option<Print>, at: &Block) {
        // What was read at an older block may have been touched since.
        let holds = self.until.is_some_and(|until| until.number <= at.number);
        let print = print.filter(|_| holds).unwrap_or_default();
        let place = usize::try_from(uid.get() - part.get()).ok();
        let known = self.parts.get_mut(&part.get()).zip(place);
        if let Some(known) = known.and_then(|(part, place)| part.prints.get_mut(place)) {
            *known = print;
        }
    }

    /// Lets all hold up to this block: what the chain has added to since is forgotten.
    pub(super) async fn advance(
        &mut self,
        chain: &ChainReader,
        to: &Block,
    ) -> Result<(), ChainError> {
        match self.until.filter(|_| !self.parts.is_empty()) {
            None => {}
            Some(until) if until.number > to.number || !chain.holds(&until).await? => {
                tracing::warn!("the chain is not the one of before: nothing is remembered of it");
                self.parts.clear();
            }
            Some(until) if until.number == to.number => {}
            Some(until) => match chain.touched(until.number + 1..=to.number).await {
                Ok(touched) => touched.into_iter().for_each(|uids| self.forget(uids)),
                Err(ChainError::Unreachable {
                    cause: Outage::Refused(_) | Outage::Status(_),
                }) => {
                    tracing::warn!("the chain's events can't be had: all is examined anew");
                    self.parts.clear();
                }
                Err(error) => return Err(error),
            },
        }
        self.until = Some(*to);
        Ok(())
    }

    fn forget(&mut self, uids: RangeInclusive<u64>) {
        let (start, end) = uids.into_inner();
        // Parts don't overlap: those before the first that ends too early end too early as well.
        for (first, part) in self.parts.range_mut(..=end).rev() {
            let length = part.prints.len() as u64;
            if start >= first + length {
                break;
            }
            let (from, to) = (start.saturating_sub(*first), (end - first).min(length - 1));
            let place = |at| usize::try_from(at).unwrap_or(usize::MAX);
            part.prints[place(from)..=place(to)].fill(Print::default());
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failed test may panic")]
    use record::B256;

    use super::*;

    const BLOCK: Block = Block {
        number: 5,
        hash: B256::ZERO,
        timestamp: 1,
    };

    fn uid(number: u64) -> Uid {
        Uid::new(number).unwrap()
    }

    fn memory() -> Memory {
        let mut memory = Memory::new();
        memory.until = Some(BLOCK);
        memory.begin(uid(1), uid(4096));
        memory
    }

    #[test]
    fn only_what_was_set_is_known_until_it_is_touched() {
        let (mut memory, first) = (memory(), uid(1));
        for number in 1..=4096 {
            assert!(!memory.knows(first, uid(number), &[0; 12]), "{number}");
            memory.set(first, uid(number), Some([7; 12]), &BLOCK);
        }
        memory.forget(7..=9);
        memory.forget(0..=0);
        memory.forget(5000..=u64::MAX);
        memory.set(first, uid(20), None, &BLOCK);
        let known = (1..=4096).filter(|number| memory.knows(first, uid(*number), &[7; 12]));
        assert_eq!(known.count(), 4096 - 4);
        assert!(!memory.knows(first, uid(1), &[8; 12]));
        assert!(!memory.knows(uid(4097), uid(4097), &[7; 12]));
        memory.begin(uid(4097), uid(5000));
        for number in 4097..=5000 {
            memory.set(uid(4097), uid(number), Some([7; 12]), &BLOCK);
        }
        memory.forget(4090..=4100);
        let knows = |first, number| memory.knows(uid(first), uid(number), &[7; 12]);
        assert!(knows(1, 4089) && !knows(1, 4090) && !knows(1, 4096));
        assert!(!knows(4097, 4097) && !knows(4097, 4100) && knows(4097, 4101));
        memory.set(first, uid(4096), Some([7; 12]), &BLOCK);
        // The last part of a round grows with the chain.
        memory.begin(first, uid(4097));
        assert!(memory.knows(first, uid(4096), &[7; 12]));
    }

    #[test]
    fn what_was_read_at_an_older_block_is_not_remembered() {
        let mut memory = memory();
        let older = Block { number: 4, ..BLOCK };
        memory.set(uid(1), uid(1), Some([7; 12]), &older);
        assert!(!memory.knows(uid(1), uid(1), &[7; 12]));
    }

    #[test]
    fn in_as_many_rounds_as_there_are_shares_every_uid_is_due_once() {
        let mut memory = memory();
        let mut due = vec![0; 4097];
        for _ in 0..SHARES {
            memory.begin(uid(1), uid(4096));
            for number in 1..=4096 {
                due[usize::try_from(number).unwrap()] +=
                    u32::from(memory.is_due(uid(1), uid(number)));
            }
        }
        assert!(due[1..].iter().all(|times| *times == 1), "{due:?}");
    }
}

//! What is looked at together: transactions, as many as there are, or all parts of one that is too large to be held.

use binary_log::{Position, Transaction};

use super::touched::Touched;

/// So many transactions are taken together.
pub(super) const MOST_AT_ONCE: usize = 256;

/// How much of the log may be held. Records and rows that were touched are numbers and keys, and take little.
#[derive(Clone, Copy)]
pub(super) struct Memory {
    /// Bytes of rows that are kept of one transaction, and that may wait.
    pub(super) rows: usize,
    /// A transaction that is larger comes in parts.
    pub(super) part: usize,
    /// Records and rows that may have been touched.
    touched: usize,
}

impl Memory {
    /// Of so many bytes in all.
    pub(super) fn of(bytes: usize) -> Self {
        /// Rows take several times as much as in the log.
        const SHARE_OF_ROWS: usize = 8;
        const LONGEST_PART: usize = 256 * 1024;
        /// What one that was touched takes at most.
        const EACH: usize = 128;
        let rows = bytes / SHARE_OF_ROWS;
        Self {
            rows,
            part: rows.min(LONGEST_PART),
            touched: bytes / EACH,
        }
    }
}

/// What was taken so far.
pub(super) struct Batch {
    memory: Memory,
    /// All that they touched.
    pub(super) touched: Touched,
    /// The transactions, the first rows of each at least.
    pub(super) kept: Vec<Transaction>,
    /// Behind the newest one.
    pub(super) position: Option<Position>,
    bytes: usize,
    bytes_of_newest: usize,
    /// Whether the newest one is not whole yet.
    goes_on: bool,
}

impl Batch {
    pub(super) fn within(memory: Memory) -> Self {
        Self {
            memory,
            touched: Touched::default(),
            kept: Vec::new(),
            position: None,
            bytes: 0,
            bytes_of_newest: 0,
            goes_on: false,
        }
    }

    /// Takes the next transaction, or the next part of the newest.
    pub(super) fn add(&mut self, mut next: Transaction) {
        let is_part_of_newest = std::mem::replace(&mut self.goes_on, next.goes_on);
        self.position = Some(next.position.clone());
        if !is_part_of_newest {
            self.bytes_of_newest = 0;
        }
        let has_room = self.bytes_of_newest < self.memory.rows;
        self.bytes += next.bytes;
        self.bytes_of_newest += next.bytes;
        let place = self.kept.len() - usize::from(is_part_of_newest);
        let kept = has_room.then_some(place);
        self.touched.add(&next, kept, self.memory.touched);
        match self.kept.last_mut().filter(|_| is_part_of_newest) {
            None => self.kept.push(next),
            Some(newest) if has_room => {
                newest.changes.append(&mut next.changes);
                newest.texts.append(&mut next.texts);
            }
            Some(_) => {}
        }
    }

    /// Whether there is something to look at: half a transaction may not be committed yet.
    pub(super) fn is_ready(&self) -> bool {
        !self.goes_on && !self.kept.is_empty()
    }

    /// Whether it is to be looked at before more is taken.
    pub(super) fn is_full(&self) -> bool {
        let is_enough = self.kept.len() >= MOST_AT_ONCE
            || self.bytes >= self.memory.rows
            || self.touched.count() >= self.memory.touched / 2;
        is_enough && self.is_ready()
    }
}

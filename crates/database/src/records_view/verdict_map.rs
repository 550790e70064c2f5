//! How many records have which verdict: all of them, and those of each range of UIDs, which a picture of all records is
//! drawn from. No record that is valid is read for it, nor most of those that are not.

use keyring::ApplicationKeys;
use record::ids::Uid;
use sqlx::mysql::MySqlConnection;

use super::cover::{Cover, Span};
use super::standing::{Rows, aside, rows_at_the_end, rows_between};
use crate::error::RowError;
use crate::transaction;
use crate::verifications::{VerdictCounts, VerdictKind, counts};

/// UIDs without a gap, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UidRange {
    /// The lowest.
    pub first: Uid,
    /// The highest.
    pub last: Uid,
}

impl UidRange {
    /// All there can be.
    pub(super) const ALL: Self = Self {
        first: Uid::FIRST,
        last: Uid::LAST,
    };

    /// None when they are the wrong way round.
    #[must_use]
    pub fn new(first: Uid, last: Uid) -> Option<Self> {
        (first <= last).then_some(Self { first, last })
    }

    /// How many they are.
    #[must_use]
    pub const fn count(&self) -> u64 {
        (self.last.get() - self.first.get()).saturating_add(1)
    }

    /// One after the other.
    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = Uid> + use<> {
        (self.first.get()..=self.last.get()).filter_map(Uid::new)
    }

    /// Whether it is one of them.
    #[must_use]
    pub fn holds(&self, uid: Uid) -> bool {
        self.first <= uid && uid <= self.last
    }
}

/// One range of the map.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RangeVerdicts {
    /// Its UIDs.
    pub uids: UidRange,
    /// How many have each verdict. Those that add up to less than the range were not verified yet.
    pub counts: VerdictCounts,
}

impl RangeVerdicts {
    /// How many were not verified yet.
    #[must_use]
    pub fn unverified(&self) -> u64 {
        self.uids.count().saturating_sub(self.counts.values().sum())
    }
}

/// The highest UID that a verdict of ours is about; none before the first.
pub async fn last_uid(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
) -> Result<Option<Uid>, RowError> {
    /// A planted row far above the others must not make them vanish in one corner of a picture.
    const LOOKED_AT: u32 = 100;
    let mut snapshot = transaction::snapshot(connection).await?;
    let covered = Cover::whole(&mut snapshot, keys).await?.last();
    let beyond = match covered {
        None => Some(Uid::FIRST),
        Some(last) => last.next(),
    };
    let Some(beyond) = beyond else {
        return Ok(covered);
    };
    let beyond = UidRange {
        first: beyond,
        last: Uid::LAST,
    };
    let rows = rows_at_the_end(&mut snapshot, keys, beyond, false, LOOKED_AT).await?;
    snapshot.commit().await?;
    let ours = rows
        .iter()
        .filter(|(_, verification)| verification.is_some());
    Ok(ours.map(|(uid, _)| *uid).max().or(covered))
}

/// How many subjects have each verdict. Of the rows that the chain does not know it counts what the column says: a planted
/// one counts until the sweep comes by. Of UIDs the finished parts hold the counts.
pub async fn verdict_counts(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
) -> Result<VerdictCounts, RowError> {
    let mut snapshot = transaction::snapshot(connection).await?;
    let mut all = crate::verifications::counts_unknown(&mut snapshot).await?;
    let mut cover = Cover::whole(&mut snapshot, keys).await?;
    let rows = aside(&mut snapshot, keys, &cover, UidRange::ALL).await?;
    let pieces = cover.within(UidRange::ALL);
    let pieces: Vec<Span> = pieces
        .filter(|one| cover.held_counts(one).is_none())
        .collect();
    cover.learn(&mut snapshot, pieces.into_iter()).await?;
    cover.learn_of(&mut snapshot, rows.keys().copied()).await?;
    snapshot.commit().await?;
    for span in cover.within(UidRange::ALL) {
        match cover.held_counts(&span) {
            Some(held) => counts::add(&mut all, held),
            None => counts::add(&mut all, &cover.count(&span)),
        }
    }
    cover.each_aside(&rows, |_, verdict, is_more| {
        count(&mut all, verdict, is_more)
    });
    all.retain(|_, count| *count > 0);
    Ok(all)
}

/// The verdicts of these UIDs, in ranges of `span` each but the last; a UID that no verdict is about counts in none.
pub async fn of_ranges(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
    uids: UidRange,
    span: u64,
) -> Result<Vec<RangeVerdicts>, RowError> {
    let span = span.max(1);
    let mut snapshot = transaction::snapshot(connection).await?;
    let mut cover = Cover::load(&mut snapshot, keys, uids).await?;
    let within: Vec<Span> = cover.within(uids).collect();
    cover.learn(&mut snapshot, within.iter().copied()).await?;
    let mut rows = aside(&mut snapshot, keys, &cover, uids).await?;
    for untold in within.iter().filter(|one| cover.exceptions(one).is_none()) {
        rows.extend(rows_between(&mut snapshot, keys, untold.uids).await?);
    }
    snapshot.commit().await?;
    let mut ranges = empty(uids, span);
    for range in &mut ranges {
        for piece in cover.within(range.uids) {
            counts::add(&mut range.counts, &cover.count(&piece));
        }
    }
    cover.each_aside(&rows, |uid, verdict, is_more| {
        let turn = usize::try_from((uid.get() - uids.first.get()) / span);
        if let Some(range) = turn.ok().and_then(|turn| ranges.get_mut(turn)) {
            count(&mut range.counts, verdict, is_more);
        }
    });
    for range in &mut ranges {
        range.counts.retain(|_, count| *count > 0);
    }
    Ok(ranges)
}

impl Cover {
    /// What rows change in the counts of the parts: a UID has a verdict less, or more.
    fn each_aside(&self, rows: &Rows, mut change: impl FnMut(Uid, VerdictKind, bool)) {
        for uid in rows.keys() {
            let (told, now) = (self.word(*uid), self.verdict(*uid, rows));
            let told = told.map(|word| word.verdict);
            if told == now {
                continue;
            }
            if let Some(told) = told {
                change(*uid, told, false);
            }
            if let Some(now) = now {
                change(*uid, now, true);
            }
        }
    }
}

fn count(counts: &mut VerdictCounts, verdict: VerdictKind, is_more: bool) {
    let count = counts.entry(verdict).or_default();
    *count = match is_more {
        true => count.saturating_add(1),
        false => count.saturating_sub(1),
    };
}

fn empty(uids: UidRange, span: u64) -> Vec<RangeVerdicts> {
    let (mut ranges, mut next) = (Vec::new(), Some(uids.first));
    while let Some(first) = next {
        let end = first.get().saturating_add(span - 1).min(uids.last.get());
        let Some(last) = Uid::new(end) else { break };
        ranges.push(RangeVerdicts {
            uids: UidRange { first, last },
            counts: VerdictCounts::new(),
        });
        next = end
            .checked_add(1)
            .filter(|_| last < uids.last)
            .and_then(Uid::new);
    }
    ranges
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(first: u64, last: u64) -> Option<UidRange> {
        UidRange::new(Uid::new(first)?, Uid::new(last)?)
    }

    #[test]
    fn ranges_cover_every_uid_once() {
        for (first, last, span) in [(1, 1, 1), (1, 24, 5), (7, 7, 100), (1, 1_000_000, 2500)] {
            let whole = range(first, last);
            let ranges = whole.map(|whole| empty(whole, span)).unwrap_or_default();
            let mut next = first;
            for one in &ranges {
                assert_eq!(one.uids.first.get(), next);
                assert!(one.uids.count() <= span);
                next = one.uids.last.get() + 1;
            }
            assert_eq!(next, last + 1, "{first} to {last} by {span}");
        }
        assert!(range(3, 2).is_none());
    }

    #[test]
    fn what_no_verdict_is_about_is_not_verified() {
        let Some(uids) = range(11, 20) else { return };
        let counts = [(VerdictKind::Valid, 6), (VerdictKind::Altered, 1)];
        let one = RangeVerdicts {
            uids,
            counts: counts.into_iter().collect(),
        };
        assert_eq!(one.unverified(), 3);
    }
}

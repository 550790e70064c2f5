//! How many records of each range of UIDs have which verdict: what a picture of all records is drawn from. No record that is
//! valid is read for it.

use std::collections::BTreeMap;

use keyring::ApplicationKeys;
use record::ids::Uid;
use sqlx::mysql::MySqlConnection;

use super::standing::{Cover, rows_between, rows_beyond};
use crate::error::RowError;
use crate::verifications::VerdictKind;

/// UIDs without a gap, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UidRange {
    /// The lowest.
    pub first: Uid,
    /// The highest.
    pub last: Uid,
}

impl UidRange {
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
    pub counts: BTreeMap<VerdictKind, u64>,
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
    let covered = Cover::whole(connection, keys).await?.last();
    let beyond = match covered {
        None => Some(Uid::FIRST),
        Some(last) => last.next(),
    };
    let Some(beyond) = beyond else {
        return Ok(covered);
    };
    let rows = rows_beyond(connection, keys, (beyond, Uid::LAST), false, LOOKED_AT).await?;
    let ours = rows
        .iter()
        .filter(|(_, verification)| verification.is_some());
    Ok(ours.map(|(uid, _)| *uid).max().or(covered))
}

/// The verdicts of these UIDs, in ranges of `span` each but the last; a UID that no verdict is about counts in none.
pub async fn of_ranges(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
    uids: UidRange,
    span: u64,
) -> Result<Vec<RangeVerdicts>, RowError> {
    let span = span.max(1);
    let cover = Cover::load(connection, keys, uids.first, uids.last).await?;
    let rows = rows_between(connection, keys, uids.first, uids.last).await?;
    let mut ranges = empty(uids, span);
    for range in &mut ranges {
        let covered = cover.count_between(range.uids.first, range.uids.last);
        range.counts.insert(VerdictKind::Valid, covered);
    }
    let mut looked_at = cover.exceptions();
    looked_at.extend(rows.keys());
    for uid in looked_at.range(uids.first..=uids.last) {
        let turn = usize::try_from((uid.get() - uids.first.get()) / span);
        let Some(range) = turn.ok().and_then(|turn| ranges.get_mut(turn)) else {
            continue;
        };
        if cover.holds(*uid) {
            let valid = range.counts.entry(VerdictKind::Valid).or_default();
            *valid = valid.saturating_sub(1);
        }
        if let Some(verification) = cover.standing(*uid, &rows).verification {
            *range.counts.entry(verification.verdict).or_default() += 1;
        }
    }
    for range in &mut ranges {
        range.counts.retain(|_, count| *count > 0);
    }
    Ok(ranges)
}

fn empty(uids: UidRange, span: u64) -> Vec<RangeVerdicts> {
    let (mut ranges, mut next) = (Vec::new(), Some(uids.first));
    while let Some(first) = next {
        let end = first.get().saturating_add(span - 1).min(uids.last.get());
        let Some(last) = Uid::new(end) else { break };
        ranges.push(RangeVerdicts {
            uids: UidRange { first, last },
            counts: BTreeMap::new(),
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

//! The map: all records as cells by ranges of UIDs, each with its worst verdict.

use database::records_view::verdict_map::{self, RangeVerdicts, UidRange};
use database::verifications::VerdictKind;
use record::ids::Uid;
use sqlx::MySqlConnection;
use web_kit::components::Tone;
use web_kit::error::Result;

use crate::pages::verdict_view;
use crate::state::Watchtower;
use crate::urls;

/// More are no picture any more.
const MOST_CELLS: u64 = 400;

/// The picture.
pub struct Map {
    pub cells: Vec<Cell>,
    /// How many UIDs make a cell.
    pub span: u64,
    /// What the signs mean; only those in use.
    pub legend: Vec<Sign>,
}

/// One range.
pub struct Cell {
    pub address: String,
    pub sign: Sign,
    /// The range and what is in it, in words.
    pub text: String,
}

/// How a cell looks: letter, pattern and colour say the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sign {
    pub letter: &'static str,
    pub class: &'static str,
    pub label: &'static str,
}

impl Map {
    pub async fn read(tower: &Watchtower, connection: &mut MySqlConnection) -> Result<Self> {
        let last = verdict_map::last_uid(connection, &tower.keys).await?;
        let whole = last.zip(Uid::new(1));
        let Some(whole) = whole.and_then(|(last, first)| UidRange::new(first, last)) else {
            return Ok(Self::of(&[], 1));
        };
        let span = span(whole.count());
        let ranges = verdict_map::of_ranges(connection, &tower.keys, whole, span).await?;
        let map = Self::of(&ranges, span);
        Ok(match tower.is_hindered() {
            true => map.of_before(),
            false => map,
        })
    }

    /// While nothing can be verified it shows what was found before.
    fn of_before(mut self) -> Self {
        let valid = sign(VerdictKind::Valid);
        for sign in self.legend.iter_mut().filter(|sign| **sign == valid) {
            sign.label = "Valid before";
        }
        self
    }

    fn of(ranges: &[RangeVerdicts], span: u64) -> Self {
        let cells: Vec<Cell> = ranges.iter().map(Cell::of).collect();
        let used = |sign: &Sign| cells.iter().any(|cell| cell.sign == *sign);
        Self {
            legend: all_signs().filter(used).collect(),
            cells,
            span,
        }
    }
}

impl Cell {
    fn of(range: &RangeVerdicts) -> Self {
        let UidRange { first, last } = range.uids;
        let uids = match first == last {
            true => format!("UID {first}"),
            false => format!("UIDs {first} to {last}"),
        };
        Self {
            address: urls::records_of(range.uids, None, None),
            sign: worst(range),
            text: format!("{uids}: {}", content(range)),
        }
    }
}

/// The smallest round number of UIDs for a cell that makes a picture of them all.
fn span(count: u64) -> u64 {
    let powers = std::iter::successors(Some(1_u64), |power| power.checked_mul(10));
    let round = powers.flat_map(|power| [1, 2, 5].map(|digit| power.saturating_mul(digit)));
    let mut enough = round.filter(|span| count.div_ceil(*span) <= MOST_CELLS);
    enough.next().unwrap_or(u64::MAX)
}

const UNVERIFIED: Sign = Sign {
    letter: "…",
    class: "unverified",
    label: "Not verified yet",
};

const fn sign(verdict: VerdictKind) -> Sign {
    let (letter, class) = match verdict {
        VerdictKind::Altered => ("A", "bad"),
        VerdictKind::Swapped => ("S", "bad"),
        VerdictKind::RolledBack => ("R", "bad"),
        VerdictKind::Missing => ("M", "bad"),
        VerdictKind::Forged => ("F", "bad"),
        VerdictKind::ConsentInvalid => ("C", "bad"),
        VerdictKind::RetiredUnproven => ("U", "bad"),
        VerdictKind::Overdue => ("O", "warning"),
        VerdictKind::Unverifiable => ("?", "warning"),
        VerdictKind::Pending => ("P", "waiting"),
        VerdictKind::Valid => ("", "good"),
        VerdictKind::Retired => ("–", "neutral"),
    };
    Sign {
        letter,
        class,
        label: verdict_view::label(verdict),
    }
}

fn all_signs() -> impl Iterator<Item = Sign> {
    let verdicts = verdict_view::ALL.into_iter().map(sign);
    verdicts.chain(std::iter::once(UNVERIFIED))
}

/// What is bad comes first, then what nobody has looked at, then what waits.
fn worst(range: &RangeVerdicts) -> Sign {
    let there = |verdict: &VerdictKind| range.counts.get(verdict).is_some_and(|count| *count > 0);
    let worst = verdict_view::ALL.into_iter().find(there);
    match worst {
        Some(verdict) if verdict_view::tone(verdict) == Tone::Bad => sign(verdict),
        _ if range.unverified() > 0 => UNVERIFIED,
        Some(verdict) => sign(verdict),
        None => UNVERIFIED,
    }
}

fn content(range: &RangeVerdicts) -> String {
    let counted = verdict_view::ALL.into_iter().filter_map(|verdict| {
        let count = range.counts.get(&verdict).copied().unwrap_or_default();
        let label = verdict_view::label(verdict).to_lowercase();
        (count > 0).then(|| format!("{count} {label}"))
    });
    let unverified = Some(range.unverified()).filter(|count| *count > 0);
    let unverified = unverified.map(|count| format!("{count} not verified yet"));
    counted.chain(unverified).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_holds_a_round_number_and_there_are_never_too_many() {
        for (count, expected) in [(1, 1), (400, 1), (401, 2), (2001, 10), (1_000_000, 5000)] {
            assert_eq!(span(count), expected, "{count}");
        }
        assert!(u64::MAX.div_ceil(span(u64::MAX)) <= MOST_CELLS);
    }

    #[test]
    fn each_sign_has_its_own_letter() {
        let letters: Vec<&str> = all_signs().map(|sign| sign.letter).collect();
        for (turn, letter) in letters.iter().enumerate() {
            assert!(!letters[..turn].contains(letter), "{letter} stands twice");
        }
    }

    #[test]
    fn one_bad_record_among_many_makes_its_cell_bad() {
        let uids = Uid::new(5001).zip(Uid::new(10_000));
        let Some(uids) = uids.and_then(|(first, last)| UidRange::new(first, last)) else {
            return;
        };
        let counts = [
            (VerdictKind::Valid, 4990),
            (VerdictKind::Missing, 1),
            (VerdictKind::Pending, 3),
        ];
        let cell = Cell::of(&RangeVerdicts {
            uids,
            counts: counts.into_iter().collect(),
        });
        assert_eq!((cell.sign.letter, cell.sign.class), ("M", "bad"));
        assert_eq!(
            cell.text,
            "UIDs 5001 to 10000: 1 missing, 3 pending, 4990 valid, 6 not verified yet"
        );
        assert_eq!(cell.address, "/records?first=5001&last=10000");
    }
}

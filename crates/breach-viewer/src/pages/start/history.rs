//! What the rounds found over time: a lane for each verdict, in which a column is as high as its number. Each lane has its
//! own measure: three that were altered are seen beside a million that are valid.

use database::sweep_rounds::SweepRound;
use database::verifications::{VerdictCounts, VerdictKind};
use record::time::UnixMillis;
use web_kit::components::Tone;

use super::period::Period;
use crate::pages::verdict_view;

/// The picture's own measures: one column, and the height of the highest.
const STEP: usize = 10;
const HEIGHT: u64 = 36;
/// A column that is not empty can be seen.
const LEAST: u64 = 4;
/// Below the columns: a line wherever a round ended, so that nothing found is not nothing known.
const FLOOR: u64 = 3;

/// The picture.
pub struct History {
    pub period: Period,
    /// Of the first column; the last one is now.
    pub begins: UnixMillis,
    /// Worst first; only verdicts that occur.
    pub lanes: Vec<Lane>,
    /// Oldest first; times in which no round ended are left out.
    pub columns: Vec<Column>,
    /// The most that was bad in one round.
    pub most_bad: u64,
    /// How many rounds could not be finished.
    pub broken: usize,
}

/// A verdict over time.
pub struct Lane {
    pub label: &'static str,
    pub tone: Tone,
    /// The columns, in the picture.
    pub path: String,
    /// In the newest round.
    pub newest: u64,
    /// In one round.
    pub most: u64,
    /// By column.
    pub counts: Vec<u64>,
}

/// One slot of the time.
pub struct Column {
    /// Where it stands, from the left.
    turn: usize,
    /// When the round ended whose verdicts are shown: the worst of its time, of several the newest.
    pub at: UnixMillis,
    bad: u64,
    verdicts: VerdictCounts,
    /// How many rounds could not be finished.
    pub broken: usize,
}

impl History {
    /// Of the rounds that have ended, newest first.
    pub fn of(ended: &[SweepRound], period: Period, now: UnixMillis) -> Self {
        let columns = columns(ended, period, now);
        let used = verdict_view::ALL.into_iter();
        let used = used.filter(|verdict| columns.iter().any(|one| one.count(*verdict) > 0));
        let newest = ended.first().map(|round| &round.verdicts);
        let lanes = used.map(|verdict| {
            let now = newest.and_then(|verdicts| verdicts.get(&verdict).copied());
            Lane::of(verdict, &columns, now.unwrap_or(0))
        });
        Self {
            period,
            begins: period.begins(now),
            lanes: lanes.collect(),
            most_bad: columns.iter().map(|one| one.bad).max().unwrap_or(0),
            broken: columns.iter().map(|one| one.broken).sum(),
            columns,
        }
    }

    pub fn width(&self) -> usize {
        self.period.slots() * STEP
    }

    pub fn height(&self) -> u64 {
        HEIGHT + FLOOR
    }

    /// A line below wherever a round ended.
    pub fn floor(&self) -> String {
        let line = |one: &Column| bar(one.turn, HEIGHT + 1, HEIGHT + FLOOR);
        self.columns.iter().map(line).collect()
    }

    /// Where rounds were not finished.
    pub fn gaps(&self) -> String {
        let broken = self.columns.iter().filter(|one| one.broken > 0);
        broken.map(|one| bar(one.turn, 0, HEIGHT)).collect()
    }
}

impl Lane {
    fn of(verdict: VerdictKind, columns: &[Column], newest: u64) -> Self {
        let counts: Vec<u64> = columns.iter().map(|one| one.count(verdict)).collect();
        let most = counts.iter().copied().max().unwrap_or(0);
        let there = columns.iter().zip(&counts).filter(|(_, count)| **count > 0);
        let path = there.map(|(column, count)| {
            let share = u128::from(*count) * u128::from(HEIGHT) / u128::from(most.max(1));
            let height = u64::try_from(share).unwrap_or(HEIGHT).max(LEAST);
            bar(column.turn, HEIGHT - height.min(HEIGHT), HEIGHT)
        });
        Self {
            label: verdict_view::label(verdict),
            tone: verdict_view::tone(verdict),
            path: path.collect(),
            newest,
            most,
            counts,
        }
    }

    /// In words, for who does not see the picture.
    pub fn text(&self) -> String {
        format!(
            "{}: {} in the newest round, at most {} in one",
            self.label, self.newest, self.most
        )
    }
}

impl Column {
    fn count(&self, verdict: VerdictKind) -> u64 {
        self.verdicts.get(&verdict).copied().unwrap_or(0)
    }
}

/// From the top to the bottom, a little narrower than its place.
fn bar(turn: usize, top: u64, bottom: u64) -> String {
    let (left, width) = (turn * STEP + 1, STEP - 2);
    format!("M{left} {top}h{width}V{bottom}h-{width}z")
}

/// Rounds of one slot follow each other.
fn columns(ended: &[SweepRound], period: Period, now: UnixMillis) -> Vec<Column> {
    let mut columns: Vec<Column> = Vec::new();
    for round in ended {
        let Some(at) = round.finished_at else {
            continue;
        };
        let Some(turn) = period.turn(at, now) else {
            continue;
        };
        let place = columns.iter().position(|one| one.turn == turn);
        let place = place.unwrap_or_else(|| {
            columns.push(Column::at(turn, at, round));
            columns.len() - 1
        });
        if let Some(column) = columns.get_mut(place) {
            column.broken += usize::from(round.problem.is_some());
            if round.bad > column.bad {
                (column.at, column.bad) = (at, round.bad);
                column.verdicts.clone_from(&round.verdicts);
            }
        }
    }
    columns.sort_by_key(|one| one.turn);
    columns
}

impl Column {
    fn at(turn: usize, at: UnixMillis, round: &SweepRound) -> Self {
        Self {
            turn,
            at,
            bad: round.bad,
            verdicts: round.verdicts.clone(),
            broken: 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use database::sweep_rounds::RoundKind;
    use record::B256;

    use super::*;

    const NOW: u64 = 20_000 * 24 * 60 * 60 * 1000;
    const MINUTE: u64 = 60_000;

    /// Rounds that ended so many minutes ago, with so many altered and valid records.
    fn history(rounds: &[(u64, u64, u64)], period: Period) -> History {
        let ended: Vec<SweepRound> = rounds
            .iter()
            .zip((1..=rounds.len() as u64).rev())
            .map(|((minutes, altered, valid), id)| SweepRound {
                id,
                kind: RoundKind::Shared,
                block_number: 9,
                block_hash: B256::ZERO,
                last_uid: 10,
                started_at: UnixMillis(NOW - minutes * MINUTE - 500),
                finished_at: Some(UnixMillis(NOW - minutes * MINUTE)),
                total: altered + valid,
                checked: altered + valid,
                bad: *altered,
                verdicts: [
                    (VerdictKind::Altered, *altered),
                    (VerdictKind::Valid, *valid),
                ]
                .into(),
                problem: (*valid == 0).then(|| "chain_unreachable".to_owned()),
            })
            .collect();
        History::of(&ended, period, UnixMillis(NOW))
    }

    #[test]
    fn each_verdict_that_occurs_has_a_lane_of_its_own_measure() {
        let history = history(
            &[(1, 2, 999_998), (5, 4, 999_996), (9, 0, 1_000_000)],
            Period::Hour,
        );
        let lanes = history.lanes.iter();
        let lanes: Vec<_> = lanes.map(|one| (one.label, one.newest, one.most)).collect();
        assert_eq!(lanes, [("Altered", 2, 4), ("Valid", 999_998, 1_000_000)]);
        let altered = &history.lanes[0];
        assert_eq!(altered.counts, [0, 4, 2]);
        assert_eq!(
            altered.path.matches('M').count(),
            2,
            "nothing found, nothing drawn"
        );
        assert!(
            altered.path.contains(&format!("0h8V{HEIGHT}")),
            "the highest is whole"
        );
        assert_eq!(history.floor().matches('M').count(), 3);
        assert_eq!(
            altered.text(),
            "Altered: 2 in the newest round, at most 4 in one"
        );
    }

    #[test]
    fn no_breach_is_lost_among_rounds_of_the_same_time() {
        let rounds = (0..1000).map(|turn| (turn % 50, u64::from(turn == 517), 10));
        let history = history(&rounds.collect::<Vec<_>>(), Period::Day);
        assert!(history.columns.len() <= 2);
        assert_eq!((history.most_bad, history.lanes[0].most), (1, 1));
        let none = self::history(&[], Period::Day);
        assert!(none.columns.is_empty() && none.lanes.is_empty());
    }

    #[test]
    fn what_could_not_be_finished_is_told() {
        let history = history(&[(1, 0, 10), (10, 0, 0)], Period::Hour);
        assert_eq!(history.broken, 1);
        assert_eq!(history.gaps().matches('M').count(), 1);
    }
}

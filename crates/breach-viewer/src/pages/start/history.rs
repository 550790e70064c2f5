//! What the rounds found over time, as columns.

use database::sweep_rounds::SweepRound;
use record::time::UnixMillis;

/// More would be too narrow on a phone.
const MOST_COLUMNS: usize = 48;
/// The picture's own measures: one column, and the height of the highest.
const STEP: usize = 10;
const HEIGHT: u64 = 100;
/// A column that is not empty can be seen.
const LEAST: u64 = 8;

/// The picture.
pub struct History {
    /// Oldest first.
    pub columns: Vec<Column>,
    /// The most that was bad in one round.
    pub most_bad: u64,
}

/// Some rounds that follow each other.
pub struct Column {
    /// Where it stands in the picture.
    pub x: usize,
    pub rounds: usize,
    pub from: UnixMillis,
    pub to: UnixMillis,
    /// How many subjects the newest of them looked at.
    pub checked: u64,
    /// The most that was bad in one of them.
    pub bad: u64,
    /// How many of them could not be finished.
    pub broken: usize,
    /// What is bad, in the picture.
    pub height: u64,
}

impl History {
    pub const WIDTH: usize = MOST_COLUMNS * STEP;
    pub const HEIGHT: u64 = HEIGHT;

    /// Of the rounds that have ended, newest first.
    pub fn of(ended: &[SweepRound]) -> Self {
        let most_bad = ended.iter().map(|round| round.bad).max().unwrap_or(0);
        let together = ended.len().div_ceil(MOST_COLUMNS).max(1);
        let groups = ended.chunks(together).enumerate();
        let mut columns: Vec<Column> = groups
            .filter_map(|(turn, rounds)| Column::of(turn, rounds, most_bad))
            .collect();
        columns.reverse();
        Self { columns, most_bad }
    }

    pub fn first(&self) -> Option<&Column> {
        self.columns.first()
    }

    pub fn last(&self) -> Option<&Column> {
        self.columns.last()
    }

    pub fn rounds(&self) -> usize {
        self.columns.iter().map(|column| column.rounds).sum()
    }

    pub fn broken(&self) -> usize {
        self.columns.iter().map(|column| column.broken).sum()
    }
}

impl Column {
    /// The newest stands at the right end.
    fn of(turn: usize, rounds: &[SweepRound], most_bad: u64) -> Option<Self> {
        let (newest, oldest) = (rounds.first()?, rounds.last()?);
        let bad = rounds.iter().map(|round| round.bad).max().unwrap_or(0);
        let height = match bad {
            0 => 0,
            _ => (bad.saturating_mul(HEIGHT) / most_bad.max(1)).max(LEAST),
        };
        Some(Self {
            x: History::WIDTH.saturating_sub((turn + 1) * STEP),
            rounds: rounds.len(),
            from: oldest.started_at,
            to: newest.finished_at.unwrap_or(newest.started_at),
            checked: newest.checked,
            bad,
            broken: rounds
                .iter()
                .filter(|round| round.problem.is_some())
                .count(),
            height,
        })
    }

    /// Where what is bad begins.
    pub fn top(&self) -> u64 {
        HEIGHT.saturating_sub(self.height)
    }

    /// In words.
    pub fn text(&self) -> String {
        let broken = match self.broken {
            0 => String::new(),
            broken => format!(", {broken} not finished"),
        };
        match self.rounds {
            1 => format!("1 round: {} bad{broken}", self.bad),
            rounds => format!("{rounds} rounds: at most {} bad{broken}", self.bad),
        }
    }
}

#[cfg(test)]
mod tests {
    use database::sweep_rounds::RoundKind;
    use record::B256;

    use super::*;

    fn rounds(bad: impl Iterator<Item = u64>) -> Vec<SweepRound> {
        let bad: Vec<u64> = bad.collect();
        let newest_first = bad.iter().enumerate().rev();
        newest_first
            .map(|(turn, bad)| SweepRound {
                id: turn as u64 + 1,
                kind: RoundKind::Shared,
                block_number: 9,
                block_hash: B256::ZERO,
                last_uid: 10,
                started_at: UnixMillis(turn as u64 * 1000),
                finished_at: Some(UnixMillis(turn as u64 * 1000 + 500)),
                total: 10,
                checked: 10,
                bad: *bad,
                problem: (turn == 0).then(|| "chain_unreachable".to_owned()),
            })
            .collect()
    }

    #[test]
    fn each_round_is_a_column_and_the_newest_stands_at_the_right() {
        let history = History::of(&rounds([0, 2, 4].into_iter()));
        let heights: Vec<u64> = history.columns.iter().map(|one| one.height).collect();
        assert_eq!(heights, [0, HEIGHT / 2, HEIGHT]);
        let ends: Vec<usize> = history.columns.iter().map(|one| one.x + STEP).collect();
        assert_eq!(ends.last(), Some(&History::WIDTH));
        assert_eq!(history.columns[0].text(), "1 round: 0 bad, 1 not finished");
        assert_eq!(history.columns[2].text(), "1 round: 4 bad");
    }

    #[test]
    fn a_thousand_rounds_are_drawn_together_and_no_breach_is_lost() {
        let once = (0..1000).map(|turn| u64::from(turn == 517));
        let history = History::of(&rounds(once));
        assert!(history.columns.len() <= MOST_COLUMNS);
        assert_eq!(history.rounds(), 1000);
        let bad = history.columns.iter().filter(|one| one.bad > 0);
        assert_eq!(bad.map(|one| one.height).collect::<Vec<_>>(), [HEIGHT]);
        assert!(History::of(&[]).columns.is_empty());
    }
}

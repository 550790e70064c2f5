//! Which passes are kept: the newest, and of older ones the worst of each minute, hour or day, so that a year of them is
//! read at once and none that found something is lost among those that did not.

use std::collections::BTreeMap;

use record::time::UnixMillis;
use sqlx::mysql::MySqlConnection;
use sqlx::{MySql, QueryBuilder, Row};

use crate::error::RowError;

/// So many of the newest are kept, whenever they were.
const NEWEST: u64 = 100;
const MINUTE: u64 = 60 * 1000;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;
/// Up to which age one of each of these times is kept, in milliseconds.
const LEVELS: [(u64, u64); 3] = [(2 * HOUR, MINUTE), (3 * DAY, HOUR), (400 * DAY, DAY)];
/// So many are cleared by one statement.
const AT_ONCE: usize = 500;

/// What the choice rests on, as the columns say.
struct Kept {
    id: u64,
    finished_at: Option<UnixMillis>,
    bad: u64,
}

/// Clears what is not kept, where `newest` is the number of the pass that has just ended.
pub async fn thin_out(
    connection: &mut MySqlConnection,
    newest: u64,
    now: UnixMillis,
) -> Result<(), RowError> {
    let rows = sqlx::query("SELECT id, finished_at, bad FROM sweep_rounds WHERE id <= ?")
        .bind(newest.saturating_sub(NEWEST))
        .fetch_all(&mut *connection)
        .await?;
    let mut older = Vec::with_capacity(rows.len());
    for row in &rows {
        older.push(Kept {
            id: row.try_get("id")?,
            finished_at: row
                .try_get::<Option<u64>, _>("finished_at")?
                .map(UnixMillis),
            bad: row.try_get("bad")?,
        });
    }
    for ids in dispensable(&older, now).chunks(AT_ONCE) {
        let mut query = QueryBuilder::<MySql>::new("DELETE FROM sweep_rounds WHERE id IN (");
        let mut list = query.separated(", ");
        for id in ids {
            list.push_bind(id);
        }
        query.push(")");
        query.build().execute(&mut *connection).await?;
    }
    Ok(())
}

/// Those that nobody will look at: too old, never ended, or not the worst of their time.
fn dispensable(rounds: &[Kept], now: UnixMillis) -> Vec<u64> {
    let mut worst: BTreeMap<(u64, u64), &Kept> = BTreeMap::new();
    let mut rest = Vec::new();
    for round in rounds {
        let Some(slot) = round.finished_at.and_then(|at| slot(at, now)) else {
            rest.push(round.id);
            continue;
        };
        match worst.insert(slot, round) {
            Some(other) if (other.bad, other.id) > (round.bad, round.id) => {
                worst.insert(slot, other);
                rest.push(round.id);
            }
            Some(other) => rest.push(other.id),
            None => {}
        }
    }
    rest
}

/// The time that it stands for: how long that is, and its turn.
fn slot(at: UnixMillis, now: UnixMillis) -> Option<(u64, u64)> {
    let age = now.0.saturating_sub(at.0);
    let level = LEVELS.iter().find(|(until, _)| age <= *until);
    level.map(|(_, length)| (*length, at.0 / length))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 20_000 * DAY;

    fn rounds(ages: impl Iterator<Item = (u64, u64)>) -> Vec<Kept> {
        let rounds = ages.zip(1..);
        let round = |((age, bad), id)| Kept {
            id,
            finished_at: Some(UnixMillis(NOW - age)),
            bad,
        };
        rounds.map(round).collect()
    }

    fn kept(rounds: &[Kept]) -> Vec<u64> {
        let gone = dispensable(rounds, UnixMillis(NOW));
        let ids = rounds.iter().map(|round| round.id);
        ids.filter(|id| !gone.contains(id)).collect()
    }

    #[test]
    fn a_round_that_found_something_outlives_those_of_its_time() {
        // An hour ago, within one minute, and the newest of them last.
        let ages = [(HOUR - 1000, 0), (HOUR - 2000, 3), (HOUR - 3000, 0)];
        assert_eq!(kept(&rounds(ages.into_iter())), [2]);
        let alike = [(HOUR - 1000, 0), (HOUR - 2000, 0)];
        assert_eq!(kept(&rounds(alike.into_iter())), [2], "else the newest");
    }

    #[test]
    fn rounds_without_end_come_to_some_hundred() {
        let ages = (0..450 * DAY).step_by(5 * 60_000).map(|age| (age, 0));
        let rounds = rounds(ages);
        let gone = dispensable(&rounds, UnixMillis(NOW)).len();
        let kept = rounds.len() - gone;
        assert!((400..600).contains(&kept), "{kept}");
    }

    #[test]
    fn one_that_never_ended_goes() {
        let mut open = rounds([(HOUR, 0)].into_iter());
        open[0].finished_at = None;
        assert!(kept(&open).is_empty());
    }
}

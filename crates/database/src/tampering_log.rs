//! Rows that somebody else wrote, by name in the log: of each table a few in a minute, so that who plants many fills no disk.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::error::RowError;

const WINDOW: Duration = Duration::from_secs(60);
/// So many are named in that time.
const NAMED: u64 = 20;

static SEEN: Mutex<BTreeMap<&'static str, Window>> = Mutex::new(BTreeMap::new());

struct Window {
    since: Instant,
    seen: u64,
}

/// Names a row that is not ours.
pub(crate) fn name(error: &RowError) {
    match error {
        // Under keys that we don't have nothing can be told of any row: that is an operations alarm.
        RowError::Mac { table, row, source } if is_to_be_named(table) => {
            tracing::error!(table, row, cause = %source, "a row does not carry our MAC");
        }
        RowError::Column {
            table,
            column,
            source,
        } if is_to_be_named(table) => {
            tracing::error!(table, column, cause = %source, "a row holds what we never write");
        }
        _ => {}
    }
}

fn is_to_be_named(table: &'static str) -> bool {
    let now = Instant::now();
    let mut seen = SEEN.lock().unwrap_or_else(PoisonError::into_inner);
    let window = seen.entry(table).or_insert(Window {
        since: now,
        seen: 0,
    });
    window.count(table, now)
}

impl Window {
    fn count(&mut self, table: &'static str, now: Instant) -> bool {
        if now.duration_since(self.since) >= WINDOW {
            if let Some(unnamed @ 1..) = self.seen.checked_sub(NAMED) {
                tracing::error!(table, unnamed, "more such rows were met");
            }
            (self.since, self.seen) = (now, 0);
        }
        self.seen += 1;
        self.seen <= NAMED
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_is_named_by_its_first_rows_and_again_later() {
        let begun = Instant::now();
        let mut window = Window {
            since: begun,
            seen: 0,
        };
        let mut named = |at| (0..1000).filter(|_| window.count("incidents", at)).count();
        assert_eq!(named(begun), 20);
        assert_eq!(named(begun + WINDOW / 2), 0);
        assert_eq!(named(begun + WINDOW), 20);
    }
}

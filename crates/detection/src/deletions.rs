//! Rows that are gone from tables which nothing of ours deletes from: mails, incidents, steps, jobs, who looked at what.
//!
//! What was there is remembered by this process, to the newest row, and kept in a table under a MAC for the next one, but for
//! the last minute: whoever takes rows out
//! and puts the kept count back to fit is told by the process that saw more.

use std::collections::{BTreeSet, HashMap};
use std::sync::PoisonError;
use std::time::{Duration, Instant};

use database::MySqlConnection;
use database::operations_alarms::AlarmKind;
use database::row_counts::{self, KEPT, Kept, RowCount};
use record::ids::RecordId;
use record::time::UnixMillis;

use crate::obstacle::Hindrance;
use crate::registrar::Registrar;

/// A row may be written so many milliseconds after the time that it carries.
const SETTLES: u64 = 60 * 1000;

/// What is gone does not come back: the alarm stands for so long, to be seen and mailed.
const STANDS: Duration = Duration::from_secs(24 * 60 * 60);

/// Counting a table takes at most this part of the time.
const SHARE: u32 = 50;

/// A count up to a time that stays the same is kept anew after so many milliseconds.
const KEEP_EVERY: u64 = 10 * 60 * 1000;

/// A table that is counted within this time is counted after every round.
const QUICK: Duration = Duration::from_millis(100);

/// What this process saw of the tables.
#[derive(Default)]
pub(crate) struct Counted {
    tables: HashMap<&'static str, Seen>,
    /// Records that are gone, as the log named them.
    gone: BTreeSet<RecordId>,
    next_look_for_gone: Option<Instant>,
    noticed_at: Option<UnixMillis>,
}

#[derive(Clone)]
struct Seen {
    count: RowCount,
    /// The hashes of the rows that were too new to be counted: they are remembered one by one.
    unsettled: BTreeSet<u64>,
    stored: Option<RowCount>,
    /// When it is to be counted again.
    next: Instant,
}

impl From<RowCount> for Seen {
    /// What a process before this one kept.
    fn from(stored: RowCount) -> Self {
        Self {
            count: stored,
            unsettled: BTreeSet::new(),
            stored: Some(stored),
            next: Instant::now(),
        }
    }
}

impl Seen {
    async fn has_lost_rows(
        &self,
        connection: &mut MySqlConnection,
        kept: &Kept,
    ) -> Result<bool, Hindrance> {
        let until = self.count.until;
        let again = row_counts::count(connection, kept, until).await?;
        let newer = row_counts::newer(connection, kept, until).await?;
        // More rows than there were may hide that one is gone.
        let is_padded =
            again.counted > self.count.counted && row_counts::has_copies(connection, kept).await?;
        let is_lost = self.count.has_lost_rows(&again) || is_padded;
        Ok(is_lost || !self.unsettled.is_subset(&newer))
    }
}

impl Registrar {
    /// Looks for rows that were taken out, and raises or ends the alarm about them.
    pub async fn look_for_deleted_rows(&self) -> Result<(), Hindrance> {
        let (parts, now) = (self.examiner().parts(), self.examiner().now());
        let mut connection = parts.pool.acquire().await?;
        let mut lost = false;
        for kept in &KEPT {
            lost |= self.has_lost_rows(&mut connection, kept, now).await?;
        }
        lost |= self.has_lost_records(&mut connection).await?;
        let kind = AlarmKind::RowsDeleted;
        if lost {
            self.examiner().note_more(kind);
        }
        if self.noticed(lost, now) {
            return self.examiner().raise_alarm(&mut connection, kind).await;
        }
        self.end_when_quiet(&mut connection, kind, STANDS).await
    }

    /// Whether rows are gone from a table, if it is time to count it.
    async fn has_lost_rows(
        &self,
        connection: &mut MySqlConnection,
        kept: &Kept,
        now: UnixMillis,
    ) -> Result<bool, Hindrance> {
        let began = Instant::now();
        let seen = match self.seen(kept) {
            Some(seen) if began < seen.next => return Ok(false),
            Some(seen) => Some(seen),
            None => self.stored(connection, kept).await?.map(Seen::from),
        };
        let lost = match &seen {
            Some(seen) => seen.has_lost_rows(connection, kept).await?,
            None => false,
        };
        if lost {
            let table = kept.table;
            tracing::error!(
                table,
                "ALARM: rows were deleted, or others stand in their place"
            );
        }
        let until = match kept.is_numbered {
            true => u64::MAX,
            false => now.0.saturating_sub(SETTLES),
        };
        let count = row_counts::count(connection, kept, until).await?;
        let unsettled = row_counts::newer(connection, kept, count.until).await?;
        let stored = seen.and_then(|seen| seen.stored);
        let stored = self.store(connection, kept, count, stored).await?;
        let seen = Seen {
            count,
            unsettled,
            stored: Some(stored),
            next: Instant::now() + pause_after(began),
        };
        let mut counted = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
        counted.tables.insert(kept.table, seen);
        Ok(lost)
    }

    /// Whether records are gone that were never anchored, and had not been missed yet.
    async fn has_lost_records(&self, connection: &mut MySqlConnection) -> Result<bool, Hindrance> {
        let lock = || self.counted.lock().unwrap_or_else(PoisonError::into_inner);
        let began = Instant::now();
        if lock().next_look_for_gone.is_some_and(|next| began < next) {
            return Ok(false);
        }
        let gone = row_counts::records_gone(connection).await?;
        let mut counted = lock();
        counted.next_look_for_gone = Some(Instant::now() + pause_after(began));
        let mut any = false;
        for record in gone {
            if counted.gone.insert(record) {
                tracing::error!(%record, "ALARM: a record that was not anchored yet was deleted");
                any = true;
            }
        }
        Ok(any)
    }

    fn seen(&self, kept: &Kept) -> Option<Seen> {
        let counted = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
        counted.tables.get(kept.table).cloned()
    }

    /// What a process before this one kept. A count that somebody else wrote is an alarm of its own.
    async fn stored(
        &self,
        connection: &mut MySqlConnection,
        kept: &Kept,
    ) -> Result<Option<RowCount>, Hindrance> {
        let keys = &self.examiner().parts().keys;
        match row_counts::load(connection, keys, kept).await {
            Ok(stored) => Ok(stored),
            Err(error) if error.is_tampering() => {
                tracing::error!(%error, "ALARM: the count of a table was written over");
                let kind = AlarmKind::RowTampered;
                self.examiner().raise_alarm(connection, kind).await?;
                Ok(None)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Keeps a count for the next process: a new one at once, the same one of a later time once in a while.
    async fn store(
        &self,
        connection: &mut MySqlConnection,
        kept: &Kept,
        count: RowCount,
        stored: Option<RowCount>,
    ) -> Result<RowCount, Hindrance> {
        let is_kept = |stored: &RowCount| {
            (stored.counted, stored.digest) == (count.counted, count.digest)
                && (kept.is_numbered || count.until.saturating_sub(stored.until) < KEEP_EVERY)
        };
        if let Some(stored) = stored.filter(is_kept) {
            return Ok(stored);
        }
        let keys = &self.examiner().parts().keys;
        row_counts::store(connection, keys, kept, &count).await?;
        Ok(count)
    }

    /// Whether the alarm stands, by what this process noticed.
    fn noticed(&self, lost: bool, now: UnixMillis) -> bool {
        let mut counted = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
        if lost {
            counted.noticed_at = Some(now);
        }
        counted.noticed_at.is_some_and(|at| now.since(at) < STANDS)
    }
}

/// What took long is not done again soon.
pub(crate) fn pause_after(began: Instant) -> Duration {
    match began.elapsed() {
        quick if quick <= QUICK => Duration::ZERO,
        long => long * SHARE,
    }
}

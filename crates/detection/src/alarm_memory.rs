//! What this process knows of the alarms itself. Their table carries no MAC: whoever takes rows out of it, or changes since
//! when one stands, keeps nobody from being told.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use database::MySqlConnection;
use database::operations_alarms::{self, Alarm, AlarmKind};
use record::time::UnixMillis;

use crate::examiner::Examiner;
use crate::obstacle::Hindrance;

/// One that is gone from the table is remembered for so long after it was raised: another process may have ended it.
const GONE: Duration = Duration::from_secs(5 * 60);

/// One act may be noticed by several who look, one after the other: what is noticed within so long of the first time is no more.
const ONE_ACT: Duration = Duration::from_secs(2 * 60);

/// What more is noticed of one that stands is told so often at most.
const AGAIN: Duration = Duration::from_secs(60 * 60);

/// The alarms that stand, as this process raised them or saw them in the table first.
#[derive(Default)]
pub(crate) struct AlarmMemory(Mutex<Seen>);

#[derive(Default)]
struct Seen {
    standing: BTreeMap<AlarmKind, Standing>,
    /// When the table was looked at last.
    looked_at: Option<UnixMillis>,
}

/// One alarm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Standing {
    /// What is wrong.
    pub(crate) kind: AlarmKind,
    /// Since when without a break.
    pub(crate) since: UnixMillis,
    /// Until when it has stood, as far as is known.
    pub(crate) until: UnixMillis,
    /// When this process raised it last; none when another did.
    raised_at: Option<UnixMillis>,
    /// When this process noticed more of it last.
    more_at: Option<UnixMillis>,
}

impl AlarmMemory {
    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn raised(&self, kind: AlarmKind, now: UnixMillis) {
        let mut seen = self.seen();
        let standing = seen
            .standing
            .entry(kind)
            .or_insert(Standing::new(kind, now));
        standing.until = now;
        standing.raised_at = Some(now);
    }

    /// More of the kind was noticed. The first time is no more than what raises it.
    fn noticed_more(&self, kind: AlarmKind, now: UnixMillis) {
        let mut seen = self.seen();
        let standing = seen.standing.get_mut(&kind);
        if let Some(standing) = standing.filter(|one| now.since(one.since) > ONE_ACT) {
            standing.more_at = Some(now);
        }
    }

    /// Whether this process raised it later than then.
    pub(crate) fn raised_after(&self, kind: AlarmKind, then: UnixMillis) -> bool {
        let seen = self.seen();
        let standing = seen.standing.get(&kind);
        standing
            .and_then(|standing| standing.raised_at)
            .is_some_and(|at| at > then)
    }

    /// False when it did not stand.
    fn ended(&self, kind: AlarmKind) -> bool {
        self.seen().standing.remove(&kind).is_some()
    }

    /// Those that this process raised a moment ago and that are not in the table any more.
    pub(crate) fn taken_out(&self, on_file: &[Alarm], now: UnixMillis) -> Vec<Alarm> {
        let is_recent = |at| now.since(at) < GONE;
        let is_on_file = |kind| on_file.iter().any(|alarm| alarm.kind == kind);
        let seen = self.seen();
        let raised_here = seen
            .standing
            .values()
            .filter(|one| one.raised_at.is_some_and(is_recent) && !is_on_file(one.kind));
        let as_on_file = raised_here.map(|one| Alarm {
            kind: one.kind,
            since: one.since,
            last_seen_at: one.until,
        });
        as_on_file.collect()
    }

    /// The alarms that stand, by what was just read from the table.
    pub(crate) fn seen_on_file(&self, on_file: &[Alarm], now: UnixMillis) -> Vec<Standing> {
        let mut seen = self.seen();
        let earliest = seen.looked_at.replace(now).unwrap_or(UnixMillis(0));
        for alarm in on_file {
            // One that was not there when we looked last is no older; another process may have raised it before we did.
            let is_credible = (earliest..=now).contains(&alarm.since);
            let since = if is_credible { alarm.since } else { now };
            let standing = seen.standing.entry(alarm.kind);
            let standing = standing.or_insert(Standing::new(alarm.kind, since));
            standing.since = standing.since.min(since);
            standing.until = now;
        }
        let is_on_file = |kind| on_file.iter().any(|alarm| alarm.kind == kind);
        seen.standing.retain(|kind, standing| {
            let is_recent = |at| now.since(at) < GONE;
            is_on_file(*kind) || standing.raised_at.is_some_and(is_recent)
        });
        seen.standing.values().copied().collect()
    }
}

impl Standing {
    fn new(kind: AlarmKind, since: UnixMillis) -> Self {
        Self {
            kind,
            since,
            until: since,
            raised_at: None,
            more_at: None,
        }
    }

    /// The hour of it, counted from its beginning, in which more was noticed, once that hour is over.
    pub(crate) fn hour_with_more(&self, now: UnixMillis) -> Option<u64> {
        let hour = |at: UnixMillis| at.since(self.since).as_secs() / AGAIN.as_secs();
        let of_more = hour(self.more_at?);
        (hour(now) > of_more).then_some(of_more)
    }

    /// From the first time to the last that this process raised it.
    pub(crate) fn came_back_for(&self) -> Duration {
        self.raised_at
            .map_or(Duration::ZERO, |at| at.since(self.since))
    }

    /// How long it has stood.
    pub(crate) fn lasted(&self) -> Duration {
        self.until.since(self.since)
    }
}

impl Examiner {
    /// Raises an alarm, or notes that it lasts. Where the table takes no row it is told all the same.
    pub(crate) async fn raise_alarm(
        &self,
        connection: &mut MySqlConnection,
        kind: AlarmKind,
    ) -> Result<(), Hindrance> {
        let now = self.now();
        self.alarms().raised(kind, now);
        let raised = operations_alarms::raise(connection, kind, now).await;
        refused(raised.map_err(Hindrance::from)).map(Option::unwrap_or_default)
    }

    /// More was noticed of what an alarm may stand about already. To be said before it is raised.
    pub(crate) fn note_more(&self, kind: AlarmKind) {
        self.alarms().noticed_more(kind, self.now());
    }

    /// Ends an alarm; false when there was none.
    pub(crate) async fn end_alarm(
        &self,
        connection: &mut MySqlConnection,
        kind: AlarmKind,
    ) -> Result<bool, Hindrance> {
        let cleared = operations_alarms::clear(connection, kind).await;
        let stood = refused(cleared.map_err(Hindrance::from))?.unwrap_or(false);
        Ok(self.alarms().ended(kind) || stood)
    }

    /// All that stand, whoever raised them.
    pub(crate) async fn standing_alarms(
        &self,
        connection: &mut MySqlConnection,
    ) -> Result<Vec<Standing>, Hindrance> {
        let on_file = operations_alarms::all(connection).await?;
        Ok(self.alarms().seen_on_file(&on_file, self.now()))
    }
}

/// None where the database refuses.
fn refused<V>(done: Result<V, Hindrance>) -> Result<Option<V>, Hindrance> {
    match done {
        Err(hindrance) if hindrance.concerns_one_thing() => {
            tracing::error!(cause = ?hindrance, "the database refuses to keep an alarm, or to let go of it");
            Ok(None)
        }
        done => done.map(Some),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KIND: AlarmKind = AlarmKind::ChainUnreachable;

    fn minute(minute: u64) -> UnixMillis {
        UnixMillis(minute * 60 * 1000)
    }

    fn row(since: u64) -> [Alarm; 1] {
        [Alarm {
            kind: KIND,
            since: minute(since),
            last_seen_at: minute(since),
        }]
    }

    fn times(standing: &[Standing]) -> Vec<(UnixMillis, UnixMillis)> {
        standing.iter().map(|one| (one.since, one.until)).collect()
    }

    #[test]
    fn what_is_taken_out_of_the_table_stands_as_long_as_it_is_raised() {
        let memory = AlarmMemory::default();
        memory.raised(KIND, minute(10));
        memory.raised(KIND, minute(12));
        let seen = memory.seen_on_file(&[], minute(13));
        assert_eq!(times(&seen), [(minute(10), minute(12))]);
        assert_eq!(memory.seen_on_file(&[], minute(17)), []);
        memory.raised(KIND, minute(20));
        assert!(memory.ended(KIND));
        assert_eq!(memory.seen_on_file(&[], minute(20)), []);
    }

    #[test]
    fn no_alarm_is_older_than_the_look_that_did_not_see_it() {
        let memory = AlarmMemory::default();
        memory.seen_on_file(&[], minute(10));
        let planted = memory.seen_on_file(&row(3), minute(11));
        assert_eq!(times(&planted), [(minute(11), minute(11))]);
        let changed = memory.seen_on_file(&row(3), minute(12));
        assert_eq!(times(&changed), [(minute(11), minute(12))]);
    }

    #[test]
    fn what_others_raised_counts_from_when_they_did_and_ends_when_they_end_it() {
        let memory = AlarmMemory::default();
        memory.seen_on_file(&[], minute(9));
        memory.raised(KIND, minute(11));
        let seen = memory.seen_on_file(&row(10), minute(12));
        assert_eq!(times(&seen), [(minute(10), minute(12))]);
        let started_anew = AlarmMemory::default();
        let seen = started_anew.seen_on_file(&row(10), minute(50));
        assert_eq!(times(&seen), [(minute(10), minute(50))]);
        assert_eq!(started_anew.seen_on_file(&[], minute(51)), []);
    }

    #[test]
    fn what_more_is_noticed_is_told_once_an_hour() {
        let memory = AlarmMemory::default();
        let hour_with_more =
            |at| memory.seen_on_file(&row(10), minute(at))[0].hour_with_more(minute(at));
        memory.noticed_more(KIND, minute(10));
        memory.raised(KIND, minute(10));
        memory.noticed_more(KIND, minute(11));
        assert_eq!(hour_with_more(80), None);
        for at in [85, 95] {
            memory.noticed_more(KIND, minute(at));
            memory.raised(KIND, minute(at));
            assert_eq!(hour_with_more(at), None);
        }
        assert_eq!(hour_with_more(129), None);
        assert_eq!(hour_with_more(130), Some(1));
        assert_eq!(hour_with_more(500), Some(1));
        memory.noticed_more(KIND, minute(500));
        assert_eq!(hour_with_more(549), None);
        assert_eq!(hour_with_more(550), Some(8));
    }

    #[test]
    fn what_was_raised_here_stands_on_the_pages_although_it_is_taken_out() {
        let memory = AlarmMemory::default();
        let at = UnixMillis(1_000_000);
        memory.raised(KIND, at);
        let found = memory.taken_out(&[], at);
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].kind, found[0].since), (KIND, at));
        assert!(memory.taken_out(&found, at).is_empty(), "it is on file");
        assert!(memory.taken_out(&[], at.plus(GONE)).is_empty(), "long ago");
        memory.ended(KIND);
        assert!(memory.taken_out(&[], at).is_empty());
    }
}

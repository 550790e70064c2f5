//! Operations alarms: why nothing can be told right now, and what else needs mending. Each stands in a table and in a
//! banner; one that lasts, or tells of somebody at work, goes to the officer by mail.

use std::time::Duration;

use database::MySqlConnection;
use database::operations_alarms::{self, Alarm, AlarmKind};
use database::sweep_rounds;
use record::time::UnixMillis;
use sqlx::Connection;

use crate::obstacle::{self, Hindrance, alarm_of};
use crate::registrar::Registrar;
use crate::verdict::Obstacle;

/// An alarm that stands this long is told by mail.
pub(crate) const LASTING: Duration = Duration::from_secs(5 * 60);

/// A round is expected to take longer than its records need, by this at least.
const SHORTEST_STALL: Duration = Duration::from_secs(10 * 60);

impl Registrar {
    /// Notes what keeps us from telling anything.
    pub async fn raise(&self, obstacle: Obstacle) -> Result<(), Hindrance> {
        let (parts, now) = (self.examiner().parts(), self.examiner().now());
        let mut connection = parts.pool.acquire().await?;
        operations_alarms::raise(&mut connection, alarm_of(obstacle), now).await?;
        Ok(())
    }

    /// Records are looked at again: what kept us from it is over. What may concern some records only, or writing alone, ends with a whole
    /// round ([`Self::all_clear`]).
    pub(crate) async fn clear_outages(&self) -> Result<(), Hindrance> {
        self.clear(&obstacle::OUTAGES).await
    }

    /// Everything answers as it should: the alarms of this crate end.
    pub async fn all_clear(&self) -> Result<(), Hindrance> {
        self.clear(&obstacle::ALL).await
    }

    async fn clear(&self, obstacles: &[Obstacle]) -> Result<(), Hindrance> {
        let mut connection = self.examiner().parts().pool.acquire().await?;
        for alarm in obstacles.iter().copied().map(alarm_of) {
            if operations_alarms::clear(&mut connection, alarm).await? {
                tracing::info!(alarm = alarm.as_str(), "an alarm has ended");
            }
        }
        Ok(())
    }

    /// Ends an alarm that nobody has noticed anew for so long.
    pub(crate) async fn end_when_quiet(
        &self,
        connection: &mut MySqlConnection,
        kind: AlarmKind,
        quiet: Duration,
    ) -> Result<(), Hindrance> {
        let now = self.examiner().now();
        let alarms = operations_alarms::all(connection).await?;
        let standing = alarms.iter().find(|alarm| alarm.kind == kind);
        // One that claims to have been seen in times to come was not written by us.
        let is_over =
            |alarm: &Alarm| now.since(alarm.last_seen_at) >= quiet || now < alarm.last_seen_at;
        if standing.is_some_and(is_over) {
            operations_alarms::clear(connection, kind).await?;
        }
        Ok(())
    }

    /// Raises the alarm when no round has ended in the time that several take. Rounds that somebody else wrote don't count.
    pub(crate) async fn look_for_stalled_sweep(&self, rate: u32) -> Result<(), Hindrance> {
        let (parts, now) = (self.examiner().parts(), self.examiner().now());
        let mut connection = parts.pool.acquire().await?;
        let rounds = sweep_rounds::newest(&mut connection, &parts.keys).await?;
        let records = rounds.iter().map(|round| round.total).max().unwrap_or(0);
        let ended = rounds
            .iter()
            .filter(|round| round.problem.is_none())
            .filter_map(|round| round.finished_at)
            // One of times to come ended while our clock was ahead.
            .filter(|at| *at <= now)
            .max();
        let expected = Duration::from_secs(records / u64::from(rate.max(1)));
        let longest = SHORTEST_STALL + expected * 3;
        let is_late = ended.is_none_or(|at| now.since(at) > longest);
        if is_late && self.began_at().elapsed() > longest {
            operations_alarms::raise(&mut connection, AlarmKind::SweepStalled, now).await?;
        } else {
            operations_alarms::clear(&mut connection, AlarmKind::SweepStalled).await?;
        }
        Ok(())
    }

    /// Puts into the outbox the mails of alarms, whoever raised them, that the officer should hear of and has not.
    pub async fn tell_alarms(&self) -> Result<(), Hindrance> {
        let (parts, now) = (self.examiner().parts(), self.examiner().now());
        let mut connection = parts.pool.acquire().await?;
        for alarm in operations_alarms::all(&mut connection).await? {
            if !is_due(&alarm, now) {
                continue;
            }
            let mut transaction = connection.begin().await?;
            self.tell_alarm(&mut transaction, &alarm).await?;
            transaction.commit().await?;
        }
        Ok(())
    }
}

/// Whether it is worth a mail; that there is one already stands in the outbox.
fn is_due(alarm: &Alarm, now: UnixMillis) -> bool {
    match alarm.kind {
        // Somebody is at work right now.
        AlarmKind::RowTampered
        | AlarmKind::RowsDeleted
        | AlarmKind::SchemaChanged
        | AlarmKind::SweepStalled
        | AlarmKind::WatchLogOff
        | AlarmKind::WatchGap => true,
        // A mail about it would arrive when it is over.
        AlarmKind::MailFailing => false,
        _ => now.since(alarm.since) >= LASTING,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_officer_hears_of_what_lasts_and_of_somebody_at_work() {
        let due = |kind, now| {
            let since = UnixMillis(0);
            is_due(
                &Alarm {
                    kind,
                    since,
                    last_seen_at: since,
                },
                now,
            )
        };
        let (soon, late) = (UnixMillis(1000), UnixMillis(5 * 60 * 1000));
        assert!(!due(AlarmKind::ChainUnreachable, soon));
        assert!(due(AlarmKind::ChainUnreachable, late));
        assert!(due(AlarmKind::RowTampered, soon));
        assert!(!due(AlarmKind::MailFailing, late));
    }
}

//! Operations alarms: why nothing can be told right now, and what else needs mending. Each stands in a table and in a
//! banner; one that lasts, or tells of somebody at work, goes to the officer by mail.

use std::time::Duration;

use database::operations_alarms::{self, Alarm, AlarmKind};
use database::sweep_rounds;
use database::{MySqlConnection, RowError, outbox};
use record::time::UnixMillis;
use sqlx::Connection;

use crate::alarm_memory::Standing;
use crate::obstacle::{self, Hindrance, alarm_of, concerns_some_records, may_be_meant};
use crate::registrar::Registrar;
use crate::verdict::Obstacle;

/// An alarm that stands this long is told by mail.
pub(crate) const LASTING: Duration = Duration::from_secs(5 * 60);

/// Mail is sent within seconds: what is due for so long somebody holds back.
pub(crate) const OVERDUE: Duration = Duration::from_secs(5 * 60);

/// What somebody may bring about again and again has ended when it has not been seen for so long.
const QUIET: Duration = Duration::from_secs(6 * 60);

/// A round is expected to take longer than its records need, by this at least.
const SHORTEST_STALL: Duration = Duration::from_secs(10 * 60);

impl Registrar {
    /// Notes what keeps us from telling anything.
    pub async fn raise(&self, obstacle: Obstacle) -> Result<(), Hindrance> {
        let mut connection = self.examiner().parts().pool.acquire().await?;
        let kind = alarm_of(obstacle);
        self.examiner().raise_alarm(&mut connection, kind).await
    }

    /// Records are looked at again: what kept us from it is over, or once it has not come back for a while where somebody may
    /// mean it. What may concern some records only, or writing alone, ends with a whole round ([`Self::all_clear`]).
    pub(crate) async fn clear_outages(&self) -> Result<(), Hindrance> {
        let (meant, passing): (Vec<_>, Vec<_>) = obstacle::OUTAGES
            .map(alarm_of)
            .into_iter()
            .partition(|kind| may_be_meant(*kind));
        self.clear(passing.into_iter()).await?;
        let mut connection = self.examiner().parts().pool.acquire().await?;
        for kind in meant {
            self.end_when_quiet(&mut connection, kind, QUIET).await?;
        }
        Ok(())
    }

    /// Everything answers as it should, in a round that began then: the alarms of this crate end. What was refused since
    /// stays, although the round went on without it.
    pub async fn all_clear(&self, begun_at: UnixMillis) -> Result<(), Hindrance> {
        let alarms = self.examiner().alarms();
        let is_partial = |kind| may_be_meant(kind) || concerns_some_records(kind);
        let stays = |kind| is_partial(kind) && alarms.raised_after(kind, begun_at);
        let kinds = obstacle::ALL.map(alarm_of).into_iter();
        self.clear(kinds.filter(|kind| !stays(*kind))).await
    }

    async fn clear(&self, kinds: impl Iterator<Item = AlarmKind>) -> Result<(), Hindrance> {
        let mut connection = self.examiner().parts().pool.acquire().await?;
        for kind in kinds {
            if self.examiner().end_alarm(&mut connection, kind).await? {
                tracing::info!(alarm = kind.as_str(), "an alarm has ended");
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
            self.examiner().end_alarm(connection, kind).await?;
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
        let (examiner, kind) = (self.examiner(), AlarmKind::SweepStalled);
        if is_late && self.began_at().elapsed() > longest {
            examiner.raise_alarm(&mut connection, kind).await?;
        } else {
            examiner.end_alarm(&mut connection, kind).await?;
        }
        Ok(())
    }

    /// Raises the alarm when the outbox does not carry what is put into it: rows that somebody keeps locked are passed over
    /// by who sends mail, and rows that somebody changes are refused.
    pub(crate) async fn look_for_held_mail(&self) -> Result<(), Hindrance> {
        let (examiner, kind) = (self.examiner(), AlarmKind::MailHeldBack);
        let mut connection = examiner.parts().pool.acquire().await?;
        let standing = examiner.standing_alarms(&mut connection).await?;
        let then = examiner.now().minus(OVERDUE);
        let is_held = outbox::any_overdue(&mut connection, then).await?
            || self.owes_mail(&mut connection, &standing).await?;
        match is_held {
            true => examiner.raise_alarm(&mut connection, kind).await,
            false => examiner.end_alarm(&mut connection, kind).await.map(drop),
        }
    }

    /// The alarms that stand, whoever raised them. What this process has raised itself stands also where somebody takes it out of
    /// the table.
    ///
    /// # Errors
    /// When the database can't tell.
    pub async fn standing(&self, connection: &mut MySqlConnection) -> Result<Vec<Alarm>, RowError> {
        let mut standing = operations_alarms::all(connection).await?;
        let (alarms, now) = (self.examiner().alarms(), self.examiner().now());
        standing.extend(alarms.taken_out(&standing, now));
        Ok(standing)
    }

    /// Puts into the outbox the mails of alarms, whoever raised them, that the officer should hear of and has not.
    /// Nobody is spared by taking one out of the table.
    pub async fn tell_alarms(&self) -> Result<(), Hindrance> {
        let mut connection = self.examiner().parts().pool.acquire().await?;
        for alarm in self.examiner().standing_alarms(&mut connection).await? {
            if !is_due(&alarm) {
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
pub(crate) fn is_due(alarm: &Standing) -> bool {
    match alarm.kind {
        // Somebody is at work right now.
        AlarmKind::RowTampered
        | AlarmKind::RowsDeleted
        | AlarmKind::SchemaChanged
        | AlarmKind::SweepStalled
        | AlarmKind::WatchLogOff
        | AlarmKind::WatchGap => true,
        // A mail about it would arrive when it is over, or has to go past the outbox.
        AlarmKind::MailFailing | AlarmKind::MailHeldBack => false,
        // It stands for a while after the last time, which one time alone must not make long.
        AlarmKind::DatabaseInterrupts => alarm.came_back_for() >= LASTING,
        _ => alarm.lasted() >= LASTING,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alarm_memory::AlarmMemory;

    #[test]
    fn the_officer_hears_of_what_lasts_and_of_somebody_at_work() {
        let due = |kind, until| {
            let memory = AlarmMemory::default();
            let row = Alarm {
                kind,
                since: UnixMillis(0),
                last_seen_at: UnixMillis(0),
            };
            let standing = memory.seen_on_file(&[row], until);
            is_due(&standing[0])
        };
        let (soon, late) = (UnixMillis(1000), UnixMillis(5 * 60 * 1000));
        assert!(!due(AlarmKind::ChainUnreachable, soon));
        assert!(due(AlarmKind::ChainUnreachable, late));
        assert!(due(AlarmKind::RowTampered, soon));
        assert!(!due(AlarmKind::MailFailing, late));
    }
}

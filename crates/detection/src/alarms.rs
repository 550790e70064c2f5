//! Operations alarms: why nothing can be told right now, and what else needs mending. Each stands in a table and in a
//! banner; one that lasts, or tells of somebody at work, goes to the officer by mail.

use std::collections::BTreeSet;
use std::sync::PoisonError;
use std::time::Duration;

use database::operations_alarms::{self, Alarm, AlarmKind};
use database::sweep_rounds;
use database::{MySqlConnection, Tampered, guarded, outbox};
use record::time::UnixMillis;
use sqlx::Connection;

use crate::alarm_memory::Standing;
use crate::obstacle::{self, Hindrance, alarm_of};
use crate::registrar::Registrar;
use crate::verdict::Obstacle;

/// An alarm that stands this long is told by mail.
pub(crate) const LASTING: Duration = Duration::from_secs(5 * 60);

/// Mail is sent within seconds: what is due for so long somebody holds back.
pub(crate) const OVERDUE: Duration = Duration::from_secs(5 * 60);

/// A round is expected to take longer than its records need, by this at least.
const SHORTEST_STALL: Duration = Duration::from_secs(10 * 60);

/// An alarm about planted rows ends when none was seen for so long.
const QUIET: Duration = Duration::from_secs(60);

impl Registrar {
    /// Notes what keeps us from telling anything.
    pub async fn raise(&self, obstacle: Obstacle) -> Result<(), Hindrance> {
        let mut connection = self.examiner().parts().pool.acquire().await?;
        let kind = alarm_of(obstacle);
        self.examiner().raise_alarm(&mut connection, kind).await
    }

    /// Everything answers as it should, in a round that began then: the alarms of this crate end. What was refused since
    /// stays, although the round went on without it.
    pub async fn all_clear(&self, begun_at: UnixMillis) -> Result<(), Hindrance> {
        let mut connection = self.examiner().parts().pool.acquire().await?;
        let refused = AlarmKind::DatabaseRefuses;
        let stays = self.examiner().alarms().raised_after(refused, begun_at);
        let kinds = obstacle::ALL.map(alarm_of).into_iter();
        for kind in kinds.filter(|kind| !(stays && *kind == refused)) {
            if self.examiner().end_alarm(&mut connection, kind).await? {
                tracing::info!(alarm = kind.as_str(), "an alarm has ended");
            }
        }
        Ok(())
    }

    /// Looks for rows of accounts, sessions, links, jobs and mails that somebody else wrote, and raises or ends the alarm
    /// about them. Who tries to use one notices it as well: the alarm ends only when nobody has for a while.
    pub async fn look_for_planted_rows(&self) -> Result<(), Hindrance> {
        let parts = self.examiner().parts();
        let mut connection = parts.pool.acquire().await?;
        let planted = guarded::planted(&mut connection, &parts.keys).await?;
        self.name(&planted);
        let kind = AlarmKind::RowTampered;
        if !planted.is_empty() {
            return self.examiner().raise_alarm(&mut connection, kind).await;
        }
        self.end_when_quiet(&mut connection, kind, QUIET).await
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

    /// Names each in the log, once for as long as it stands.
    fn name(&self, planted: &[Tampered]) {
        let rows = planted.iter().map(|row| (row.table, row.row.clone()));
        let rows: BTreeSet<_> = rows.collect();
        let mut named = self.named.lock().unwrap_or_else(PoisonError::into_inner);
        for (table, row) in rows.difference(&named) {
            tracing::error!(
                table,
                row,
                "ALARM: a planted or altered row stands in the database"
            );
        }
        *named = rows;
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
            .max();
        let expected = Duration::from_secs(records / u64::from(rate.max(1)));
        let latest = ended.unwrap_or(self.began_at());
        let (examiner, kind) = (self.examiner(), AlarmKind::SweepStalled);
        if now.since(latest.max(self.began_at())) > SHORTEST_STALL + expected * 3 {
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

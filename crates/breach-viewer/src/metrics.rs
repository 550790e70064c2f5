//! What Prometheus finds of the sweep, of verdicts and of alarms. No personal data.

use std::sync::atomic::Ordering;

use database::operations_alarms::AlarmKind;
use database::sweep_rounds::{self, SweepRound};
use database::{MySqlConnection, RowError, records_view, sweep_parts};
use web_kit::metrics::{Metrics, Telling};

use crate::state::Watchtower;

impl Telling for Watchtower {
    async fn tell(&self, metrics: &mut Metrics) -> Result<(), RowError> {
        let examined = self.examined.load(Ordering::Relaxed);
        let help = "Records looked at by the sweep of this process";
        metrics.counter("sweep_examined", help, examined);
        let mut connection = self.pool.acquire().await?;
        self.tell_rounds(&mut connection, metrics).await?;
        let verdicts = records_view::verdict_counts(&mut connection, &self.keys).await?;
        let verdicts = verdicts.iter().map(|(one, count)| (one.as_str(), *count));
        metrics.gauges("records", "Records by verdict", "verdict", verdicts);
        let standing = self.registrar.standing(&mut connection).await?;
        let stands = |kind: &AlarmKind| standing.iter().any(|alarm| alarm.kind == *kind);
        let alarms = AlarmKind::ALL
            .iter()
            .map(|kind| (kind.as_str(), u64::from(stands(kind))));
        metrics.gauges("alarm", "Whether an alarm stands", "kind", alarms);
        Ok(())
    }
}

impl Watchtower {
    async fn tell_rounds(
        &self,
        connection: &mut MySqlConnection,
        metrics: &mut Metrics,
    ) -> Result<(), RowError> {
        let rounds = sweep_rounds::newest(connection, &self.keys).await?;
        if let Some(round) = rounds.first() {
            let checked = match round.finished_at {
                Some(_) => round.checked,
                None => sweep_parts::progress(connection, round).await?,
            };
            metrics.gauge("sweep_round", "Number of the newest round", round.id);
            let help = "Records of the newest round that were looked at";
            metrics.gauge("sweep_round_checked", help, checked);
            let help = "Records that the newest round has to look at";
            metrics.gauge("sweep_round_records", help, round.total);
        }
        if let Some(whole) = rounds.iter().find(|round| SweepRound::is_whole(round)) {
            let ended = whole.finished_at.unwrap_or(whole.started_at);
            let age = self.clock.now().since(ended).as_secs();
            let help = "Seconds since every record was looked at";
            metrics.gauge("sweep_last_complete_age_seconds", help, age);
        }
        Ok(())
    }
}

//! The alarms of the watch: when each is raised, and when it ends.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use binary_log::LogError;
use database::operations_alarms::{self, Alarm, AlarmKind};
use database::{Kind, schema_baselines, sweep_rounds};

use crate::obstacle::Hindrance;
use crate::registrar::Registrar;

/// A migration takes no longer.
const MIGRATION: Duration = Duration::from_secs(60);

/// The alarm for what keeps the log from being followed; none for what may pass.
pub(super) const fn alarm_of(error: &LogError) -> Option<AlarmKind> {
    match error {
        LogError::Off | LogError::NotWholeRows(..) | LogError::Compressed | LogError::LeavesOut => {
            Some(AlarmKind::WatchLogOff)
        }
        LogError::Refused(_) | LogError::Address => Some(AlarmKind::WatchRefused),
        LogError::PositionLost => Some(AlarmKind::WatchGap),
        LogError::Unreachable(_) | LogError::Server(_) | LogError::Malformed(_) => None,
    }
}

/// Whether changes are made meanwhile that the log will never give us. Where it holds statements or parts of rows, each such
/// change tells so itself.
pub(super) const fn hides_changes(error: &LogError) -> bool {
    matches!(
        error,
        LogError::Off | LogError::LeavesOut | LogError::Compressed
    )
}

/// What was seen of our tables.
#[derive(Default)]
pub(super) struct SchemaMemory {
    /// Names of columns, by table.
    pub(super) columns: BTreeMap<String, Vec<String>>,
    /// What they have to be like. A row can be written over, this can't.
    baseline: Option<[u8; 32]>,
    /// Since when the schema is that of other software.
    strange_since: Option<Instant>,
}

impl Registrar {
    pub(super) async fn raise_kind(&self, kind: AlarmKind) -> Result<(), Hindrance> {
        let mut connection = self.examiner().parts().pool.acquire().await?;
        self.examiner().raise_alarm(&mut connection, kind).await
    }

    pub(super) async fn end_kind(&self, kind: AlarmKind) -> Result<(), Hindrance> {
        let mut connection = self.examiner().parts().pool.acquire().await?;
        if self.examiner().end_alarm(&mut connection, kind).await? {
            tracing::info!(alarm = kind.as_str(), "an alarm has ended");
        }
        Ok(())
    }

    /// Ends a gap when the sweep has looked at everything since.
    pub(super) async fn end_what_is_over(&self) -> Result<(), Hindrance> {
        let pool = &self.examiner().parts().pool;
        let alarms = operations_alarms::all(&mut *pool.acquire().await?).await?;
        for alarm in alarms {
            if alarm.kind == AlarmKind::WatchGap && self.was_swept_since(&alarm).await? {
                self.end_kind(alarm.kind).await?;
            }
        }
        Ok(())
    }

    async fn was_swept_since(&self, alarm: &Alarm) -> Result<bool, Hindrance> {
        let parts = self.examiner().parts();
        let mut connection = parts.pool.acquire().await?;
        let rounds = sweep_rounds::newest(&mut connection, &parts.keys).await?;
        let mut rounds = rounds.iter();
        Ok(rounds.any(|round| round.is_whole() && round.started_at >= alarm.last_seen_at))
    }

    /// Compares our tables with what they were, and looks for triggers on them, of which none is ours; where triggers
    /// can't be seen, nothing is said to be over.
    pub(super) async fn look_at_schema(
        &self,
        memory: &mut SchemaMemory,
        triggers: Option<&[(String, String)]>,
    ) -> Result<(), Hindrance> {
        let parts = self.examiner().parts();
        if !database::schema_is_current(Kind::Main, &parts.pool).await? {
            // As a rule somebody is migrating.
            let since = *memory.strange_since.get_or_insert_with(Instant::now);
            if since.elapsed() < MIGRATION {
                return Ok(());
            }
            return self.raise_kind(AlarmKind::SchemaChanged).await;
        }
        memory.strange_since = None;
        let mut connection = parts.pool.acquire().await?;
        let schema = schema_baselines::look(&mut connection).await?;
        memory.columns = schema.columns;
        let baseline = match memory.baseline {
            Some(baseline) => baseline,
            None => {
                let (keys, now) = (&parts.keys, self.examiner().now());
                let seen = schema.fingerprint;
                schema_baselines::baseline(&mut connection, keys, seen, now).await?
            }
        };
        drop(connection);
        memory.baseline = Some(baseline);
        for (table, trigger) in triggers.unwrap_or_default() {
            tracing::error!(table, trigger, "ALARM: somebody put a trigger on a table");
        }
        match triggers {
            _ if schema.fingerprint != baseline => self.raise_kind(AlarmKind::SchemaChanged).await,
            Some([]) => self.end_kind(AlarmKind::SchemaChanged).await,
            Some(_) => self.raise_kind(AlarmKind::SchemaChanged).await,
            None => Ok(()),
        }
    }
}

//! Why the watch stops for a moment, and what is told of it.

use std::time::Instant;

use binary_log::LogError;
use database::operations_alarms::AlarmKind;

use super::Watcher;
use super::alarms::{alarm_of, hides_changes};
use super::beat::is_late;
use crate::obstacle::Hindrance;

/// Why the watch stops for a moment.
#[derive(Debug, thiserror::Error)]
pub(super) enum Stop {
    #[error("the log can't be followed")]
    Log(#[from] LogError),
    #[error("what was touched can't be looked at")]
    Hindered(#[from] Hindrance),
    #[error("something was touched that can't be looked at")]
    Broken,
    #[error("another process has the lease")]
    Superseded,
}

impl From<database::RowError> for Stop {
    fn from(error: database::RowError) -> Self {
        Self::Hindered(error.into())
    }
}

impl From<sqlx::Error> for Stop {
    fn from(error: sqlx::Error) -> Self {
        Self::Hindered(error.into())
    }
}

impl Watcher {
    /// Raises the alarm for what stopped us.
    pub(super) async fn tell(&mut self, stop: &Stop) -> Result<(), Hindrance> {
        let error = match stop {
            Stop::Log(error) => error,
            // A row that somebody holds, or a right that was taken away, may hinder us alone.
            Stop::Hindered(Hindrance::Row(_)) => return self.tell_what_lasts().await,
            // The sweep tells what hinders everybody.
            Stop::Hindered(_) | Stop::Superseded => return Ok(()),
            Stop::Broken => return self.go_on_behind_a_gap().await,
        };
        tracing::warn!(%error, "the watch can't follow the log");
        match alarm_of(error) {
            Some(AlarmKind::WatchGap) => self.go_on_behind_a_gap().await,
            Some(kind) => {
                self.registrar.raise_kind(kind).await?;
                match hides_changes(error) {
                    true => self.go_on_behind_a_gap().await,
                    false => Ok(()),
                }
            }
            None => self.tell_what_lasts().await,
        }
    }

    /// Raises the alarm once we have not got on for long.
    async fn tell_what_lasts(&mut self) -> Result<(), Hindrance> {
        // With the lease all was well.
        let since = self.leased_at.unwrap_or_else(Instant::now);
        self.lost_since.get_or_insert(since);
        match self.is_behind() {
            true => self.registrar.raise_kind(AlarmKind::WatchBehind).await,
            false => Ok(()),
        }
    }

    pub(super) fn is_behind(&self) -> bool {
        self.lost_since.is_some_and(is_late) || self.beat.awaited_since().is_some_and(is_late)
    }
}

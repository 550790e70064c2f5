//! How far in the log everything was looked at: remembered, and written down from time to time.

use binary_log::Position;
use database::operations_alarms::AlarmKind;
use database::watch_progress::{self, WatchProgress};

use super::stop::Stop;
use super::{NAME, Watcher};
use crate::obstacle::Hindrance;

impl Watcher {
    /// Where to go on: as this process remembers, or as it was written down. What somebody else wrote is not used.
    pub(super) async fn kept_position(&mut self) -> Result<Option<Position>, Stop> {
        if self.position.is_some() {
            return Ok(self.position.clone());
        }
        let parts = self.registrar.examiner().parts();
        let mut connection = parts.pool.acquire().await?;
        match watch_progress::load(&mut connection, &parts.keys, NAME).await {
            Ok(Some(kept)) => {
                self.beat.resume(kept.beat);
                Ok(kept.position.parse().ok())
            }
            Ok(None) => {
                let was_here = self.registrar.was_at_work_before(&mut connection).await?;
                drop(connection);
                if was_here {
                    tracing::error!("ALARM: somebody took away how far the watch was");
                    self.registrar.raise_kind(AlarmKind::WatchGap).await?;
                }
                Ok(None)
            }
            Err(error) if error.is_tampering() => {
                drop(connection);
                self.registrar.raise_kind(AlarmKind::RowTampered).await?;
                self.registrar.raise_kind(AlarmKind::WatchGap).await?;
                Ok(None)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// What was lost is lost: goes on with what there is.
    pub(super) async fn go_on_behind_a_gap(&mut self) -> Result<(), Hindrance> {
        self.position = None;
        self.registrar.raise_kind(AlarmKind::WatchGap).await?;
        if let Some(server) = &self.server
            && let Ok(newest) = server.newest().await
        {
            self.position = Some(newest);
            self.beat.expect_nothing();
        }
        Ok(())
    }

    /// Writes the position down. That this write comes back shows that the log is whole.
    pub(super) async fn send_beat(&mut self) -> Result<(), Stop> {
        let awaited_since = self.beat.awaited_since();
        let is_lost = awaited_since.is_some() && self.is_behind();
        if is_lost {
            self.lost_since = self.lost_since.or(awaited_since);
        }
        if !self.beat.is_wanted(is_lost) {
            return Ok(());
        }
        let Some(position) = &self.position else {
            return Ok(());
        };
        let progress = WatchProgress {
            reader: NAME.to_owned(),
            position: position.to_string(),
            beat: self.beat.next(),
            saved_at: self.now(),
        };
        let parts = self.registrar.examiner().parts();
        watch_progress::save(&mut *parts.pool.acquire().await?, &parts.keys, &progress).await?;
        self.beat.was_sent();
        Ok(())
    }
}

//! Whether our clock can be believed: how far it and the time of the chain's newest block are apart.
//!
//! No verdict on what is anchored rests on our clock, but leases, alarms and the 72 hours of an incident do. A block is
//! seconds old when we see it, and no chain takes one from times to come: further apart, one of the two clocks is off, or the
//! node has had no new block for long.

use std::time::{Duration, Instant};

use chain::Block;
use database::MySqlConnection;
use database::operations_alarms::AlarmKind;
use tokio::sync::Mutex;

use crate::examiner::Examiner;
use crate::obstacle::Hindrance;

/// Further apart they are never by themselves.
const APART: Duration = Duration::from_secs(5 * 60);

/// For so long a database may still be at what it was told over a connection that broke off.
const SETTLES: Duration = Duration::from_secs(60);

/// What this process found when it last looked. Another process, whose clock is right, does not end its alarm.
#[derive(Default)]
pub(crate) struct ClockSeen(Mutex<Seen>);

#[derive(Default)]
struct Seen {
    is_off: Option<bool>,
    /// When the alarm was raised last, or that was tried.
    raised_at: Option<Instant>,
}

impl Seen {
    fn may_come_late(&self) -> bool {
        self.raised_at.is_some_and(|at| at.elapsed() < SETTLES)
    }
}

impl Examiner {
    /// Compares our clock with the newest block, and raises or ends the alarm about it.
    pub(crate) async fn look_at_clock(
        &self,
        connection: &mut MySqlConnection,
        newest: &Block,
    ) -> Result<(), Hindrance> {
        let mut seen = self.clock_seen().0.lock().await;
        let (now, block) = (self.now(), newest.time());
        let apart = now.since(block).max(block.since(now));
        let (is_off, is_ahead, seconds) = (apart > APART, now > block, apart.as_secs());
        if is_off && seen.is_off != Some(true) {
            tracing::warn!(seconds, is_ahead, "our clock and the chain's are far apart");
        }
        if is_off {
            // Before it is: what the database did although its answer was lost is ended as well.
            seen.is_off = Some(true);
            seen.raised_at = Some(Instant::now());
            self.raise_alarm(connection, AlarmKind::ClockOff).await?;
        } else if seen.is_off != Some(false) || seen.may_come_late() {
            self.end_alarm(connection, AlarmKind::ClockOff).await?;
            // Where the database refused it, it is done the next time.
            seen.is_off = Some(false);
        }
        Ok(())
    }
}

//! Whether our clock can be believed: how far it and the time of the chain's newest block are apart.
//!
//! No verdict on what is anchored rests on our clock, but leases, alarms and the 72 hours of an incident do. A block is
//! seconds old when we see it, and no chain takes one from times to come: further apart, one of the two clocks is off, or the
//! node has had no new block for long.

use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use chain::Block;
use database::MySqlConnection;
use database::operations_alarms::{self, AlarmKind};

use crate::examiner::Examiner;
use crate::obstacle::Hindrance;

/// Further apart they are never by themselves.
const APART: Duration = Duration::from_secs(5 * 60);

/// What this process saw of it last. Another one, with a clock that is right, does not end its alarm.
#[derive(Default)]
pub(crate) struct ClockSeen(AtomicU8);

/// Zero is: nothing yet.
const TOGETHER: u8 = 1;
const OFF: u8 = 2;

impl ClockSeen {
    fn note(&self, seen: u8) -> u8 {
        self.0.swap(seen, Ordering::Relaxed)
    }
}

impl Examiner {
    /// Compares our clock with the newest block, and raises or ends the alarm about it.
    pub(crate) async fn look_at_clock(
        &self,
        connection: &mut MySqlConnection,
        newest: &Block,
    ) -> Result<(), Hindrance> {
        let (now, block) = (self.now(), newest.time());
        let apart = now.since(block).max(block.since(now));
        let kind = AlarmKind::ClockOff;
        if apart > APART {
            if self.clock_seen().note(OFF) != OFF {
                let seconds = apart.as_secs();
                let is_ahead = now > block;
                tracing::warn!(seconds, is_ahead, "our clock and the chain's are far apart");
            }
            operations_alarms::raise(connection, kind, now).await?;
        } else if self.clock_seen().note(TOGETHER) != TOGETHER {
            operations_alarms::clear(connection, kind).await?;
        }
        Ok(())
    }
}

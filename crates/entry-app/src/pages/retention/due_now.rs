//! How much is due, for pages that warn of it.

use std::time::Duration;

use database::records_view::{self, Days};
use record::time::UnixMillis;
use sqlx::MySqlConnection;
use web_kit::error::Result;

use crate::state::Desk;

const DAY: Duration = Duration::from_hours(24);

/// Which part of what is due.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Its time is over.
    Now,
    /// It will be within the days of the profile.
    Soon,
    /// Nobody can tell.
    Unknown,
}

impl Part {
    pub const ALL: [Self; 3] = [Self::Now, Self::Soon, Self::Unknown];

    /// As addresses name it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Now => "now",
            Self::Soon => "soon",
            Self::Unknown => "unknown",
        }
    }

    /// Which days that are.
    pub fn days(self, desk: &Desk) -> Days {
        let now = desk.clock.now();
        // What is due this very moment is due.
        let next = UnixMillis(now.0.saturating_add(1));
        match self {
            Self::Now => Some((UnixMillis(0), next)),
            Self::Soon => Some((next, next.plus(DAY * desk.profile.retention.warn_days))),
            Self::Unknown => None,
        }
    }
}

/// How many records are in each part; one more than [`records_view::MOST_COUNTED`] stands for any number above.
pub struct DueCounts {
    pub now: u64,
    pub soon: u64,
    pub unknown: u64,
}

impl DueCounts {
    pub async fn load(desk: &Desk, connection: &mut MySqlConnection) -> Result<Self> {
        let mut counts = [0; 3];
        for (count, part) in counts.iter_mut().zip(Part::ALL) {
            *count = records_view::due_count(connection, part.days(desk)).await?;
        }
        let [now, soon, unknown] = counts;
        Ok(Self { now, soon, unknown })
    }

    pub const fn of(&self, part: Part) -> u64 {
        match part {
            Part::Now => self.now,
            Part::Soon => self.soon,
            Part::Unknown => self.unknown,
        }
    }
}

/// A number as people read it.
pub fn counted(count: u64) -> String {
    match count > records_view::MOST_COUNTED {
        true => format!("over {}", records_view::MOST_COUNTED),
        false => count.to_string(),
    }
}

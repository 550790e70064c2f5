//! Time as it is stored and passed in: Unix milliseconds, and a clock that tests can hold still.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use serde::{Deserialize, Serialize};

/// A point in time: milliseconds since 1970-01-01T00:00:00Z, as every table stores it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UnixMillis(pub u64);

impl UnixMillis {
    /// From whole seconds, as chains and consent messages count.
    pub const fn from_seconds(seconds: u64) -> Self {
        Self(seconds.saturating_mul(1000))
    }

    /// Whole seconds, rounded down.
    pub const fn as_seconds(self) -> u64 {
        self.0 / 1000
    }

    /// This long later; stops at the end of time instead of wrapping round.
    #[must_use]
    pub fn plus(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(millis(duration)))
    }

    /// This long earlier; stops at zero.
    #[must_use]
    pub fn minus(self, duration: Duration) -> Self {
        Self(self.0.saturating_sub(millis(duration)))
    }

    /// How long ago `earlier` was; nothing when it lies ahead.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }
}

impl fmt::Display for UnixMillis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// Tells the time. Passed to whatever needs it, so that a test can decide what time it is; clones tell the same time.
#[derive(Clone, Debug)]
pub struct Clock(Source);

#[derive(Clone, Debug)]
enum Source {
    System,
    Fixed(Arc<AtomicU64>),
    /// By so many milliseconds, wrapping where it is behind.
    Off(Arc<AtomicU64>),
}

impl Clock {
    /// The time of the operating system.
    pub const fn system() -> Self {
        Self(Source::System)
    }

    /// Stands at `now` until [`Clock::advance`] moves it.
    pub fn fixed(now: UnixMillis) -> Self {
        Self(Source::Fixed(Arc::new(AtomicU64::new(now.0))))
    }

    /// Goes as the operating system's does, until [`Clock::advance`] and [`Clock::turn_back`] set it wrong.
    pub fn adjustable() -> Self {
        Self(Source::Off(Arc::default()))
    }

    /// The time now.
    pub fn now(&self) -> UnixMillis {
        match &self.0 {
            Source::System => UnixMillis(system_millis()),
            Source::Fixed(now) => UnixMillis(now.load(Ordering::SeqCst)),
            Source::Off(by) => UnixMillis(system_millis().wrapping_add(by.load(Ordering::SeqCst))),
        }
    }

    /// Moves a fixed or adjustable clock, and all its clones, ahead. The system's clock does not listen.
    pub fn advance(&self, duration: Duration) {
        if let Source::Fixed(moved) | Source::Off(moved) = &self.0 {
            moved.fetch_add(millis(duration), Ordering::SeqCst);
        }
    }

    /// Moves a fixed or adjustable clock, and all its clones, back.
    pub fn turn_back(&self, duration: Duration) {
        if let Source::Fixed(moved) | Source::Off(moved) = &self.0 {
            moved.fetch_sub(millis(duration), Ordering::SeqCst);
        }
    }
}

/// A system clock before 1970 is told as 1970: every check against it then fails closed.
fn system_millis() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, millis)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fixed_clocks_and_their_clones_move_together() {
        let clock = Clock::fixed(UnixMillis(1_000));
        let clone = clock.clone();
        clock.advance(Duration::from_secs(2));
        assert_eq!(clone.now(), UnixMillis(3_000));
    }

    #[test]
    fn an_adjustable_clock_goes_on_by_itself_and_can_be_behind() {
        let clock = Clock::adjustable();
        let hour = Duration::from_secs(3600);
        clock.turn_back(hour);
        let behind = Clock::system().now().since(clock.now());
        assert!(behind >= hour - Duration::from_secs(60) && behind <= hour);
        clock.advance(2 * hour);
        assert!(clock.now() > Clock::system().now());
    }

    #[test]
    fn the_system_clock_is_past_the_year_2020() {
        assert!(Clock::system().now() > UnixMillis::from_seconds(1_577_836_800));
    }

    #[test]
    fn arithmetic_stops_at_both_ends() {
        assert_eq!(UnixMillis(5).minus(Duration::from_secs(1)), UnixMillis(0));
        assert_eq!(
            UnixMillis(u64::MAX).plus(Duration::MAX),
            UnixMillis(u64::MAX)
        );
        assert_eq!(UnixMillis(5).since(UnixMillis(9)), Duration::ZERO);
        assert_eq!(UnixMillis(2_999).as_seconds(), 2);
    }
}

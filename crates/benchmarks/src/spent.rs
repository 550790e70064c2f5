//! What this process has spent: CPU time of all its threads, and memory.

use std::fs;
use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};

/// A point in time, or a span.
#[derive(Clone, Copy)]
pub struct Spent {
    /// Time on a CPU, of all threads.
    pub cpu: Duration,
    /// Time by the clock.
    pub clock: Duration,
}

/// Where a span begins.
pub struct Begun {
    cpu: Duration,
    clock: Instant,
}

impl Spent {
    /// From now on.
    #[must_use]
    pub fn now() -> Begun {
        Begun {
            cpu: cpu(),
            clock: Instant::now(),
        }
    }

    /// No time at all.
    #[must_use]
    pub const fn nothing() -> Self {
        Self {
            cpu: Duration::ZERO,
            clock: Duration::ZERO,
        }
    }

    /// How often the CPU time of the other goes into this.
    #[must_use]
    pub fn per(self, other: Self) -> f64 {
        self.cpu.as_secs_f64() / other.cpu.as_secs_f64()
    }

    /// The one of less CPU time.
    #[must_use]
    pub fn less(self, other: Self) -> Self {
        if other.cpu < self.cpu { other } else { self }
    }

    /// With so much more for each of so many.
    #[must_use]
    pub fn plus(self, each: Duration, count: u64) -> Self {
        let more = each * u32::try_from(count).unwrap();
        Self {
            cpu: self.cpu + more,
            clock: self.clock + more,
        }
    }
}

impl Begun {
    /// What was spent since.
    #[must_use]
    pub fn until_now(&self) -> Spent {
        Spent {
            cpu: cpu() - self.cpu,
            clock: self.clock.elapsed(),
        }
    }
}

/// Of all threads, those that have ended as well.
fn cpu() -> Duration {
    let spent = clock_gettime(ClockId::ProcessCPUTime);
    Duration::try_from(spent).unwrap()
}

/// Bytes in memory at most, since [`forget_peak`].
#[must_use]
pub fn peak() -> u64 {
    of_status("VmHWM:")
}

/// Begins to count the peak anew.
pub fn forget_peak() {
    fs::write("/proc/self/clear_refs", "5").unwrap();
}

fn of_status(name: &str) -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with(name)).unwrap();
    let kilobytes: u64 = line.split_whitespace().nth(1).unwrap().parse().unwrap();
    kilobytes * 1024
}

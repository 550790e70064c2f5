//! Keeping a rate.

use std::time::Duration;

use tokio::time::Instant;

/// How far behind its rate a pass may catch up at once.
const SLACK: Duration = Duration::from_secs(1);

/// Lets so many through in a second, evenly.
pub struct Pace {
    every: Duration,
    next: Option<Instant>,
}

impl Pace {
    /// At most `rate` in a second; zero is one.
    pub fn new(rate: u32) -> Self {
        Self {
            every: Duration::from_secs(1) / rate.max(1),
            next: None,
        }
    }

    /// As fast as it goes.
    pub fn unlimited() -> Self {
        Self {
            every: Duration::ZERO,
            next: None,
        }
    }

    /// Waits for the next turn.
    pub async fn wait(&mut self) {
        if self.every.is_zero() {
            return;
        }
        let now = Instant::now();
        let earliest = now.checked_sub(SLACK).unwrap_or(now);
        let turn = self.next.unwrap_or(now).max(earliest);
        self.next = Some(turn + self.every);
        tokio::time::sleep_until(turn).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_rate_is_kept_however_long_each_takes() {
        let (mut pace, start) = (Pace::new(50), Instant::now());
        for number in 0..=100_u32 {
            pace.wait().await;
            tokio::time::advance(Duration::from_millis(u64::from(number % 20))).await;
        }
        let took = start.elapsed();
        assert!(took >= Duration::from_secs(2), "{took:?}");
        assert!(took <= Duration::from_millis(2100), "{took:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn without_a_rate_nothing_waits() {
        let (mut pace, start) = (Pace::unlimited(), Instant::now());
        for _ in 0..1000 {
            pace.wait().await;
        }
        assert_eq!(start.elapsed(), Duration::ZERO);
    }
}

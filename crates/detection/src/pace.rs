//! Keeping a rate.

use std::time::Duration;

use tokio::time::Instant;

/// How far behind its rate a pass may catch up at once.
const SLACK: Duration = Duration::from_secs(1);

/// Most that are looked at together: a page of the chain.
const MOST_AT_ONCE: u32 = 500;
/// So many parts of a second's work are done one after the other, so that none is told long after it was looked at.
const PARTS_OF_A_SECOND: u32 = 4;

/// Lets so many through in a second, evenly.
pub struct Pace {
    every: Duration,
    at_once: u32,
    next: Option<Instant>,
}

impl Pace {
    /// At most `rate` in a second; zero is one.
    pub fn new(rate: u32) -> Self {
        Self {
            every: Duration::from_secs(1) / rate.max(1),
            at_once: (rate / PARTS_OF_A_SECOND).clamp(1, MOST_AT_ONCE),
            next: None,
        }
    }

    /// As fast as it goes.
    pub fn unlimited() -> Self {
        Self {
            every: Duration::ZERO,
            at_once: MOST_AT_ONCE,
            next: None,
        }
    }

    /// Waits for the next turn, and says how many to look at together.
    pub async fn turn(&mut self) -> u32 {
        if self.every.is_zero() {
            return self.at_once;
        }
        let now = Instant::now();
        let earliest = now.checked_sub(SLACK).unwrap_or(now);
        let turn = self.next.unwrap_or(now).max(earliest);
        self.next = Some(turn);
        tokio::time::sleep_until(turn).await;
        self.at_once
    }

    /// So many are looked at in this turn.
    pub fn took(&mut self, count: u64) {
        let count = u32::try_from(count).unwrap_or(u32::MAX);
        let taken = self.every.saturating_mul(count);
        self.next = self.next.map(|turn| turn + taken);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_rate_is_kept_however_long_each_takes() {
        let (mut pace, start) = (Pace::new(50), Instant::now());
        for number in 0..=100_u32 {
            pace.turn().await;
            pace.took(1);
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
            pace.turn().await;
            pace.took(1);
        }
        assert_eq!(start.elapsed(), Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn several_at_once_take_as_long_as_one_by_one() {
        for rate in [1, 3, 50, 100, 1000] {
            let (mut pace, start) = (Pace::new(rate), Instant::now());
            let mut left = rate * 2;
            while left > 0 {
                let count = pace.turn().await.min(left);
                pace.took(u64::from(count));
                left -= count;
            }
            pace.turn().await;
            let took = start.elapsed();
            let even = Duration::from_millis(1990)..=Duration::from_millis(2010);
            assert!(even.contains(&took), "{rate} a second: {took:?}");
        }
    }
}

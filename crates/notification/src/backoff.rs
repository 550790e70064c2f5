//! How long to wait before the next attempt.

use std::time::Duration;

use rand::{Rng, RngExt};

/// Doubles with each attempt up to `most`, and scatters by a fifth to both sides, so that what failed together is not
/// tried again together.
pub(crate) fn delay(
    attempts: u32,
    first: Duration,
    most: Duration,
    rng: &mut impl Rng,
) -> Duration {
    let doublings = attempts.saturating_sub(1).min(31);
    let delay = first.saturating_mul(1 << doublings).min(most);
    delay.mul_f64(rng.random_range(0.8..1.2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_delay_doubles_up_to_the_longest() {
        let (first, most) = (Duration::from_secs(5), Duration::from_secs(3600));
        for (attempts, seconds) in [
            (0, 5),
            (1, 5),
            (2, 10),
            (5, 80),
            (11, 3600),
            (u32::MAX, 3600),
        ] {
            let exact = Duration::from_secs(seconds);
            for _ in 0..50 {
                let delay = delay(attempts, first, most, &mut rand::rng());
                assert!(
                    delay >= exact.mul_f64(0.8) && delay <= exact.mul_f64(1.2),
                    "{attempts}: {delay:?}"
                );
            }
        }
    }
}

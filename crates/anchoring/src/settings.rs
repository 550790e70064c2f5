//! How the work is paced.

use std::time::Duration;

/// How the anchoring job is paced. The defaults serve a chain with blocks every few seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AnchoringSettings {
    /// How many plans may be in flight at once.
    pub max_in_flight: usize,
    /// A transaction that waited this long while blocks were made is replaced at a higher fee.
    pub replace_after: Duration,
    /// The pause between two rounds.
    pub pause: Duration,
    /// The longest pause while something is out of reach.
    pub longest_pause: Duration,
    /// How long the leader's lease lasts without a sign of life.
    pub lease: Duration,
}

impl Default for AnchoringSettings {
    fn default() -> Self {
        Self {
            max_in_flight: 16,
            replace_after: Duration::from_secs(90),
            pause: Duration::from_secs(1),
            longest_pause: Duration::from_secs(60),
            lease: Duration::from_secs(30),
        }
    }
}

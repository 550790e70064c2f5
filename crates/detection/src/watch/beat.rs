//! Our own writes, which must come back in the log: that they do shows that it is whole.

use std::time::{Duration, Instant};

/// The position is written at least so often, so that the beat goes on.
pub const BEAT_EVERY: Duration = Duration::from_secs(10);
/// A beat that has not come back by then is late.
const LATE: Duration = Duration::from_secs(30);

/// Beats are numbered as they are sent.
#[derive(Default)]
pub struct Beat {
    sent: u64,
    sent_at: Option<Instant>,
    heard: u64,
    /// Whether anything was looked at since.
    pub is_due: bool,
}

impl Beat {
    /// Goes on behind the one that was written down.
    pub fn resume(&mut self, number: u64) {
        (self.sent, self.heard) = (number, number);
    }

    /// What was sent before lies behind us.
    pub fn expect_nothing(&mut self) {
        self.heard = self.sent;
    }

    /// One came back; whether it is a newer one of ours.
    pub fn hear(&mut self, number: u64) -> bool {
        // A higher one is not ours.
        let is_news = self.heard < number && number <= self.sent;
        if is_news {
            self.heard = number;
        }
        is_news
    }

    /// Since when the newest one is on its way.
    pub fn awaited_since(&self) -> Option<Instant> {
        match self.is_awaited() {
            true => self.sent_at,
            false => None,
        }
    }

    /// Whether the next one is to be sent. One at a time: a late one is not hidden by the next. One that is lost for good is
    /// late until another comes back.
    pub fn is_wanted(&self, is_lost: bool) -> bool {
        let is_old = self.sent_at.is_none_or(|at| at.elapsed() >= BEAT_EVERY);
        match self.is_awaited() {
            true => is_lost && is_old,
            false => self.is_due || is_old,
        }
    }

    /// The number of the next one.
    pub fn next(&self) -> u64 {
        self.sent + 1
    }

    /// The next one was sent.
    pub fn was_sent(&mut self) {
        self.sent += 1;
        self.sent_at = Some(Instant::now());
        self.is_due = false;
    }

    fn is_awaited(&self) -> bool {
        self.heard < self.sent
    }
}

/// Whether what has lasted since then has lasted too long.
pub fn is_late(since: Instant) -> bool {
    since.elapsed() >= LATE
}

//! Following the log of a real server: `DATABASE_SERVER_URL`'s, or one that is started for it.

#![expect(clippy::unwrap_used, reason = "tests may panic")]

mod content;
mod continuity;
mod parts;
mod refusals;
mod stage;

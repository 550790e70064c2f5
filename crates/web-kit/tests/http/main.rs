//! What every page of ours does, seen from outside: over HTTP, on a real database.

#![expect(clippy::unwrap_used, reason = "a failed test may panic")]

mod errors;
mod expired_session;
mod foreign_requests;
mod harness;
mod headers;
mod serving;
mod sign_in;
mod sign_in_limits;
mod sign_out;

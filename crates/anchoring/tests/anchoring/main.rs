//! Anchoring against a real database, through accounts of least right, and a real chain.
#![expect(clippy::unwrap_used, reason = "a failed test may panic")]

mod approval;
mod collisions;
mod crashes;
mod fees;
mod finishing;
mod happy;
mod keys;
mod leadership;
mod obstacles;
mod people;
mod reorganisation;
mod retirement;
mod stage;
mod tampering;
mod transactions;
mod voids;
mod wallet_change;

//! The harness of the journeys: a real browser, wallets whose keys stay here, and the product on real parts.

mod browser;
pub mod steps;
mod tab;
mod wallet;

pub use browser::{Browser, Screen};
pub use tab::Tab;
pub use wallet::{Mood, Wallet};

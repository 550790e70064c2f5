//! The harness of the journeys: a real browser, wallets whose keys stay here, and the product on real parts.

pub mod attacker;
mod browser;
mod lookout;
pub mod steps;
mod tab;
mod wallet;

pub use browser::{Browser, Screen};
pub use lookout::{Fault, Found, Incident, Line, Lookout, NO_UID};
pub use tab::{Key, Tab};
pub use wallet::{Mood, Wallet};

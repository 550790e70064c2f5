//! consent-dapp through its doors: real database, its own account, real signatures.
#![expect(clippy::unwrap_used, reason = "a failed test may panic")]

mod code;
mod contract_wallet;
mod copy;
mod correction;
mod decline;
mod demo_wallet;
mod erase;
mod harness;
mod link;
mod message;
mod process;
mod receipt;
mod rectification;
mod restriction;
mod safety;
mod sign;
mod ticket;
mod wallet;
mod withdraw;

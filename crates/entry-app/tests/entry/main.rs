//! entry-app through its doors: real database by its own accounts, real chain, real mail.
#![expect(clippy::unwrap_used, reason = "a failed test may panic")]

mod access;
mod anchoring;
mod approve;
mod copy;
mod edit;
mod enter;
mod erase;
mod harness;
mod kept_form;
mod link;
mod list;
mod process;
mod rectify;
mod restriction;
mod retention;
mod search;
mod show;
mod staff;
mod tampering;
mod wallet_change;
mod withdraw;

//! consent-dapp: where data owners read, sign, correct, decline, and take back what they allowed. `docs/CONSENT.md` describes its doors.

mod admission;
mod app;
mod assets;
mod before;
mod body;
mod challenge;
mod closed;
mod copy_visit;
mod demo_wallet;
mod details;
mod elsewhere;
mod forgetting;
mod links;
mod mail;
mod metrics;
mod network;
mod offer;
mod pages;
mod pass;
mod receipt;
mod refusal;
mod restriction_view;
mod router;
mod run;
mod settings;
mod signer;
mod standing;
mod tampering;
mod ticket_visit;
mod urls;
mod visit;

pub use run::{assemble, run};
pub use settings::Settings;

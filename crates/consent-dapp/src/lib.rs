//! consent-dapp: where data owners read, sign, correct or decline. `docs/CONSENT.md` describes its doors.

mod admission;
mod app;
mod assets;
mod before;
mod body;
mod challenge;
mod closed;
mod demo_wallet;
mod details;
mod elsewhere;
mod forgetting;
mod links;
mod mail;
mod network;
mod offer;
mod pages;
mod pass;
mod receipt;
mod refusal;
mod router;
mod run;
mod settings;
mod standing;
mod tampering;
mod urls;
mod visit;

pub use run::{assemble, run};
pub use settings::Settings;

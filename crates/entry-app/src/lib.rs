//! entry-app: where a controller's staff enter people, give them their links, approve what they signed, and see it
//! anchored.

mod answering;
mod background;
mod keeping;
mod metrics;
mod pages;
mod router;
mod rules;
mod run;
mod settings;
mod state;
mod urls;

pub use run::{assemble, run};
pub use settings::Settings;

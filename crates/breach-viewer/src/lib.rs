//! breach-viewer: where officers see whether every record is what its owner signed, handle what is not, and restore it.

mod assets;
mod background;
mod banner;
mod metrics;
mod officer;
mod pages;
mod router;
mod run;
mod settings;
mod state;
mod sweep_once;
mod urls;

pub use run::{assemble, run};
pub use settings::Settings;

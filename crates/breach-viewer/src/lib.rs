//! breach-viewer: where officers see whether every record is what its owner signed, handle what is not, and restore it.

mod assets;
mod background;
mod banner;
mod officer;
mod pages;
mod router;
mod run;
mod settings;
mod state;
mod urls;

pub use run::{assemble, run};
pub use settings::Settings;

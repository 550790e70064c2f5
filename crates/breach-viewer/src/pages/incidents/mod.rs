//! Breaches being handled (GDPR Art. 33).

pub mod clock;
pub mod evidence;
pub mod list;
pub mod show;
pub mod step;

mod excerpt;
mod time_line;

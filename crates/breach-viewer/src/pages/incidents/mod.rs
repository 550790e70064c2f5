//! Breaches being handled (GDPR Art. 33).

pub mod evidence;
pub mod list;
pub mod show;
pub mod step;

mod clock;
mod time_line;

//! The start page: is everything all right?

mod ago;
mod alarms;
pub mod events;
mod headline;
mod history;
mod incidents;
mod map;
pub mod overview;
pub mod period;
pub mod show;

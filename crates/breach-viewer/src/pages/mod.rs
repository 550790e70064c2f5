//! One folder per noun, one file per page or action.

pub mod incidents;
pub mod mail;
pub mod records;
pub mod start;

mod verdict_view;

//! Mail that did not reach its reader.

pub mod list;
pub mod seen;

mod line;

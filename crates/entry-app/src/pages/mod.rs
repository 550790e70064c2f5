//! One folder per noun, one file per page or action.

pub mod erasures;
pub mod records;
pub mod restrictions;
pub mod retention;
pub mod staff;
pub mod wallet_changes;
pub mod welcome;

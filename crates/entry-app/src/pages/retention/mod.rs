//! What is due to be erased since its time is over (docs/RETENTION.md).

pub mod due_now;
pub mod list;
mod order;
pub mod release;

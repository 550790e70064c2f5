//! Many anchored records, made once and kept, for the benchmarks beside this library (`make bench`).

#![expect(
    clippy::print_stdout,
    reason = "a benchmark tells its figures on the terminal"
)]
#![expect(clippy::unwrap_used, reason = "a benchmark that can't go on may panic")]

mod anchoring;
mod data_set;
mod filling;
mod owner;
mod spent;
mod spoiling;
mod verdict;

pub use data_set::{DataSet, PATIENCE};
pub use owner::{Owner, bytes, message};
pub use spent::{Begun, Spent, forget_peak, peak};
pub use verdict::verdict;

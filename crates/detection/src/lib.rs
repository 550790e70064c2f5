//! Finds out whether records are what their owners signed.

pub mod verdict;

//! Each thing that can happen to a record, and the verdict it gets. Cells are sealed and signatures made with real keys.

mod explanation;
mod key_thief;
mod properties;
mod sql;
mod unanchored;
mod world;

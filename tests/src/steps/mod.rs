//! What staff and owners do, as small steps that journeys are told with.

mod desk;
mod enrol;
mod officer;
mod owner;
mod sign_in;
mod site;

pub use desk::{Anchored, Handed, Office};
pub use enrol::{Enrolled, enrol};
pub use officer::Officer;
pub use owner::Owner;
pub use sign_in::{sign_in, staff};
pub use site::{CHAIN_ID, connect, options};

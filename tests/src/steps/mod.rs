//! What staff and owners do, as small steps that journeys are told with.

mod desk;
mod enrol;
mod keys;
mod mail;
mod officer;
mod owner;
mod privacy;
mod sign_in;
mod site;
mod time;

pub use desk::{Anchored, Handed, Office};
pub use enrol::{Enrolled, SignedUp, enrol, sign_up};
pub use keys::{application_keys, front_keys};
pub use mail::mailed;
pub use officer::Officer;
pub use owner::Owner;
pub use privacy::{leaves_no_trace, letters_tell_no_more};
pub use sign_in::{sign_in, staff};
pub use site::{CHAIN_ID, connect, options};
pub use time::{expire_link, leave_idle};

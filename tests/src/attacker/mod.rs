//! Attackers and what they hold: any SQL, the real keys, the controller's chain key.

mod controller_thief;
mod insider;
mod key_thief;

pub use controller_thief::ControllerThief;
pub use insider::{Act, Insider, record_of};
pub use key_thief::{Forgery, KeyThief, Rewritten};

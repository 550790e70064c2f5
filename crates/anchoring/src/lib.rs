//! Anchoring: the record proof of every approved record stands on the chain exactly once, whatever crashes in between; and so does
//! the end of a record whose erasure was granted.
//!
//! `docs/ANCHORING.md` tells the states, the transitions and why each crash point is safe; the modules here follow its
//! sections. [`approve`] writes the job within the caller's transaction, [`Anchorer::run`] does the work.

mod anchorer;
mod approval;
mod consent;
mod fate;
mod finishing;
mod line;
mod plan;
mod planning;
mod reading;
mod rejection;
mod retirement;
mod round;
mod sending;
mod settings;
mod settling;
mod status;
mod turn;
mod wallet_change;
mod work;

pub use anchorer::Anchorer;
pub use approval::{ApprovalError, approve};
pub use rejection::Rejection;
pub use retirement::retire;
pub use settings::AnchoringSettings;
pub use status::{AnchoringStatus, Problem};
pub use work::AnchoringParts;

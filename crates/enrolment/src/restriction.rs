//! Restriction and objection (GDPR Art. 18 and 21; docs/RESTRICTION.md): what owners ask for, what is decided about it, and what a
//! record may be used for meanwhile.

mod ask;
mod cause;
mod decide;
mod lift;
mod limits;
mod many;
mod permit;
mod requests;
mod step;
mod uses;
mod withdraw;

pub use ask::{Asking, ask};
pub use cause::{Cause, Reason, Told};
pub use decide::{grant, refuse};
pub use lift::{announce, lift, telling_mail};
pub use limits::Limits;
pub use permit::{Permit, Restricted, permit};
pub use requests::{Ground, Request, Requests, Wanted};
pub use uses::{Standing, Use};
pub use withdraw::{Withdrawing, Withdrawn, withdraw};

//! Taking consent back (GDPR Art. 7(3); docs/WITHDRAWAL.md), however it comes.

mod allowed;
mod take_back;
mod taken_back;

pub use allowed::Allowed;
pub use take_back::{Taking, take_back, take_back_by_request};
pub use taken_back::TakenBack;

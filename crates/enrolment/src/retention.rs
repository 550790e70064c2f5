//! For how long records are kept, and what comes when that is over (docs/RETENTION.md).

mod hold;
mod prolong;
mod reckon;
mod release;
mod rules;
mod term;
mod warn;

pub use hold::{Hold, hold};
pub(crate) use prolong::prolongations_of;
pub use prolong::{Prolongation, prolong};
pub use reckon::{Looked, reckon};
pub use release::{Releasing, Why, release};
pub use rules::Rules;
pub use term::{Kept, KeptUntil, Term};
pub use warn::{Warning, warn};

//! The day by which an owner has an answer.

use record::keeping::Period;
use record::time::UnixMillis;

/// One month on (GDPR Art. 12(3)).
pub(crate) fn a_month_after(at: UnixMillis) -> UnixMillis {
    Period::months(1).after(at)
}

//! Having a record erased (docs/ERASURE.md): the request, and what is decided about it. Retiring and destroying come after.

mod ask;
mod decide;
mod held;

pub use ask::{Asking, ask};
pub(crate) use decide::move_on;
pub use decide::{Granting, grant, refuse};
pub use held::Held;

use database::MySqlConnection;
use database::erasures::{self, Erasure, ErasureState};
use keyring::ApplicationKeys;
use record::ids::RecordId;

use crate::EnrolmentError;

/// The request about a record that is not over, if there is one.
///
/// # Errors
/// When the database can't be reached.
pub async fn current(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
    record: RecordId,
) -> Result<Option<Erasure>, EnrolmentError> {
    let requests = erasures::of_record(connection, keys, record).await?;
    let is_current =
        |one: &Erasure| matches!(one.state, ErasureState::Open | ErasureState::Granted);
    Ok(requests.rows.into_iter().rfind(is_current))
}

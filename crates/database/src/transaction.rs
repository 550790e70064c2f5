//! How a transaction ends.

use sqlx::{MySql, Transaction};

use crate::error::RowError;

/// Commits what went well and rolls back the rest at once: a transaction that is only dropped keeps its locks until
/// its connection is used again.
pub(crate) async fn finish<T>(
    transaction: Transaction<'_, MySql>,
    outcome: Result<T, RowError>,
) -> Result<T, RowError> {
    match outcome {
        Ok(value) => {
            transaction.commit().await?;
            Ok(value)
        }
        Err(error) => {
            // The first error tells more; a connection that can't roll back is closed, and the server does.
            if let Err(problem) = transaction.rollback().await {
                tracing::warn!(%problem, "a transaction could not be rolled back");
            }
            Err(error)
        }
    }
}

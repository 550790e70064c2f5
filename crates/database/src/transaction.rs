//! How a transaction begins and ends.

use sqlx::{Connection, MySql, MySqlConnection, Transaction};

use crate::error::RowError;

/// Begins a transaction whose reads all see one moment. In others each statement sees its own (`connection::SESSION`), and between
/// two of them somebody may hand in a part of the sweep, which takes away the rows that it stands for.
pub(crate) async fn snapshot(
    connection: &mut MySqlConnection,
) -> Result<Transaction<'_, MySql>, sqlx::Error> {
    // The first holds for the next transaction alone. Sent together: who is dropped in between leaves no connection that sees otherwise.
    connection
        .begin_with("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ; START TRANSACTION")
        .await
}

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

//! What can go wrong between us and a row.

use keyring::MacError;
use sqlx::mysql::MySqlDatabaseError;

use crate::tampering_log;

/// Why a row could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum RowError {
    /// The server refused, or could not be reached.
    #[error("the database did not do as asked")]
    Sql(#[from] sqlx::Error),
    /// The row was not written by us, or was changed behind our back: nothing may be done with it.
    #[error("row {row} of {table} does not carry our MAC")]
    Mac {
        /// The table of the row.
        table: &'static str,
        /// The row's key, as hex or number.
        row: String,
        /// What exactly did not hold: a MAC under unknown keys is not yet a tampered row.
        source: MacError,
    },
    /// A column holds what this software never writes.
    #[error("column {column} of {table} does not hold what it should")]
    Column {
        /// The table of the row.
        table: &'static str,
        /// The column at fault.
        column: &'static str,
        /// What was expected instead.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A unique key is taken; `key` is the name it has in `migrations/`.
    #[error("{key} of {table} is taken")]
    Duplicate {
        /// The table of the row.
        table: &'static str,
        /// The unique key, `PRIMARY` for the primary one.
        key: String,
    },
    /// The row is gone, or no longer in the state that the caller expected.
    #[error("row {row} of {table} is not as expected any more")]
    Changed {
        /// The table of the row.
        table: &'static str,
        /// The row's key, as hex or number.
        row: String,
    },
}

impl RowError {
    /// Whether the row is not one of ours: somebody else wrote to the table.
    #[must_use]
    pub fn is_tampering(&self) -> bool {
        matches!(self, Self::Mac { .. } | Self::Column { .. })
    }

    /// Whether the server is there and a table, a right or a row stands in the way: waiting does not help, and somebody may
    /// have done it on purpose.
    #[must_use]
    pub fn is_refusal(&self) -> bool {
        match self {
            // Also what a server in a restart says: a lock that is never let go, or a trigger, says the same.
            Self::Sql(sqlx::Error::Database(_)) => !self.is_read_only(),
            Self::Sql(error) => matches!(
                error,
                sqlx::Error::RowNotFound
                    | sqlx::Error::ColumnNotFound(_)
                    | sqlx::Error::ColumnDecode { .. }
                    | sqlx::Error::Decode(_)
            ),
            Self::Mac { .. } | Self::Column { .. } | Self::Duplicate { .. } => true,
            // Somebody was faster, as a rule one of us.
            Self::Changed { .. } => false,
        }
    }

    /// Whether the server takes no writes: it was put to read-only, or is a replica.
    #[must_use]
    pub fn is_read_only(&self) -> bool {
        const READ_ONLY: [u16; 2] = [1290, 1836];
        matches!(self, Self::Sql(error) if has_number(error, &READ_ONLY))
    }

    /// Whether two transactions were in each other's way: done again, it goes.
    #[must_use]
    pub fn is_collision(&self) -> bool {
        const DEADLOCK: u16 = 1213;
        matches!(self, Self::Sql(error) if has_number(error, &[DEADLOCK]))
    }

    /// Whether somebody holds a row for longer than the server lets others wait.
    #[must_use]
    pub fn is_lock_timeout(&self) -> bool {
        const LOCK_WAIT_TIMEOUT: u16 = 1205;
        matches!(self, Self::Sql(error) if has_number(error, &[LOCK_WAIT_TIMEOUT]))
    }

    /// The row that is not one of ours, and names it in the log; every other error is given back.
    pub(crate) fn tampered(self) -> Result<Tampered, Self> {
        tampering_log::name(&self);
        match self {
            Self::Mac { table, row, .. } => Ok(Tampered { table, row }),
            Self::Column { table, column, .. } => Ok(Tampered {
                table,
                row: format!("(column {column})"),
            }),
            other => Err(other),
        }
    }

    /// Whether `key` (its name in `migrations/`) was taken already.
    #[must_use]
    pub fn is_duplicate_of(&self, key: &str) -> bool {
        matches!(self, Self::Duplicate { key: taken, .. } if taken == key)
    }

    /// Turns the error of an `INSERT` into [`RowError::Duplicate`] when a unique key was taken.
    pub(crate) fn of_insert(table: &'static str, error: sqlx::Error) -> Self {
        let taken = error
            .as_database_error()
            .filter(|problem| problem.is_unique_violation())
            .and_then(|problem| key_of(problem.message()));
        match taken {
            Some(key) => Self::Duplicate { table, key },
            None => Self::Sql(error),
        }
    }

    pub(crate) fn changed(table: &'static str, row: impl ToString) -> Self {
        Self::Changed {
            table,
            row: row.to_string(),
        }
    }
}

/// Whether a server has no connection for us right now, as long as it is asked for one: under load, or in a restart.
#[must_use]
pub fn turns_away(error: &sqlx::Error) -> bool {
    /// Too many connections (of all, of one account), shutting down, killed.
    const PASSING: [u16; 4] = [1040, 1203, 1053, 1927];
    has_number(error, &PASSING)
}

fn has_number(error: &sqlx::Error, numbers: &[u16]) -> bool {
    let problem = error.as_database_error();
    let problem = problem.and_then(|problem| problem.try_downcast_ref::<MySqlDatabaseError>());
    problem.is_some_and(|problem| numbers.contains(&problem.number()))
}

/// `… for key 'consents_nonce_index'` (MariaDB) and `… for key 'consents.consents_nonce_index'` (MySQL) both give `consents_nonce_index`.
fn key_of(message: &str) -> Option<String> {
    let quoted = message.strip_suffix('\'')?;
    let name = &quoted[quoted.rfind('\'')? + 1..];
    Some(name.rsplit('.').next().unwrap_or(name).to_owned())
}

/// A row that somebody else wrote or changed, as a list tells it beside the good ones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tampered {
    /// The table of the row.
    pub table: &'static str,
    /// The row's key, as hex or number.
    pub row: String,
}

/// Rows of a list. One tampered row must not hide the others, and must not be used either.
#[derive(Debug)]
pub struct Checked<T> {
    /// The rows whose MAC holds, in the order asked for.
    pub rows: Vec<T>,
    /// The others.
    pub tampered: Vec<Tampered>,
    /// The number behind which there may be more, where so many are the others' that reading was broken off.
    pub goes_on_from: Option<u64>,
}

impl<T> Default for Checked<T> {
    fn default() -> Self {
        Self {
            rows: Vec::new(),
            tampered: Vec::new(),
            goes_on_from: None,
        }
    }
}

impl<T> Checked<T> {
    /// Sorts results into good rows and tampered ones; every other error ends it.
    pub(crate) fn sort(
        results: impl IntoIterator<Item = Result<T, RowError>>,
    ) -> Result<Self, RowError> {
        let mut sorted = Self::default();
        for result in results {
            sorted.add(result)?;
        }
        Ok(sorted)
    }

    /// Cuts a list of one more row than a page holds to the page, and tells where the next one begins. One more tells whether
    /// there is a next page.
    #[must_use]
    pub fn page(mut self, per_page: u32, number: impl Fn(&T) -> u64) -> Self {
        if self.rows.len() > per_page as usize {
            self.rows.truncate(per_page as usize);
            self.goes_on_from = self.rows.last().map(number);
        }
        self
    }

    /// Puts one result where it belongs.
    pub(crate) fn add(&mut self, result: Result<T, RowError>) -> Result<(), RowError> {
        match result {
            Ok(row) => self.rows.push(row),
            Err(error) => self.tampered.push(error.tampered()?),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_is_named_by_both_servers() {
        for message in [
            "Duplicate entry 'a'b' for key 'consents_nonce_index'",
            "Duplicate entry '\\x01.' for key 'consents.consents_nonce_index'",
        ] {
            assert_eq!(key_of(message).as_deref(), Some("consents_nonce_index"));
        }
        assert_eq!(key_of("something else"), None);
    }
}

//! The same rows as they come, before anything is made of them: most are as they were, and that is told by their bytes.

use futures::stream::{BoxStream, StreamExt, TryStreamExt, try_unfold};
use record::ids::Uid;
use sqlx::mysql::{MySql, MySqlConnection, MySqlRow};
use sqlx::{Decode, Row, ValueRef};

use super::{Evidence, assembled};
use crate::column::Columns;
use crate::error::RowError;

/// All rows that belong to a UID: of its record, versions, consents and key. Of several records, where more than one
/// claims it.
pub struct RowsOfUid {
    /// The UID that they claim.
    pub uid: Uid,
    rows: Vec<MySqlRow>,
}

impl RowsOfUid {
    /// Hands over every byte of every column, in an order and with lengths that leave no two ways to read them.
    pub fn each_column(&self, mut take: impl FnMut(&[u8])) -> Result<(), RowError> {
        for row in &self.rows {
            take(&(row.len() as u64).to_le_bytes());
            for column in 0..row.len() {
                let value = row.try_get_raw(column)?;
                if value.is_null() {
                    take(&u64::MAX.to_le_bytes());
                    continue;
                }
                // As the server sent it, whatever the column's type.
                let bytes = <&[u8] as Decode<'_, MySql>>::decode(value);
                let bytes = bytes.map_err(sqlx::Error::Decode)?;
                take(&(bytes.len() as u64).to_le_bytes());
                take(bytes);
            }
        }
        Ok(())
    }

    /// How many bytes there are.
    pub fn bytes(&self) -> Result<u64, RowError> {
        let mut bytes = 0;
        self.each_column(|column| bytes += column.len() as u64)?;
        Ok(bytes)
    }

    /// What they are to a verdict: a piece of evidence for each record.
    pub fn evidence(&self) -> Result<Vec<Evidence>, RowError> {
        assembled(&self.rows)
    }
}

/// Puts together what belongs to one UID.
fn by_uid(
    rows: BoxStream<'_, Result<MySqlRow, RowError>>,
) -> BoxStream<'_, Result<RowsOfUid, RowError>> {
    try_unfold(
        (rows, None::<RowsOfUid>),
        |(mut rows, mut current)| async move {
            while let Some(row) = rows.try_next().await? {
                let uid: Uid = Columns::of("records", &row).get("uid")?;
                match &mut current {
                    Some(same) if same.uid == uid => same.rows.push(row),
                    _ => {
                        let next = RowsOfUid {
                            uid,
                            rows: vec![row],
                        };
                        if let Some(finished) = current.replace(next) {
                            return Ok(Some((finished, (rows, current))));
                        }
                    }
                }
            }
            Ok(current.map(|last| (last, (rows, None))))
        },
    )
    .boxed()
}

/// Runs a query for the UIDs from `first` to `last`.
pub(super) fn connection_stream<'c>(
    connection: &'c mut MySqlConnection,
    query: &'static str,
    first: Uid,
    last: Uid,
) -> BoxStream<'c, Result<RowsOfUid, RowError>> {
    let rows = sqlx::query(query)
        .bind(first.get())
        .bind(last.get())
        .fetch(connection);
    by_uid(rows.map_err(RowError::from).boxed())
}

//! Lists by number in which rows that somebody else wrote take no place of ours.

use sqlx::Row as _;
use sqlx::mysql::{MySqlConnection, MySqlRow};

use crate::error::{Checked, RowError};

/// So many rows of others are passed over in one reading. Who plants more hides what lies behind them from this reading,
/// which says so ([`Checked::goes_on_from`]), and keeps nobody busy.
const MOST_PASSED_OVER: usize = 1000;

/// A list in the order of its numbers, upwards or downwards.
pub(crate) struct Numbered<'a> {
    /// Takes the values of `filter`, then the number to go on from, then how many rows.
    pub(crate) query: &'static str,
    /// What the rows have in common.
    pub(crate) filter: &'a [Value<'a>],
    /// The most that are read at once: what some rows hold is long.
    pub(crate) at_once: u32,
}

/// What a column is compared with.
#[derive(Clone, Copy)]
pub(crate) enum Value<'a> {
    Number(u64),
    Text(&'a str),
    Bytes(&'a [u8]),
}

impl Numbered<'_> {
    /// The first `limit` rows of ours behind this number, and those of others on the way to them.
    pub(crate) async fn read<T>(
        &self,
        connection: &mut MySqlConnection,
        mut behind: u64,
        limit: u32,
        read: impl Fn(&MySqlRow) -> Result<T, RowError>,
    ) -> Result<Checked<T>, RowError> {
        let mut found = Checked::default();
        // Where nothing is planted, one query brings all that is asked for, if it is no more than is read at once.
        let mut at_once = limit.clamp(1, self.at_once);
        loop {
            let rows = self.rows(connection, behind, at_once).await?;
            for row in &rows {
                found.add(read(row))?;
                behind = row.try_get("id")?;
                if found.rows.len() == limit as usize {
                    return Ok(found);
                }
            }
            if rows.len() < at_once as usize {
                return Ok(found);
            }
            at_once = self.at_once;
            if found.tampered.len() >= MOST_PASSED_OVER {
                found.goes_on_from = Some(behind);
                return Ok(found);
            }
        }
    }

    async fn rows(
        &self,
        connection: &mut MySqlConnection,
        behind: u64,
        limit: u32,
    ) -> Result<Vec<MySqlRow>, RowError> {
        let mut query = sqlx::query(self.query);
        for value in self.filter {
            query = match value {
                Value::Number(number) => query.bind(*number),
                Value::Text(text) => query.bind(*text),
                Value::Bytes(bytes) => query.bind(*bytes),
            };
        }
        Ok(query.bind(behind).bind(limit).fetch_all(connection).await?)
    }
}

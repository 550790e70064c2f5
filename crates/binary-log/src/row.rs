//! Rows as the log holds them.

use mysql_async::Value as Raw;
use mysql_async::binlog::row::BinlogRow;
use mysql_async::binlog::value::BinlogValue;
use zeroize::Zeroizing;

/// One row that was inserted (no row before), changed, or deleted (no row after).
#[derive(Clone)]
pub struct Change {
    /// The table.
    pub table: String,
    /// The row before.
    pub before: Option<Row>,
    /// The row after.
    pub after: Option<Row>,
}

impl Change {
    /// Whether the log holds every column.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        let is_whole = |row: &Option<Row>| row.as_ref().is_none_or(Row::is_whole);
        is_whole(&self.before) && is_whole(&self.after)
    }
}

/// The values of a row by the table's columns, in their order.
#[derive(Clone, PartialEq, Eq)]
pub struct Row {
    values: Vec<Option<Value>>,
}

/// One value. The log does not tell whether a number is signed: it is given as its 64 bits.
#[derive(Clone, PartialEq, Eq)]
pub enum Value {
    /// No value.
    Null,
    /// Text or bytes. A fixed-length column comes without its trailing zeros.
    Bytes(Zeroizing<Vec<u8>>),
    /// A whole number.
    Number(u64),
    /// A type that none of our tables has.
    Other,
}

impl Row {
    /// Of all columns' values; none where the log leaves one out.
    #[must_use]
    pub fn new(values: Vec<Option<Value>>) -> Self {
        Self { values }
    }

    /// The values, in the order of the columns; none where the log leaves one out.
    #[must_use]
    pub fn values(&self) -> &[Option<Value>] {
        &self.values
    }

    /// The value of a column, if the log holds it.
    #[must_use]
    pub fn get(&self, column: usize) -> Option<&Value> {
        self.values.get(column)?.as_ref()
    }

    fn is_whole(&self) -> bool {
        self.values.iter().all(Option::is_some)
    }

    /// `present` tells for each column whether the log holds it.
    pub(crate) fn read(row: BinlogRow, present: impl Iterator<Item = bool>) -> Self {
        let mut held = row.unwrap().into_iter();
        let values = present.map(|is_held| match is_held {
            true => held.next().map(Value::from),
            false => None,
        });
        Self {
            values: values.collect(),
        }
    }
}

impl From<BinlogValue<'static>> for Value {
    fn from(value: BinlogValue<'static>) -> Self {
        match value {
            BinlogValue::Value(Raw::NULL) => Self::Null,
            BinlogValue::Value(Raw::Bytes(bytes)) => Self::Bytes(Zeroizing::new(bytes)),
            BinlogValue::Value(Raw::Int(number)) => Self::Number(number.cast_unsigned()),
            BinlogValue::Value(Raw::UInt(number)) => Self::Number(number),
            _ => Self::Other,
        }
    }
}

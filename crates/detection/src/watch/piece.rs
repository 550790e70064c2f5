//! A piece of evidence in clear: what the log told of one transaction and one record. Sealed before it is kept.

use std::collections::BTreeMap;

use binary_log::{Change, Row, Transaction, Value};
use record::ids::RecordId;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::touched::record_of;

/// More of a statement is not kept.
const LONGEST_TEXT: usize = 64 * 1024;
/// Rows that take more are left out.
const LONGEST: usize = 1024 * 1024;

/// What is kept.
#[derive(Serialize, Deserialize)]
pub struct Piece {
    /// Where the transaction stands in the log.
    pub place: String,
    /// The connection that did it, where the log tells.
    pub connection: Option<u32>,
    /// The statements, where the log tells.
    pub statements: Vec<String>,
    /// The rows of this record.
    pub changes: Vec<PieceChange>,
    /// Whether rows were left out because they are too long.
    pub rows_left_out: bool,
}

/// One row of the record.
#[derive(Serialize, Deserialize)]
pub struct PieceChange {
    /// The table.
    pub table: String,
    /// By column.
    pub before: Option<BTreeMap<String, PieceValue>>,
    /// By column.
    pub after: Option<BTreeMap<String, PieceValue>>,
}

/// One value.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum PieceValue {
    /// A number.
    Number(u64),
    /// Bytes or text, in hexadecimal digits.
    Bytes(String),
    /// None.
    Null(()),
}

impl Piece {
    /// What a transaction did to a record; `columns` names the columns of each table.
    pub(super) fn of(
        transaction: &Transaction,
        record: RecordId,
        texts: &[Zeroizing<String>],
        columns: &BTreeMap<String, Vec<String>>,
    ) -> Self {
        let ours = transaction.changes.iter();
        let ours = ours.filter(|change| record_of(change) == Some(record));
        Self {
            place: place(transaction),
            connection: transaction.connection,
            statements: texts.iter().map(|text| cut(text)).collect(),
            changes: ours
                .map(|change| PieceChange::of(change, columns))
                .collect(),
            rows_left_out: false,
        }
    }

    /// As it is sealed.
    pub(super) fn to_json(&self) -> Result<Zeroizing<Vec<u8>>, serde_json::Error> {
        let whole = Zeroizing::new(serde_json::to_vec(self)?);
        if whole.len() <= LONGEST {
            return Ok(whole);
        }
        let without_rows = Self {
            place: self.place.clone(),
            connection: self.connection,
            statements: self.statements.iter().take(8).cloned().collect(),
            changes: Vec::new(),
            rows_left_out: true,
        };
        serde_json::to_vec(&without_rows).map(Zeroizing::new)
    }

    /// As it was sealed.
    pub fn from_json(json: &[u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(json)
    }
}

/// What tells a transaction from every other.
pub(super) fn place(transaction: &Transaction) -> String {
    let place = &transaction.place;
    format!("{}:{} at {}", place.file, place.offset, transaction.at)
}

fn cut(text: &str) -> String {
    let end = (0..=text.len().min(LONGEST_TEXT))
        .rev()
        .find(|end| text.is_char_boundary(*end));
    text[..end.unwrap_or_default()].to_owned()
}

impl PieceChange {
    fn of(change: &Change, columns: &BTreeMap<String, Vec<String>>) -> Self {
        let names = columns
            .get(&change.table)
            .map(Vec::as_slice)
            .unwrap_or_default();
        let by_name = |row: &Row| {
            let values = row.values().iter().enumerate();
            let held = values.filter_map(|(index, value)| {
                // Where the table has changed since, its names may not fit.
                let name = match names.get(index) {
                    Some(name) if names.len() == row.values().len() => name.clone(),
                    _ => format!("column {}", index + 1),
                };
                Some((name, PieceValue::of(value.as_ref()?)))
            });
            held.collect()
        };
        Self {
            table: change.table.clone(),
            before: change.before.as_ref().map(by_name),
            after: change.after.as_ref().map(by_name),
        }
    }
}

impl PieceValue {
    fn of(value: &Value) -> Self {
        match value {
            Value::Number(number) => Self::Number(*number),
            Value::Bytes(bytes) => Self::Bytes(hex::encode(bytes.as_slice())),
            Value::Null | Value::Other => Self::Null(()),
        }
    }

    /// The bytes, if that is what it is.
    #[must_use]
    pub fn bytes(&self) -> Option<Vec<u8>> {
        match self {
            Self::Bytes(digits) => hex::decode(digits).ok(),
            _ => None,
        }
    }
}

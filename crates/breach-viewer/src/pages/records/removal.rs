//! A forged row is removed by people: what they hand to the administrator of the database (docs/OPERATIONS.md).

use database::verifications::{Subject, VerdictKind};

/// The tables of a record's rows, each with the column that names it.
const ROWS: [(&str, &str); 4] = [
    ("record_versions", "record_id"),
    ("consents", "record_id"),
    ("owner_keys", "record_id"),
    ("records", "id"),
];

/// A row that is forged as a whole.
pub struct Removal {
    /// Its id, as hexadecimal digits.
    pub id: String,
    /// What deletes it, and nothing else.
    pub statements: String,
}

impl Removal {
    /// None for a record that the chain knows: a restore takes out what was put beside it.
    pub fn of(subject: Subject, verdict: Option<VerdictKind>) -> Option<Self> {
        let is_whole = subject.as_uid().is_none() && verdict == Some(VerdictKind::Forged);
        is_whole.then(|| {
            let id = subject.to_string();
            let delete = |(table, column)| format!("DELETE FROM {table} WHERE {column} = X'{id}';");
            let deletes = ROWS.map(delete).join("\n");
            let statements = format!("START TRANSACTION;\n{deletes}\nCOMMIT;");
            Self { id, statements }
        })
    }
}

//! The sealed values of a record, one row per version. [`crate::sealed`] seals and opens them.

use record::ids::{Draft, RecordId, Version};
use sqlx::Connection;
use sqlx::mysql::{MySqlConnection, MySqlRow};

use crate::column::Columns;
use crate::error::RowError;

const TABLE: &str = "record_versions";

/// One version of a record. Every `Vec<u8>` is a sealed cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordVersion {
    /// The record.
    pub record_id: RecordId,
    /// Which state of it.
    pub version: Version,
    /// The draft that is (to be) signed.
    pub draft: Draft,
    /// Cell of the field `name`.
    pub name: Vec<u8>,
    /// Cell of the field `email`.
    pub email: Vec<u8>,
    /// Cell of the field `phone`.
    pub phone: Vec<u8>,
    /// Cell of the field `age`.
    pub age: Vec<u8>,
    /// Cell of the field `address`.
    pub address: Vec<u8>,
    /// Cell of the wallet address.
    pub wallet: Vec<u8>,
    /// Cell of whose wallet it is.
    pub relation: Vec<u8>,
    /// Cell that binds UID, timestamp, transaction, block and leaves, once anchored.
    pub anchor: Option<Vec<u8>>,
    /// Cell of the authority's order by which the wallet is another one than before; none where it is the same.
    pub wallet_order: Option<Vec<u8>>,
}

impl RecordVersion {
    /// The cell of a field, by the field's name.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&[u8]> {
        match name {
            "address" => Some(&self.address),
            "age" => Some(&self.age),
            "email" => Some(&self.email),
            "name" => Some(&self.name),
            "phone" => Some(&self.phone),
            _ => None,
        }
    }

    /// Whether any field has a cell.
    #[must_use]
    pub fn has_values(&self) -> bool {
        let cells = [
            &self.name,
            &self.email,
            &self.phone,
            &self.age,
            &self.address,
        ];
        cells.iter().any(|cell| !cell.is_empty())
    }

    /// What stays of it when its values are destroyed.
    #[must_use]
    pub fn redacted(&self) -> Self {
        Self {
            name: Vec::new(),
            email: Vec::new(),
            phone: Vec::new(),
            age: Vec::new(),
            address: Vec::new(),
            ..self.clone()
        }
    }

    fn read(row: &MySqlRow) -> Result<Self, RowError> {
        let columns = Columns::of(TABLE, row);
        Ok(Self {
            record_id: columns.get("record_id")?,
            version: columns.get("version")?,
            draft: columns.get("draft")?,
            name: columns.get("name")?,
            email: columns.get("email")?,
            phone: columns.get("phone")?,
            age: columns.get("age")?,
            address: columns.get("address")?,
            wallet: columns.get("wallet")?,
            relation: columns.get("relation")?,
            anchor: columns.get("anchor")?,
            wallet_order: columns.get("wallet_order")?,
        })
    }
}

/// Writes a version for the first time.
/// [`RowError::Duplicate`] when it is there already.
pub async fn insert(connection: &mut MySqlConnection, row: &RecordVersion) -> Result<(), RowError> {
    sqlx::query(
        "INSERT INTO record_versions (record_id, version, draft, name, email, phone, age, address, wallet, relation,
                                      anchor, wallet_order)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(row.record_id.as_bytes().as_slice())
    .bind(row.version.get())
    .bind(row.draft.get())
    .bind(&row.name)
    .bind(&row.email)
    .bind(&row.phone)
    .bind(&row.age)
    .bind(&row.address)
    .bind(&row.wallet)
    .bind(&row.relation)
    .bind(row.anchor.as_deref())
    .bind(row.wallet_order.as_deref())
    .execute(connection)
    .await
    .map_err(|error| RowError::of_insert(TABLE, error))?;
    Ok(())
}

/// Replaces the draft `old` by `row`, before the owner has signed.
/// [`RowError::Changed`] when the stored draft is not `old`, or is anchored.
pub async fn replace_draft(
    connection: &mut MySqlConnection,
    old: Draft,
    row: &RecordVersion,
) -> Result<(), RowError> {
    let done = sqlx::query(
        "UPDATE record_versions
         SET draft = ?, name = ?, email = ?, phone = ?, age = ?, address = ?, wallet = ?, relation = ?,
             wallet_order = ?
         WHERE record_id = ? AND version = ? AND draft = ? AND anchor IS NULL",
    )
    .bind(row.draft.get())
    .bind(&row.name)
    .bind(&row.email)
    .bind(&row.phone)
    .bind(&row.age)
    .bind(&row.address)
    .bind(&row.wallet)
    .bind(&row.relation)
    .bind(row.wallet_order.as_deref())
    .bind(row.record_id.as_bytes().as_slice())
    .bind(row.version.get())
    .bind(old.get())
    .execute(connection)
    .await?;
    match done.rows_affected() {
        0 => Err(RowError::changed(TABLE, row.record_id)),
        _ => Ok(()),
    }
}

/// Adds the anchor cell.
/// [`RowError::Changed`] when the version is gone.
pub async fn set_anchor(
    connection: &mut MySqlConnection,
    record: RecordId,
    version: Version,
    anchor: &[u8],
) -> Result<(), RowError> {
    let done =
        sqlx::query("UPDATE record_versions SET anchor = ? WHERE record_id = ? AND version = ?")
            .bind(anchor)
            .bind(record.as_bytes().as_slice())
            .bind(version.get())
            .execute(connection)
            .await?;
    match done.rows_affected() {
        0 => Err(RowError::changed(TABLE, record)),
        _ => Ok(()),
    }
}

/// Destroys the values of a version, and nothing else of it.
/// [`RowError::Changed`] when its cells are not these.
pub async fn redact(connection: &mut MySqlConnection, row: &RecordVersion) -> Result<(), RowError> {
    let done = sqlx::query(
        "UPDATE record_versions SET name = '', email = '', phone = '', age = '', address = ''
         WHERE record_id = ? AND version = ? AND draft = ? AND name = ? AND email = ? AND phone = ? AND age = ?
           AND address = ? AND wallet = ? AND relation = ? AND anchor = ?",
    )
    .bind(row.record_id.as_bytes().as_slice())
    .bind(row.version.get())
    .bind(row.draft.get())
    .bind(&row.name)
    .bind(&row.email)
    .bind(&row.phone)
    .bind(&row.age)
    .bind(&row.address)
    .bind(&row.wallet)
    .bind(&row.relation)
    .bind(row.anchor.as_deref())
    .execute(connection)
    .await?;
    match done.rows_affected() {
        0 => Err(RowError::changed(TABLE, row.record_id)),
        _ => Ok(()),
    }
}

/// Puts the same values, sealed anew, in the place of what was read.
/// [`RowError::Changed`] when any cell is another one by now.
pub(crate) async fn replace_cells(
    connection: &mut MySqlConnection,
    before: &RecordVersion,
    after: &RecordVersion,
) -> Result<(), RowError> {
    let mut query = sqlx::query(
        "UPDATE record_versions SET name = ?, email = ?, phone = ?, age = ?, address = ?, wallet = ?, relation = ?,
                                    anchor = ?, wallet_order = ?
         WHERE name = ? AND email = ? AND phone = ? AND age = ? AND address = ? AND wallet = ? AND relation = ?
           AND anchor <=> ? AND wallet_order <=> ? AND record_id = ? AND version = ? AND draft = ?",
    );
    for row in [after, before] {
        query = query
            .bind(&row.name)
            .bind(&row.email)
            .bind(&row.phone)
            .bind(&row.age)
            .bind(&row.address)
            .bind(&row.wallet)
            .bind(&row.relation)
            .bind(row.anchor.as_deref())
            .bind(row.wallet_order.as_deref());
    }
    let done = query
        .bind(before.record_id.as_bytes().as_slice())
        .bind(before.version.get())
        .bind(before.draft.get())
        .execute(connection)
        .await?;
    match done.rows_affected() {
        0 => Err(RowError::changed(TABLE, before.record_id)),
        _ => Ok(()),
    }
}

/// One version of a record.
pub async fn load(
    connection: &mut MySqlConnection,
    record: RecordId,
    version: Version,
) -> Result<Option<RecordVersion>, RowError> {
    sqlx::query("SELECT * FROM record_versions WHERE record_id = ? AND version = ?")
        .bind(record.as_bytes().as_slice())
        .bind(version.get())
        .fetch_optional(connection)
        .await?
        .map(|row| RecordVersion::read(&row))
        .transpose()
}

/// The newest anchored version below this one, as far as it has a row: that of a voided one may be gone.
pub async fn newest_anchored_below(
    connection: &mut MySqlConnection,
    record: RecordId,
    version: Version,
) -> Result<Option<RecordVersion>, RowError> {
    sqlx::query(
        "SELECT * FROM record_versions
         WHERE record_id = ? AND version > 0 AND version < ? AND anchor IS NOT NULL
         ORDER BY version DESC LIMIT 1",
    )
    .bind(record.as_bytes().as_slice())
    .bind(version.get())
    .fetch_optional(connection)
    .await?
    .map(|row| RecordVersion::read(&row))
    .transpose()
}

/// The newest version whose wallet the authority ordered to be another one than before.
pub async fn newest_ordered(
    connection: &mut MySqlConnection,
    record: RecordId,
) -> Result<Option<RecordVersion>, RowError> {
    sqlx::query(
        "SELECT * FROM record_versions
         WHERE record_id = ? AND version > 0 AND wallet_order IS NOT NULL
         ORDER BY version DESC LIMIT 1",
    )
    .bind(record.as_bytes().as_slice())
    .fetch_optional(connection)
    .await?
    .map(|row| RecordVersion::read(&row))
    .transpose()
}

/// Writes a version back as a verified backup has it, whatever stands there now.
pub async fn put(connection: &mut MySqlConnection, row: &RecordVersion) -> Result<(), RowError> {
    let mut transaction = connection.begin().await?;
    sqlx::query("DELETE FROM record_versions WHERE record_id = ? AND version = ?")
        .bind(row.record_id.as_bytes().as_slice())
        .bind(row.version.get())
        .execute(&mut *transaction)
        .await?;
    insert(&mut transaction, row).await?;
    transaction.commit().await?;
    Ok(())
}

/// Takes out the versions that are no version of this record: those above the newest, and those without a number.
/// Tells how many there were.
pub async fn remove_above(
    connection: &mut MySqlConnection,
    record: RecordId,
    newest: Version,
) -> Result<u64, RowError> {
    let done = sqlx::query(
        "DELETE FROM record_versions WHERE record_id = ? AND (version > ? OR version = 0)",
    )
    .bind(record.as_bytes().as_slice())
    .bind(newest.get())
    .execute(connection)
    .await?;
    Ok(done.rows_affected())
}

/// Takes out one version; false when there was none.
pub async fn remove(
    connection: &mut MySqlConnection,
    record: RecordId,
    version: Version,
) -> Result<bool, RowError> {
    let done = sqlx::query("DELETE FROM record_versions WHERE record_id = ? AND version = ?")
        .bind(record.as_bytes().as_slice())
        .bind(version.get())
        .execute(connection)
        .await?;
    Ok(done.rows_affected() > 0)
}

/// Destroys all sealed values of a record; tells how many versions there were.
pub async fn destroy(connection: &mut MySqlConnection, record: RecordId) -> Result<u64, RowError> {
    let done = sqlx::query("DELETE FROM record_versions WHERE record_id = ?")
        .bind(record.as_bytes().as_slice())
        .execute(connection)
        .await?;
    Ok(done.rows_affected())
}

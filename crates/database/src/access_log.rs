//! Who looked at whose details in clear. Only ever added to. MAC under the application key.

use keyring::{ApplicationKeys, MacBuilder};
use record::ids::{RecordId, StaffId};
use record::time::UnixMillis;
use sqlx::mysql::{MySqlConnection, MySqlRow};

use crate::column::{Columns, text_enum};
use crate::error::{Checked, RowError};
use crate::sessions::App;

const TABLE: &str = "access_log";

text_enum! {
    /// What was looked at, or done with it.
    AccessAction {
        /// All details were shown.
        Revealed = "revealed",
        /// The details were opened for editing.
        Edited = "edited",
        /// What the database's log tells of changes to it was shown.
        Evidence = "evidence",
        /// The record was found by its wallet or e-mail address.
        Searched = "searched",
        /// A copy of everything was shown, to be handed to the owner.
        Copied = "copied",
    }
}

/// One look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Access {
    /// Who looked.
    pub staff_id: StaffId,
    /// At whose record.
    pub record_id: RecordId,
    /// In which application.
    pub app: App,
    /// What was done.
    pub action: AccessAction,
    /// When.
    pub at: UnixMillis,
}

impl Access {
    pub(crate) fn read(row: &MySqlRow, keys: &ApplicationKeys) -> Result<Self, RowError> {
        let columns = Columns::of(TABLE, row);
        let access = Self {
            staff_id: columns.get("staff_id")?,
            record_id: columns.get("record_id")?,
            app: columns.get("app")?,
            action: columns.get("action")?,
            at: columns.get("at")?,
        };
        columns.check(columns.get::<u64>("id")?, access.mac(keys))?;
        Ok(access)
    }

    fn mac(&self, keys: &ApplicationKeys) -> MacBuilder {
        keys.mac(TABLE)
            .bytes(self.staff_id.as_bytes())
            .bytes(self.record_id.as_bytes())
            .text(self.app.as_str())
            .text(self.action.as_str())
            .u64(self.at.0)
    }
}

/// Adds to the log, before anything is shown: what can't be logged is not shown.
pub async fn append(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
    access: &Access,
) -> Result<(), RowError> {
    sqlx::query(
        "INSERT INTO access_log (staff_id, record_id, app, action, at, mac) VALUES (?, ?, ?, ?, ?, ?)",
    )
    .bind(access.staff_id.as_bytes().as_slice())
    .bind(access.record_id.as_bytes().as_slice())
    .bind(access.app.as_str())
    .bind(access.action.as_str())
    .bind(access.at.0)
    .bind(access.mac(keys).finish())
    .execute(connection)
    .await?;
    Ok(())
}

/// Who looked at a record, newest first.
pub async fn of_record(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
    record: RecordId,
    limit: u32,
) -> Result<Checked<Access>, RowError> {
    let rows = sqlx::query("SELECT * FROM access_log WHERE record_id = ? ORDER BY id DESC LIMIT ?")
        .bind(record.as_bytes().as_slice())
        .bind(limit)
        .fetch_all(connection)
        .await?;
    Checked::sort(rows.iter().map(|row| Access::read(row, keys)))
}

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
        /// A ground was stated on which a restricted record is to be looked at.
        Stated = "stated",
    }
}

text_enum! {
    /// On what the details of a restricted record may be used (GDPR Art. 18(2)).
    UseGround {
        /// It is kept, and what is kept is looked after.
        Storage = "storage",
        /// The owner's consent.
        Consent = "consent",
        /// To establish, exercise or defend legal claims.
        LegalClaims = "legal_claims",
        /// To protect the rights of another person.
        Protection = "protection",
        /// An important public interest.
        PublicInterest = "public_interest",
    }
}

impl UseGround {
    /// The grounds, as whoever looks states them.
    pub const OFFERED: [(Self, &'static str); 5] = [
        (
            Self::Storage,
            "To keep it: I look after what is stored, and use it for nothing",
        ),
        (Self::Consent, "The owner consents to it"),
        (Self::LegalClaims, "For legal claims"),
        (Self::Protection, "To protect the rights of another person"),
        (Self::PublicInterest, "For an important public interest"),
    ];

    /// The ground of this name, as a form gives it.
    #[must_use]
    pub fn offered(name: &str) -> Option<Self> {
        name.parse().ok()
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
    /// On what, where the record was restricted.
    pub ground: Option<UseGround>,
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
            ground: columns.get("ground")?,
        };
        columns.check(columns.get::<u64>("id")?, access.mac(keys))?;
        Ok(access)
    }

    fn mac(&self, keys: &ApplicationKeys) -> MacBuilder {
        let mac = keys
            .mac(TABLE)
            .bytes(self.staff_id.as_bytes())
            .bytes(self.record_id.as_bytes())
            .text(self.app.as_str())
            .text(self.action.as_str())
            .u64(self.at.0);
        match self.ground {
            // As the rows that are older than grounds.
            None => mac,
            Some(ground) => mac.text(ground.as_str()),
        }
    }
}

/// Adds to the log, before anything is shown: what can't be logged is not shown.
pub async fn append(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
    access: &Access,
) -> Result<(), RowError> {
    sqlx::query(
        "INSERT INTO access_log (staff_id, record_id, app, action, at, ground, mac) VALUES (?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(access.staff_id.as_bytes().as_slice())
    .bind(access.record_id.as_bytes().as_slice())
    .bind(access.app.as_str())
    .bind(access.action.as_str())
    .bind(access.at.0)
    .bind(access.ground.map(UseGround::as_str))
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

/// The ground that somebody stated last for looking at a record in this application, since then; a planted row states none.
pub async fn stated(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
    (staff, record, app): (StaffId, RecordId, App),
    since: UnixMillis,
) -> Result<Option<UseGround>, RowError> {
    const MOST: u32 = 100;
    let rows = sqlx::query(
        "SELECT * FROM access_log
         WHERE record_id = ? AND staff_id = ? AND app = ? AND action = 'stated' AND at >= ? ORDER BY id DESC LIMIT ?",
    )
    .bind(record.as_bytes().as_slice())
    .bind(staff.as_bytes().as_slice())
    .bind(app.as_str())
    .bind(since.0)
    .bind(MOST)
    .fetch_all(connection)
    .await?;
    let found = Checked::sort(rows.iter().map(|row| Access::read(row, keys)))?;
    Ok(found.rows.first().and_then(|access| access.ground))
}

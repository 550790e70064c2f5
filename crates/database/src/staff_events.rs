//! What happened to accounts of staff, who did it, and what was refused to whom (docs/STAFF.md). Only ever added to; ids, kinds and
//! times alone. MAC under the application key.

use std::collections::BTreeMap;

use keyring::{ApplicationKeys, MacBuilder};
use record::ids::StaffId;
use record::time::UnixMillis;
use sqlx::mysql::{MySqlConnection, MySqlRow};

use crate::column::{Columns, text_enum};
use crate::error::{Checked, RowError};
use crate::sessions::App;
use crate::staff::Role;

const TABLE: &str = "staff_events";
/// Of a page's template no more is kept.
const LONGEST_PAGE: usize = 128;

text_enum! {
    /// What happened.
    StaffEventKind {
        /// The account was made by the command.
        Made = "made",
        /// The account was made by another one, and a link sent.
        Invited = "invited",
        /// Its person chose a password by the link.
        PasswordChosen = "password_chosen",
        /// It was given a password by the command.
        PasswordSet = "password_set",
        /// Its password and sessions were ended, and a link sent.
        Reset = "reset",
        /// It may not sign in any more.
        Disabled = "disabled",
        /// It may again.
        Enabled = "enabled",
        /// Its person signed in.
        SignedIn = "signed_in",
        /// The password was right; the account is disabled, or the application is not for its role.
        SignInRefused = "sign_in_refused",
        /// A password came with a link whose time was over.
        LinkRefused = "link_refused",
        /// A page that the role does not include was asked for.
        PageRefused = "page_refused",
        /// An account was to be made of a role that the actor does not manage.
        InviteRefused = "invite_refused",
        /// An account was to be changed that the actor does not manage.
        ChangeRefused = "change_refused",
    }
}

/// Who acts, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct By {
    /// The account; none of the command and of who is not signed in.
    pub staff: Option<StaffId>,
    /// The application; none of the command.
    pub app: Option<App>,
}

impl By {
    /// The operator's command.
    pub const COMMAND: Self = Self {
        staff: None,
        app: None,
    };

    /// An account in an application.
    #[must_use]
    pub const fn account(staff: StaffId, app: App) -> Self {
        Self {
            staff: Some(staff),
            app: Some(app),
        }
    }

    /// Somebody in an application who did not sign in.
    #[must_use]
    pub const fn stranger(app: App) -> Self {
        Self {
            staff: None,
            app: Some(app),
        }
    }
}

/// One step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StaffEvent {
    /// What happened.
    pub kind: StaffEventKind,
    /// To whose account; none where there is none yet.
    pub staff_id: Option<StaffId>,
    /// Who did it.
    pub by: By,
    /// Of an account that was made, or was to be.
    pub role: Option<Role>,
    /// The template of the page that was refused.
    pub page: Option<String>,
    /// The account's revision since, where the step changed it.
    pub revision: Option<u32>,
    /// Two that say the same in the same millisecond are two: a copy in the place of another row is told by its MAC.
    pub nonce: [u8; 16],
    /// When.
    pub at: UnixMillis,
}

impl StaffEvent {
    /// A step that changed no row.
    #[must_use]
    pub fn new(kind: StaffEventKind, staff_id: Option<StaffId>, by: By, at: UnixMillis) -> Self {
        Self {
            kind,
            staff_id,
            by,
            role: None,
            page: None,
            revision: None,
            nonce: rand::random(),
            at,
        }
    }

    /// That this account may not see a page; of its template as much as is kept.
    #[must_use]
    pub fn page_refused(by: By, page: &str, at: UnixMillis) -> Self {
        let page: String = page
            .chars()
            .filter(char::is_ascii)
            .take(LONGEST_PAGE)
            .collect();
        Self {
            page: Some(page),
            ..Self::new(StaffEventKind::PageRefused, by.staff, by, at)
        }
    }

    pub(crate) fn read(row: &MySqlRow, keys: &ApplicationKeys) -> Result<Self, RowError> {
        let columns = Columns::of(TABLE, row);
        let event = Self {
            kind: columns.get("kind")?,
            staff_id: columns.get("staff_id")?,
            by: By {
                staff: columns.get("actor_id")?,
                app: columns.get("app")?,
            },
            role: columns.get("role")?,
            page: columns.get("page")?,
            revision: columns.get("revision")?,
            nonce: columns.get("nonce")?,
            at: columns.get("at")?,
        };
        columns.check(columns.get::<u64>("id")?, event.mac(keys))?;
        Ok(event)
    }

    fn mac(&self, keys: &ApplicationKeys) -> MacBuilder {
        keys.mac(TABLE)
            .text(self.kind.as_str())
            .opt_bytes(bytes(self.staff_id.as_ref()))
            .opt_bytes(bytes(self.by.staff.as_ref()))
            .opt_text(self.by.app.map(App::as_str))
            .opt_text(self.role.map(Role::as_str))
            .opt_text(self.page.as_deref())
            .opt_u64(self.revision.map(u64::from))
            .bytes(&self.nonce)
            .u64(self.at.0)
    }
}

fn bytes(id: Option<&StaffId>) -> Option<&[u8]> {
    id.map(|id| id.as_bytes().as_slice())
}

/// Adds a step.
pub async fn append(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
    event: &StaffEvent,
) -> Result<(), RowError> {
    sqlx::query(
        "INSERT INTO staff_events (kind, staff_id, actor_id, app, role, page, revision, nonce, at, mac)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(event.kind.as_str())
    .bind(bytes(event.staff_id.as_ref()))
    .bind(bytes(event.by.staff.as_ref()))
    .bind(event.by.app.map(App::as_str))
    .bind(event.role.map(Role::as_str))
    .bind(event.page.as_deref())
    .bind(event.revision)
    .bind(event.nonce.as_slice())
    .bind(event.at.0)
    .bind(event.mac(keys).finish())
    .execute(connection)
    .await?;
    Ok(())
}

/// A step with the number under which it stands.
pub type Numbered = (u64, StaffEvent);

fn numbered(row: &MySqlRow, keys: &ApplicationKeys) -> Result<Numbered, RowError> {
    Ok((
        Columns::of(TABLE, row).get("id")?,
        StaffEvent::read(row, keys)?,
    ))
}

/// The steps below a number, the newest first, without those that tell of nothing but a sign-in.
pub async fn before(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
    before: u64,
    limit: u32,
) -> Result<Checked<Numbered>, RowError> {
    let rows = sqlx::query(
        "SELECT * FROM staff_events WHERE id < ? AND kind <> 'signed_in' ORDER BY id DESC LIMIT ?",
    )
    .bind(before)
    .bind(limit)
    .fetch_all(connection)
    .await?;
    Checked::sort(rows.iter().map(|row| numbered(row, keys)))
}

/// The steps that concern an account, or that it took, the newest first.
pub async fn of_staff(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
    staff: StaffId,
    limit: u32,
) -> Result<Checked<StaffEvent>, RowError> {
    let rows = sqlx::query(
        "SELECT * FROM staff_events WHERE staff_id = ? OR actor_id = ? ORDER BY id DESC LIMIT ?",
    )
    .bind(staff.as_bytes().as_slice())
    .bind(staff.as_bytes().as_slice())
    .bind(limit)
    .fetch_all(connection)
    .await?;
    Checked::sort(rows.iter().map(|row| StaffEvent::read(row, keys)))
}

/// When each account signed in last, as far as anybody knows. A planted row tells nothing.
pub async fn last_sign_ins(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
) -> Result<BTreeMap<StaffId, UnixMillis>, RowError> {
    let rows = sqlx::query(
        "SELECT * FROM staff_events WHERE id IN
             (SELECT MAX(id) FROM staff_events WHERE kind = 'signed_in' GROUP BY staff_id)",
    )
    .fetch_all(connection)
    .await?;
    let found = Checked::sort(rows.iter().map(|row| StaffEvent::read(row, keys)))?;
    let events = found.rows.into_iter();
    Ok(events
        .filter_map(|event| Some((event.staff_id?, event.at)))
        .collect())
}

//! Accounts of controller staff. Login, display name and e-mail address are sealed; sign-in finds the row by a blind index.
//!
//! Each change raises the row's revision, which its step in [`crate::staff_events`] tells as well: a row that somebody put back as it
//! was before is older than its history, and refused like a planted one.

use keyring::{ApplicationKeys, MacBuilder, SealedError};
use rand::CryptoRng;
use record::ids::StaffId;
use record::time::UnixMillis;
use sqlx::mysql::{MySqlConnection, MySqlRow};
use zeroize::Zeroizing;

use crate::column::{Columns, text_enum};
use crate::error::{Checked, RowError, Tampered};
use crate::index;
use crate::staff_events::{self, By, StaffEvent, StaffEventKind};

const TABLE: &str = "staff";

/// An account with the newest revision that its history tells of.
macro_rules! select {
    ($which:literal) => {
        concat!(
            "SELECT s.*, CAST((SELECT MAX(e.revision) FROM staff_events e WHERE e.staff_id = s.id) AS UNSIGNED) AS newest
             FROM staff s ",
            $which
        )
    };
}

text_enum! {
    /// What an account may do (the roles of the README).
    Role {
        /// Installs; sees no personal data.
        SystemAdministrator = "system_administrator",
        /// Manages staff and purposes, releases notices.
        ControllerManager = "controller_manager",
        /// Reads all, assesses incidents, runs restores.
        DataProtectionOfficer = "data_protection_officer",
        /// Enters, sends consent links, approves.
        Clerk = "clerk",
    }
}

/// One account.
#[derive(Debug, Clone)]
pub struct Staff {
    /// Its id.
    pub id: StaffId,
    /// Blind index of the login.
    pub login_index: [u8; 32],
    /// Sealed login.
    pub login: Vec<u8>,
    /// Sealed display name.
    pub display_name: Vec<u8>,
    /// Argon2id, in PHC form; empty until its person has chosen a password.
    pub password_hash: String,
    /// What it may do.
    pub role: Role,
    /// Set when it may no longer sign in.
    pub disabled_at: Option<UnixMillis>,
    /// When it was made.
    pub created_at: UnixMillis,
    /// Sealed e-mail address, where links go.
    pub email: Option<Vec<u8>>,
    /// Keyed hash of the link by which a password can be chosen.
    pub link_hash: Option<[u8; 32]>,
    /// When that link ends.
    pub link_expires_at: Option<UnixMillis>,
    /// Sessions that began before count for nothing.
    pub signed_out_at: Option<UnixMillis>,
    /// How often it was changed.
    pub revision: u32,
}

/// An account about to be made.
pub struct NewStaff<'a> {
    /// A fresh id.
    pub id: StaffId,
    /// What the person types to sign in.
    pub login: &'a str,
    /// How pages name the person.
    pub display_name: &'a str,
    /// Argon2id, in PHC form.
    pub password_hash: String,
    /// What it may do.
    pub role: Role,
}

impl Staff {
    /// Seals a new account; [`insert`] writes it.
    #[must_use]
    pub fn seal(
        keys: &ApplicationKeys,
        new: NewStaff<'_>,
        rng: &mut (impl CryptoRng + ?Sized),
        now: UnixMillis,
    ) -> Self {
        let aad = new.id.as_bytes();
        Self {
            id: new.id,
            login_index: index::login(keys.index(), new.login),
            login: keys.seal("staff.login", aad, new.login.as_bytes(), rng),
            display_name: keys.seal("staff.display_name", aad, new.display_name.as_bytes(), rng),
            password_hash: new.password_hash,
            role: new.role,
            disabled_at: None,
            created_at: now,
            email: None,
            link_hash: None,
            link_expires_at: None,
            signed_out_at: None,
            revision: 0,
        }
    }

    /// Seals the address where links go.
    pub fn set_email(
        &mut self,
        keys: &ApplicationKeys,
        email: &str,
        rng: &mut (impl CryptoRng + ?Sized),
    ) {
        self.email = Some(keys.seal("staff.email", self.id.as_bytes(), email.as_bytes(), rng));
    }

    /// The e-mail address in clear, where one is known.
    pub fn open_email(
        &self,
        keys: &ApplicationKeys,
    ) -> Result<Option<Zeroizing<String>>, SealedError> {
        let Some(sealed) = &self.email else {
            return Ok(None);
        };
        index::text(keys.open("staff.email", self.id.as_bytes(), sealed)?).map(Some)
    }

    /// Whether its person has a password.
    #[must_use]
    pub fn has_password(&self) -> bool {
        !self.password_hash.is_empty()
    }

    /// Whether a password can be chosen by its link now.
    #[must_use]
    pub fn has_open_link(&self, now: UnixMillis) -> bool {
        self.is_enabled() && self.link_expires_at.is_some_and(|end| now < end)
    }

    /// Takes the link away; true when there was one.
    pub fn end_link(&mut self) -> bool {
        self.link_expires_at = None;
        self.link_hash.take().is_some()
    }

    /// The login in clear.
    pub fn open_login(&self, keys: &ApplicationKeys) -> Result<Zeroizing<String>, SealedError> {
        index::text(keys.open("staff.login", self.id.as_bytes(), &self.login)?)
    }

    /// The display name in clear.
    pub fn open_display_name(
        &self,
        keys: &ApplicationKeys,
    ) -> Result<Zeroizing<String>, SealedError> {
        index::text(keys.open("staff.display_name", self.id.as_bytes(), &self.display_name)?)
    }

    /// Whether the account may sign in.
    #[must_use]
    pub fn is_enabled(&self) -> bool {
        self.disabled_at.is_none()
    }

    pub(crate) fn read(row: &MySqlRow, keys: &ApplicationKeys) -> Result<Self, RowError> {
        let columns = Columns::of(TABLE, row);
        let staff = Self {
            id: columns.get("id")?,
            login_index: columns.get("login_index")?,
            login: columns.get("login")?,
            display_name: columns.get("display_name")?,
            password_hash: columns.get("password_hash")?,
            role: columns.get("role")?,
            disabled_at: columns.get("disabled_at")?,
            created_at: columns.get("created_at")?,
            email: columns.get("email")?,
            link_hash: columns.get("link_hash")?,
            link_expires_at: columns.get("link_expires_at")?,
            signed_out_at: columns.get("signed_out_at")?,
            revision: columns.get("revision")?,
        };
        columns.check(staff.id, staff.mac(keys))?;
        Ok(staff)
    }

    /// A row of [`select!`]: one that is older than its history is not ours any more.
    fn read_newest(row: &MySqlRow, keys: &ApplicationKeys) -> Result<Self, RowError> {
        let staff = Self::read(row, keys)?;
        let newest: Option<u64> = Columns::of(TABLE, row).get("newest")?;
        match newest {
            Some(newest) if newest > u64::from(staff.revision) => Err(RowError::Column {
                table: TABLE,
                column: "revision",
                source: "the row is older than its history".into(),
            }),
            _ => Ok(staff),
        }
    }

    fn mac(&self, keys: &ApplicationKeys) -> MacBuilder {
        let mac = keys
            .mac(TABLE)
            .bytes(self.id.as_bytes())
            .bytes(&self.login_index)
            .bytes(&self.login)
            .bytes(&self.display_name)
            .text(&self.password_hash)
            .text(self.role.as_str())
            .opt_u64(self.disabled_at.map(|at| at.0))
            .u64(self.created_at.0);
        let has_more = self.email.is_some()
            || self.link_hash.is_some()
            || self.link_expires_at.is_some()
            || self.signed_out_at.is_some()
            || self.revision > 0;
        match has_more {
            // As the rows that are older than links.
            false => mac,
            true => mac
                .opt_bytes(self.email.as_deref())
                .opt_bytes(self.link_hash.as_ref().map(<[u8; 32]>::as_slice))
                .opt_u64(self.link_expires_at.map(|at| at.0))
                .opt_u64(self.signed_out_at.map(|at| at.0))
                .u32(self.revision),
        }
    }
}

/// Makes an account. A login that is taken is [`RowError::Duplicate`] of `staff_login_index`.
pub async fn insert(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
    staff: &Staff,
) -> Result<(), RowError> {
    sqlx::query(
        "INSERT INTO staff (id, login_index, login, display_name, password_hash, role, disabled_at, created_at, mac, email, link_hash,
                            link_expires_at, signed_out_at, revision)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(staff.id.as_bytes().as_slice())
    .bind(staff.login_index.as_slice())
    .bind(&staff.login)
    .bind(&staff.display_name)
    .bind(&staff.password_hash)
    .bind(staff.role.as_str())
    .bind(staff.disabled_at.map(|at| at.0))
    .bind(staff.created_at.0)
    .bind(staff.mac(keys).finish())
    .bind(staff.email.as_deref())
    .bind(staff.link_hash.as_ref().map(<[u8; 32]>::as_slice))
    .bind(staff.link_expires_at.map(|at| at.0))
    .bind(staff.signed_out_at.map(|at| at.0))
    .bind(staff.revision)
    .execute(connection)
    .await
    .map_err(|error| RowError::of_insert(TABLE, error))?;
    Ok(())
}

/// The account that signs in as `login`.
pub async fn by_login(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
    login: &str,
) -> Result<Option<Staff>, RowError> {
    sqlx::query(select!("WHERE s.login_index = ?"))
        .bind(index::login(keys.index(), login).as_slice())
        .fetch_optional(connection)
        .await?
        .map(|row| Staff::read_newest(&row, keys))
        .transpose()
}

/// The account with this id.
pub async fn by_id(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
    id: StaffId,
) -> Result<Option<Staff>, RowError> {
    sqlx::query(select!("WHERE s.id = ?"))
        .bind(id.as_bytes().as_slice())
        .fetch_optional(connection)
        .await?
        .map(|row| Staff::read_newest(&row, keys))
        .transpose()
}

/// The account whose link this is, used up or not told apart from one that never was.
pub async fn by_link(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
    link_hash: &[u8; 32],
) -> Result<Option<Staff>, RowError> {
    sqlx::query(select!("WHERE s.link_hash = ?"))
        .bind(link_hash.as_slice())
        .fetch_optional(connection)
        .await?
        .map(|row| Staff::read_newest(&row, keys))
        .transpose()
}

/// The account with this id, locked until the caller's transaction ends.
pub async fn lock(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
    id: StaffId,
) -> Result<Option<Staff>, RowError> {
    sqlx::query(select!("WHERE s.id = ? FOR UPDATE"))
        .bind(id.as_bytes().as_slice())
        .fetch_optional(connection)
        .await?
        .map(|row| Staff::read_newest(&row, keys))
        .transpose()
}

/// All accounts, oldest first.
pub async fn all(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
) -> Result<Checked<Staff>, RowError> {
    let rows = sqlx::query(select!("ORDER BY s.created_at, s.id"))
        .fetch_all(connection)
        .await?;
    Checked::sort(rows.iter().map(|row| Staff::read_newest(row, keys)))
}

/// The rows that are older than their history: somebody put them back.
pub(crate) async fn put_back(connection: &mut MySqlConnection) -> Result<Vec<Tampered>, RowError> {
    let rows = sqlx::query(
        "SELECT s.id FROM staff s WHERE s.revision < (SELECT MAX(e.revision) FROM staff_events e WHERE e.staff_id = s.id)",
    )
    .fetch_all(connection)
    .await?;
    let found = rows.iter().map(|row| {
        let id: StaffId = Columns::of(TABLE, row).get("id")?;
        Ok(Tampered {
            table: TABLE,
            row: id.to_string(),
        })
    });
    found.collect()
}

/// Writes what may change of an account, and the step of its history that says so, in the caller's transaction. Login and role stay
/// for ever. Sessions of who may not go on must be ended beside this. [`RowError::Changed`] when the account is gone, or was changed since
/// it was read.
pub async fn update(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
    staff: &mut Staff,
    (kind, by, now): (StaffEventKind, By, UnixMillis),
) -> Result<(), RowError> {
    let before = staff.revision;
    staff.revision = before.saturating_add(1);
    let done = sqlx::query(
        "UPDATE staff SET password_hash = ?, disabled_at = ?, email = ?, link_hash = ?, link_expires_at = ?, signed_out_at = ?,
                          revision = ?, mac = ? WHERE id = ? AND revision = ?",
    )
    .bind(&staff.password_hash)
    .bind(staff.disabled_at.map(|at| at.0))
    .bind(staff.email.as_deref())
    .bind(staff.link_hash.as_ref().map(<[u8; 32]>::as_slice))
    .bind(staff.link_expires_at.map(|at| at.0))
    .bind(staff.signed_out_at.map(|at| at.0))
    .bind(staff.revision)
    .bind(staff.mac(keys).finish())
    .bind(staff.id.as_bytes().as_slice())
    .bind(before)
    .execute(&mut *connection)
    .await?;
    if done.rows_affected() == 0 {
        return Err(RowError::changed(TABLE, staff.id));
    }
    let step = StaffEvent {
        revision: Some(staff.revision),
        ..StaffEvent::new(kind, Some(staff.id), by, now)
    };
    staff_events::append(connection, keys, &step).await
}

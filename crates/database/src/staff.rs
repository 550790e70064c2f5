//! Accounts of controller staff. Login and display name are sealed; sign-in finds the row by a blind index.

use keyring::{ApplicationKeys, MacBuilder, SealedError};
use rand::CryptoRng;
use record::ids::StaffId;
use record::time::UnixMillis;
use sqlx::mysql::{MySqlConnection, MySqlRow};
use zeroize::Zeroizing;

use crate::column::{Columns, text_enum};
use crate::error::{Checked, RowError};
use crate::index;

const TABLE: &str = "staff";

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
    /// Argon2id, in PHC form.
    pub password_hash: String,
    /// What it may do.
    pub role: Role,
    /// Set when it may no longer sign in.
    pub disabled_at: Option<UnixMillis>,
    /// When it was made.
    pub created_at: UnixMillis,
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
        }
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
        };
        columns.check(staff.id, staff.mac(keys))?;
        Ok(staff)
    }

    fn mac(&self, keys: &ApplicationKeys) -> MacBuilder {
        keys.mac(TABLE)
            .bytes(self.id.as_bytes())
            .bytes(&self.login_index)
            .bytes(&self.login)
            .bytes(&self.display_name)
            .text(&self.password_hash)
            .text(self.role.as_str())
            .opt_u64(self.disabled_at.map(|at| at.0))
            .u64(self.created_at.0)
    }
}

/// Makes an account. A login that is taken is [`RowError::Duplicate`] of `staff_login_index`.
pub async fn insert(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
    staff: &Staff,
) -> Result<(), RowError> {
    sqlx::query(
        "INSERT INTO staff (id, login_index, login, display_name, password_hash, role, disabled_at, created_at, mac)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
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
    sqlx::query("SELECT * FROM staff WHERE login_index = ?")
        .bind(index::login(keys.index(), login).as_slice())
        .fetch_optional(connection)
        .await?
        .map(|row| Staff::read(&row, keys))
        .transpose()
}

/// The account with this id.
pub async fn by_id(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
    id: StaffId,
) -> Result<Option<Staff>, RowError> {
    sqlx::query("SELECT * FROM staff WHERE id = ?")
        .bind(id.as_bytes().as_slice())
        .fetch_optional(connection)
        .await?
        .map(|row| Staff::read(&row, keys))
        .transpose()
}

/// All accounts, oldest first.
pub async fn all(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
) -> Result<Checked<Staff>, RowError> {
    let rows = sqlx::query("SELECT * FROM staff ORDER BY created_at, id")
        .fetch_all(connection)
        .await?;
    Checked::sort(rows.iter().map(|row| Staff::read(row, keys)))
}

/// Writes an account's password hash, role and standing. Sessions of a disabled account must be ended beside this.
/// [`RowError::Changed`] when the account is gone.
pub async fn update(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
    staff: &Staff,
) -> Result<(), RowError> {
    let done = sqlx::query(
        "UPDATE staff SET password_hash = ?, role = ?, disabled_at = ?, mac = ? WHERE id = ?",
    )
    .bind(&staff.password_hash)
    .bind(staff.role.as_str())
    .bind(staff.disabled_at.map(|at| at.0))
    .bind(staff.mac(keys).finish())
    .bind(staff.id.as_bytes().as_slice())
    .execute(connection)
    .await?;
    match done.rows_affected() {
        0 => Err(RowError::changed(TABLE, staff.id)),
        _ => Ok(()),
    }
}

//! Signed-in browsers. Only a hash of the cookie is kept.
//!
//! Every change starts from the locked and verified row: two requests of one browser at once must not write a MAC over
//! each other's columns.

use std::time::Duration;

use keyring::{ApplicationKeys, MacBuilder};
use record::ids::StaffId;
use record::time::UnixMillis;
use sqlx::Connection;
use sqlx::mysql::{MySqlConnection, MySqlRow};

use crate::column::{Columns, text_enum};
use crate::error::RowError;
use crate::transaction::finish;

const TABLE: &str = "sessions";

/// A session is written to again only after this long, not at every request.
const TOUCH_EVERY: Duration = Duration::from_secs(30);

text_enum! {
    /// The application that a row belongs to: a session of one is none of the other.
    App {
        /// entry-app
        Entry = "entry",
        /// breach-viewer
        Viewer = "viewer",
    }
}

/// One signed-in browser.
#[derive(Clone)]
pub struct Session {
    /// SHA-256 of the cookie.
    pub id_hash: [u8; 32],
    /// Where it is valid.
    pub app: App,
    /// Who signed in.
    pub staff_id: StaffId,
    /// When.
    pub created_at: UnixMillis,
    /// The last request, to within half a minute.
    pub last_seen_at: UnixMillis,
    /// When it ends however busy it is.
    pub expires_at: UnixMillis,
    /// A sealed note that is shown once.
    pub flash: Option<Vec<u8>>,
}

impl Session {
    pub(crate) fn read(row: &MySqlRow, keys: &ApplicationKeys) -> Result<Self, RowError> {
        let columns = Columns::of(TABLE, row);
        let session = Self {
            id_hash: columns.get("id_hash")?,
            app: columns.get("app")?,
            staff_id: columns.get("staff_id")?,
            created_at: columns.get("created_at")?,
            last_seen_at: columns.get("last_seen_at")?,
            expires_at: columns.get("expires_at")?,
            flash: columns.get("flash")?,
        };
        // The hash of a cookie is not worth a place in a log.
        columns.check(session.staff_id, session.mac(keys))?;
        Ok(session)
    }

    fn mac(&self, keys: &ApplicationKeys) -> MacBuilder {
        keys.mac(TABLE)
            .bytes(&self.id_hash)
            .text(self.app.as_str())
            .bytes(self.staff_id.as_bytes())
            .u64(self.created_at.0)
            .u64(self.last_seen_at.0)
            .u64(self.expires_at.0)
            .opt_bytes(self.flash.as_deref())
    }

    fn is_over(&self, idle: Duration, now: UnixMillis) -> bool {
        now >= self.expires_at || now >= self.last_seen_at.plus(idle)
    }
}

/// Starts a session.
pub async fn insert(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
    session: &Session,
) -> Result<(), RowError> {
    sqlx::query(
        "INSERT INTO sessions (id_hash, app, staff_id, created_at, last_seen_at, expires_at, flash, mac)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(session.id_hash.as_slice())
    .bind(session.app.as_str())
    .bind(session.staff_id.as_bytes().as_slice())
    .bind(session.created_at.0)
    .bind(session.last_seen_at.0)
    .bind(session.expires_at.0)
    .bind(session.flash.as_deref())
    .bind(session.mac(keys).finish())
    .execute(connection)
    .await
    .map_err(|error| RowError::of_insert(TABLE, error))?;
    Ok(())
}

/// The live session of a cookie in this app, marked as seen; none when it is unknown, of the other app, unused for
/// `idle`, or past its end.
pub async fn resume(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
    app: App,
    id_hash: &[u8; 32],
    idle: Duration,
    now: UnixMillis,
) -> Result<Option<Session>, RowError> {
    let Some(session) = peek(connection, keys, app, id_hash, idle, now).await? else {
        return Ok(None);
    };
    if now.since(session.last_seen_at) < TOUCH_EVERY {
        return Ok(Some(session));
    }
    let touched = change(connection, keys, id_hash, |session| {
        session.last_seen_at = session.last_seen_at.max(now);
    });
    match touched.await {
        // Whoever may come in is not shut out because it can't be noted.
        Err(error) if error.is_read_only() => Ok(Some(session)),
        touched => touched,
    }
}

/// As [`resume`], without marking the session as seen: a page that refreshes by itself keeps nobody signed in.
pub async fn peek(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
    app: App,
    id_hash: &[u8; 32],
    idle: Duration,
    now: UnixMillis,
) -> Result<Option<Session>, RowError> {
    let session = find(connection, keys, id_hash).await?;
    Ok(session.filter(|session| session.app == app && !session.is_over(idle, now)))
}

/// Leaves a sealed note for the next page; a note that was not shown yet is replaced.
/// [`RowError::Changed`] when the session is gone.
pub async fn set_flash(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
    id_hash: &[u8; 32],
    flash: &[u8],
) -> Result<(), RowError> {
    change(connection, keys, id_hash, |session| {
        session.flash = Some(flash.to_vec());
    })
    .await?
    .map(|_| ())
    .ok_or_else(|| RowError::changed(TABLE, "of this browser"))
}

/// Takes the note: of two requests at once only one gets it.
pub async fn take_flash(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
    id_hash: &[u8; 32],
) -> Result<Option<Vec<u8>>, RowError> {
    let mut taken = None;
    change(connection, keys, id_hash, |session| {
        taken = session.flash.take();
    })
    .await?;
    Ok(taken)
}

/// Ends a session.
pub async fn delete(connection: &mut MySqlConnection, id_hash: &[u8; 32]) -> Result<(), RowError> {
    sqlx::query("DELETE FROM sessions WHERE id_hash = ?")
        .bind(id_hash.as_slice())
        .execute(connection)
        .await?;
    Ok(())
}

/// Ends every session of an account, in both apps; tells how many.
pub async fn delete_of_staff(
    connection: &mut MySqlConnection,
    staff: StaffId,
) -> Result<u64, RowError> {
    let done = sqlx::query("DELETE FROM sessions WHERE staff_id = ?")
        .bind(staff.as_bytes().as_slice())
        .execute(connection)
        .await?;
    Ok(done.rows_affected())
}

/// Clears sessions that are past their end or unused for `idle`; tells how many.
pub async fn delete_ended(
    connection: &mut MySqlConnection,
    idle: Duration,
    now: UnixMillis,
) -> Result<u64, RowError> {
    let done = sqlx::query("DELETE FROM sessions WHERE expires_at <= ? OR last_seen_at <= ?")
        .bind(now.0)
        .bind(now.minus(idle).0)
        .execute(connection)
        .await?;
    Ok(done.rows_affected())
}

/// The session of a cookie whether it is live or over: it still tells whose it was.
pub async fn find(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
    id_hash: &[u8; 32],
) -> Result<Option<Session>, RowError> {
    sqlx::query("SELECT * FROM sessions WHERE id_hash = ?")
        .bind(id_hash.as_slice())
        .fetch_optional(connection)
        .await?
        .map(|row| Session::read(&row, keys))
        .transpose()
}

async fn change(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
    id_hash: &[u8; 32],
    edit: impl FnOnce(&mut Session),
) -> Result<Option<Session>, RowError> {
    let mut transaction = connection.begin().await?;
    let outcome = change_locked(&mut transaction, keys, id_hash, edit).await;
    finish(transaction, outcome).await
}

async fn change_locked(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
    id_hash: &[u8; 32],
    edit: impl FnOnce(&mut Session),
) -> Result<Option<Session>, RowError> {
    let locked = sqlx::query("SELECT * FROM sessions WHERE id_hash = ? FOR UPDATE")
        .bind(id_hash.as_slice())
        .fetch_optional(&mut *connection)
        .await?;
    let Some(row) = locked else { return Ok(None) };
    let mut session = Session::read(&row, keys)?;
    edit(&mut session);
    sqlx::query("UPDATE sessions SET last_seen_at = ?, flash = ?, mac = ? WHERE id_hash = ?")
        .bind(session.last_seen_at.0)
        .bind(session.flash.as_deref())
        .bind(session.mac(keys).finish())
        .bind(id_hash.as_slice())
        .execute(connection)
        .await?;
    Ok(Some(session))
}

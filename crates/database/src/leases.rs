//! Who alone may do a piece of work right now. MAC under the application key: a planted lease stops nobody.
//!
//! Leases compare times of the machines that ask: their clocks must agree to within a fraction of the lease's length. One
//! that was taken by a clock far ahead keeps nobody waiting until that time has come.

use std::time::Duration;

use keyring::{ApplicationKeys, MacBuilder};
use record::time::UnixMillis;
use sqlx::Connection;
use sqlx::mysql::{MySqlConnection, MySqlRow};

use crate::column::Columns;
use crate::error::RowError;
use crate::transaction::finish;

const TABLE: &str = "leases";
/// A lease that ends so much later than one taken now was taken by a clock that is off.
pub(crate) const FAR_AHEAD: Duration = Duration::from_secs(10 * 60);

/// A lease.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// The piece of work.
    pub name: String,
    /// Who may do it: a random id of the process.
    pub holder: [u8; 16],
    /// Until when.
    pub expires_at: UnixMillis,
}

impl Lease {
    pub(crate) fn read(row: &MySqlRow, keys: &ApplicationKeys) -> Result<Self, RowError> {
        let columns = Columns::of(TABLE, row);
        let lease = Self {
            name: columns.get("name")?,
            holder: columns.get("holder")?,
            expires_at: columns.get("expires_at")?,
        };
        columns.check(&lease.name, lease.mac(keys))?;
        Ok(lease)
    }

    fn mac(&self, keys: &ApplicationKeys) -> MacBuilder {
        keys.mac(TABLE)
            .text(&self.name)
            .bytes(&self.holder)
            .u64(self.expires_at.0)
    }
}

/// Takes the lease when it is free, expired, planted or already ours, until `now + length`; none when another holds it.
/// Taking it again is how it is renewed.
pub async fn acquire(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
    name: &str,
    holder: &[u8; 16],
    length: Duration,
    now: UnixMillis,
) -> Result<Option<Lease>, RowError> {
    let lease = Lease {
        name: name.to_owned(),
        holder: *holder,
        expires_at: now.plus(length),
    };
    let mut transaction = connection.begin().await?;
    let standing = sqlx::query("SELECT * FROM leases WHERE name = ? FOR UPDATE")
        .bind(name)
        .fetch_optional(&mut *transaction)
        .await?;
    let written = match standing {
        None => insert(&mut transaction, keys, &lease).await?,
        Some(row) if is_held_by_another(&row, keys, &lease, now)? => false,
        Some(_) => overwrite(&mut transaction, keys, &lease).await?,
    };
    transaction.commit().await?;
    Ok(written.then_some(lease))
}

/// Lengthens a lease that is still ours; none when it expired or another took it, and the work must stop.
pub async fn renew(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
    lease: &Lease,
    length: Duration,
    now: UnixMillis,
) -> Result<Option<Lease>, RowError> {
    let renewed = Lease {
        expires_at: now.plus(length),
        ..lease.clone()
    };
    let mut transaction = connection.begin().await?;
    let outcome = async {
        let standing = sqlx::query("SELECT * FROM leases WHERE name = ? FOR UPDATE")
            .bind(&lease.name)
            .fetch_optional(&mut *transaction)
            .await?
            .map(|row| Lease::read(&row, keys))
            .transpose()?;
        if !standing.is_some_and(|held| held.holder == lease.holder && now < held.expires_at) {
            return Ok(None);
        }
        overwrite(&mut transaction, keys, &renewed).await?;
        Ok(Some(renewed))
    }
    .await;
    finish(transaction, outcome).await
}

/// Gives a lease back, so that the next need not wait; nothing happens when it is not ours any more.
pub async fn release(connection: &mut MySqlConnection, lease: &Lease) -> Result<(), RowError> {
    sqlx::query("DELETE FROM leases WHERE name = ? AND holder = ?")
        .bind(&lease.name)
        .bind(lease.holder.as_slice())
        .execute(connection)
        .await?;
    Ok(())
}

/// Sees to it that there is a row of this name that is ours, held by nobody: to be locked by [`lock`].
pub async fn make_room(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
    name: &str,
    now: UnixMillis,
) -> Result<(), RowError> {
    let standing = sqlx::query("SELECT * FROM leases WHERE name = ?")
        .bind(name)
        .fetch_optional(&mut *connection)
        .await?;
    let is_there = match standing.map(|row| Lease::read(&row, keys)).transpose() {
        Ok(standing) => standing.is_some(),
        Err(error) if error.is_tampering() => false,
        Err(error) => return Err(error),
    };
    if !is_there {
        acquire(connection, keys, name, &[0; 16], Duration::ZERO, now).await?;
    }
    Ok(())
}

/// Locks the row of this name until the caller's transaction ends: others wait.
pub async fn lock(connection: &mut MySqlConnection, name: &str) -> Result<(), RowError> {
    sqlx::query("SELECT name FROM leases WHERE name = ? FOR UPDATE")
        .bind(name)
        .fetch_optional(connection)
        .await?;
    Ok(())
}

fn is_held_by_another(
    row: &MySqlRow,
    keys: &ApplicationKeys,
    wanted: &Lease,
    now: UnixMillis,
) -> Result<bool, RowError> {
    let latest = wanted.expires_at.plus(FAR_AHEAD);
    match Lease::read(row, keys) {
        Ok(standing) => Ok(standing.holder != wanted.holder
            && now < standing.expires_at
            && standing.expires_at <= latest),
        Err(error) if error.is_tampering() => {
            tracing::error!(%error, "a planted lease is taken over");
            Ok(false)
        }
        Err(error) => Err(error),
    }
}

/// False when another was faster.
async fn insert(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
    lease: &Lease,
) -> Result<bool, RowError> {
    let inserted =
        sqlx::query("INSERT INTO leases (name, holder, expires_at, mac) VALUES (?, ?, ?, ?)")
            .bind(&lease.name)
            .bind(lease.holder.as_slice())
            .bind(lease.expires_at.0)
            .bind(lease.mac(keys).finish())
            .execute(connection)
            .await
            .map_err(|error| RowError::of_insert(TABLE, error));
    match inserted {
        Ok(_) => Ok(true),
        Err(RowError::Duplicate { .. }) => Ok(false),
        Err(error) => Err(error),
    }
}

async fn overwrite(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
    lease: &Lease,
) -> Result<bool, RowError> {
    let done = sqlx::query("UPDATE leases SET holder = ?, expires_at = ?, mac = ? WHERE name = ?")
        .bind(lease.holder.as_slice())
        .bind(lease.expires_at.0)
        .bind(lease.mac(keys).finish())
        .bind(&lease.name)
        .execute(connection)
        .await?;
    Ok(done.rows_affected() > 0)
}

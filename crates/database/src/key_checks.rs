//! A known value sealed under each application and front key: tells wrong keys from tampered data. Beside it stands whether
//! nothing is to be wrapped by an application key any more, because it is about to be destroyed.

use keyring::{ApplicationKeys, FrontKeys, KeyCheckError};
use rand::CryptoRng;
use record::time::UnixMillis;
use sqlx::mysql::MySqlConnection;

use crate::error::{RowError, Tampered};
use crate::{owner_keys, staff};

const TABLE: &str = "key_checks";
const APPLICATION: &str = "application";
const FRONT: &str = "front";

/// Whether the keys in the file are those that the database was written with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyCheck {
    /// Every stored value opens.
    Right,
    /// No value is stored: key set-up was not finished.
    Missing,
    /// Wrong or absent keys: nothing can be told of any row.
    Wrong(KeyCheckError),
}

/// Stores the known value of each key that has none yet.
pub async fn store(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
    now: UnixMillis,
    rng: &mut (impl CryptoRng + ?Sized),
) -> Result<(), RowError> {
    let (application, front) = (keys.check_cells(rng), keys.front().check_cells(rng));
    for (ring, cells) in [(APPLICATION, application), (FRONT, front)] {
        for (version, cell) in cells {
            insert(connection, ring, version, &cell, now).await?;
        }
    }
    Ok(())
}

async fn insert(
    connection: &mut MySqlConnection,
    ring: &str,
    version: u32,
    cell: &[u8],
    now: UnixMillis,
) -> Result<(), RowError> {
    let inserted =
        sqlx::query("INSERT INTO key_checks (ring, version, cell, created_at) VALUES (?, ?, ?, ?)")
            .bind(ring)
            .bind(version)
            .bind(cell)
            .bind(now.0)
            .execute(connection)
            .await
            .map_err(|error| RowError::of_insert(TABLE, error));
    match inserted {
        Err(error) if !error.is_duplicate_of("PRIMARY") => Err(error),
        _ => Ok(()),
    }
}

/// Notes that nothing is to be wrapped by this version of the application key any more. Waits for those who are just wrapping by
/// it ([`is_retired_until_the_end`]): once this is done, all that it wraps can be seen.
pub async fn retire(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
    version: u32,
    now: UnixMillis,
    rng: &mut (impl CryptoRng + ?Sized),
) -> Result<(), RowError> {
    // A row that somebody took away is what they would wait for.
    store(connection, keys, now, rng).await?;
    set_retired(connection, version, keys.retired_cell(version, rng)).await
}

/// Takes that back.
pub async fn employ(connection: &mut MySqlConnection, version: u32) -> Result<(), RowError> {
    set_retired(connection, version, None).await
}

async fn set_retired(
    connection: &mut MySqlConnection,
    version: u32,
    cell: Option<Vec<u8>>,
) -> Result<(), RowError> {
    sqlx::query("UPDATE key_checks SET retired = ? WHERE ring = ? AND version = ?")
        .bind(cell)
        .bind(APPLICATION)
        .bind(version)
        .execute(connection)
        .await?;
    Ok(())
}

/// Whether nothing is to be wrapped by this version any more. What does not open under the version itself says nothing; it is told
/// of as a planted row.
pub async fn is_retired(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
    version: u32,
) -> Result<bool, RowError> {
    let cell = sqlx::query_scalar("SELECT retired FROM key_checks WHERE ring = ? AND version = ?");
    let cell: Option<Option<Vec<u8>>> = cell
        .bind(APPLICATION)
        .bind(version)
        .fetch_optional(connection)
        .await?;
    Ok(says_retired(cell, keys, version))
}

/// The same for who is about to wrap by it: the answer holds until the transaction ends, and who retires the version waits for it.
pub async fn is_retired_until_the_end(
    transaction: &mut MySqlConnection,
    keys: &ApplicationKeys,
    version: u32,
) -> Result<bool, RowError> {
    // `FOR SHARE` is not known to MariaDB.
    let cell = sqlx::query_scalar(
        "SELECT retired FROM key_checks WHERE ring = ? AND version = ? LOCK IN SHARE MODE",
    );
    let cell: Option<Option<Vec<u8>>> = cell
        .bind(APPLICATION)
        .bind(version)
        .fetch_optional(transaction)
        .await?;
    Ok(says_retired(cell, keys, version))
}

fn says_retired(cell: Option<Option<Vec<u8>>>, keys: &ApplicationKeys, version: u32) -> bool {
    cell.flatten()
        .is_some_and(|cell| keys.is_retired_by(version, &cell))
}

/// Compares the application keys at hand with the stored values of theirs. One that opens tells that the keys are right:
/// a value that does not open beside it was put there by somebody else.
pub async fn verify(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
) -> Result<KeyCheck, RowError> {
    let cells = stored(connection, APPLICATION).await?;
    let check = judge(&cells, |version, cell| {
        keys.verify_check_cell(version, cell)
    });
    // Whoever took the cells away, or wrote over them, neither signed the accounts of staff nor wrapped the keys of owners.
    let is_right = check == KeyCheck::Right
        || !staff::all(connection, keys).await?.rows.is_empty()
        || owner_keys::any_unwraps(connection, keys).await?;
    Ok(if is_right { KeyCheck::Right } else { check })
}

/// Compares the front keys at hand with the stored values of theirs, as [`verify`] does.
pub async fn verify_front(
    connection: &mut MySqlConnection,
    keys: &FrontKeys,
) -> Result<KeyCheck, RowError> {
    let cells = stored(connection, FRONT).await?;
    Ok(judge(&cells, |version, cell| {
        keys.verify_check_cell(version, cell)
    }))
}

async fn stored(
    connection: &mut MySqlConnection,
    ring: &str,
) -> Result<Vec<(u32, Vec<u8>)>, RowError> {
    Ok(sqlx::query_as(
        "SELECT version, cell FROM key_checks WHERE ring = ? ORDER BY version LIMIT 1000",
    )
    .bind(ring)
    .fetch_all(connection)
    .await?)
}

/// Every statement that a version is retired, of the application key as of a front key, which never is.
async fn retired(connection: &mut MySqlConnection) -> Result<Vec<(u32, Vec<u8>)>, RowError> {
    Ok(sqlx::query_as(
        "SELECT version, retired FROM key_checks WHERE retired IS NOT NULL ORDER BY ring, version LIMIT 1000",
    )
    .fetch_all(connection)
    .await?)
}

/// How many stored values the keys at hand do not open, though they are the right ones: somebody else wrote them.
pub(crate) async fn planted(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
) -> Result<Vec<Tampered>, RowError> {
    let front = keys.front();
    let application = stored(connection, APPLICATION).await?;
    let is_planted =
        |(version, cell): &(u32, Vec<u8>)| keys.verify_check_cell(*version, cell).is_err();
    let mut planted: Vec<u32> = application
        .iter()
        .filter(|one| is_planted(one))
        .map(|(version, _)| *version)
        .collect();
    for (version, cell) in retired(connection).await? {
        planted.extend((!keys.is_retired_by(version, &cell)).then_some(version));
    }
    for (version, cell) in stored(connection, FRONT).await? {
        planted.extend(
            front
                .verify_check_cell(version, &cell)
                .is_err()
                .then_some(version),
        );
    }
    let row = |version: u32| Tampered {
        table: TABLE,
        row: version.to_string(),
    };
    Ok(planted.into_iter().map(row).collect())
}

fn judge(
    stored: &[(u32, Vec<u8>)],
    check: impl Fn(u32, &[u8]) -> Result<(), KeyCheckError>,
) -> KeyCheck {
    let mut problem = None;
    for (version, cell) in stored {
        match check(*version, cell) {
            Ok(()) => return KeyCheck::Right,
            Err(error) => problem = problem.or(Some(error)),
        }
    }
    problem.map_or(KeyCheck::Missing, KeyCheck::Wrong)
}

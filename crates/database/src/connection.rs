//! Pools of connections with the session settings that every query here counts on.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use sqlx::mysql::{
    MySqlConnectOptions, MySqlConnection, MySqlPool, MySqlPoolOptions, MySqlSslMode,
};
use sqlx::{Connection, Row as _};
use tokio::time::timeout;
use url::{Host, Url};

use crate::schema_baselines;

/// Strict: a value that does not fit is an error, never cut off. READ COMMITTED: workers that poll see what others
/// have done, and `SKIP LOCKED` locks no gaps.
///
/// Whoever locks a table, or a row, makes us say so: without a limit we would wait, and nobody would know why.
///
/// The statements go out together: one by one each would be waited for. What [`PoolSettings::row_lock_wait`] says ends them.
const SESSION: &str = concat!(
    "SET SESSION autocommit = 1; ",
    // What was not there is told by notes, which can be switched off.
    "SET SESSION sql_notes = 1; ",
    // Whatever the server says of itself: rows that are left out would seem to be gone.
    "SET SESSION sql_select_limit = 18446744073709551615; ",
    "SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION,ONLY_FULL_GROUP_BY,ERROR_FOR_DIVISION_BY_ZERO'; ",
    "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED; ",
    "SET SESSION lock_wait_timeout = 10; ",
    "SET SESSION innodb_lock_wait_timeout = ",
);

/// So many prepared statements are kept by a connection. One more than that costs 40 ms each time: the driver tells the server to
/// forget another, which is not answered, and what it sends next waits for an acknowledgement (Nagle's algorithm).
const STATEMENTS: usize = 400;

/// A connection that is given back answers by then, or is closed. Whoever drops a query in the middle (a browser that goes
/// away) may leave it waiting for an answer that never comes: the driver's own question has no limit, and its place in the pool
/// would be lost for ever (launchbadge/sqlx#4349).
const ANSWERS_WITHIN: Duration = Duration::from_secs(5);

/// How a pool behaves; the defaults serve an app.
#[derive(Debug, Clone, Copy)]
pub struct PoolSettings {
    /// At most so many connections at once.
    pub max_connections: u32,
    /// How long a caller waits for a connection before it is told that the database is out of reach.
    pub acquire_timeout: Duration,
    /// Connections unused for so long are closed.
    pub idle_timeout: Duration,
    /// No connection is used longer than this.
    pub max_lifetime: Duration,
    /// So long a statement waits for a row that somebody else has locked, in whole seconds.
    pub row_lock_wait: Duration,
}

impl Default for PoolSettings {
    fn default() -> Self {
        Self {
            max_connections: 10,
            acquire_timeout: Duration::from_secs(5),
            idle_timeout: Duration::from_secs(5 * 60),
            max_lifetime: Duration::from_secs(30 * 60),
            row_lock_wait: Duration::from_secs(10),
        }
    }
}

/// Why there is no pool.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The address is not `mysql://user[:password]@host[:port]/database[?ssl-mode=…&ssl-ca=…]`. The address itself is
    /// never shown: it may hold a password.
    #[error("the address is not mysql://user[:password]@host[:port]/database")]
    Address,
    /// The server could not be reached or refused us.
    #[error("no connection to the database")]
    Refused(#[source] sqlx::Error),
}

/// A pool that connects when it is first used; fails only when the address can't be one.
pub fn pool(url: &Url, settings: &PoolSettings) -> Result<MySqlPool, ConnectError> {
    Ok(pool_options(settings).connect_lazy_with(connect_options(url)?))
}

/// A pool that has reached its server once.
pub async fn connect(url: &Url, settings: &PoolSettings) -> Result<MySqlPool, ConnectError> {
    let pool = pool(url, settings)?;
    let reached = async {
        let mut connection = pool.acquire().await?;
        connection.ping().await
    };
    reached.await.map_err(ConnectError::Refused)?;
    Ok(pool)
}

/// Whether this is the address of a database; for who wants to know before it is used.
pub fn check_address(url: &Url) -> Result<(), ConnectError> {
    connect_options(url).map(drop)
}

fn pool_options(settings: &PoolSettings) -> MySqlPoolOptions {
    let session = Arc::from(format!("{SESSION}{}", settings.row_lock_wait.as_secs()));
    MySqlPoolOptions::new()
        .max_connections(settings.max_connections)
        .acquire_timeout(settings.acquire_timeout)
        .idle_timeout(settings.idle_timeout)
        .max_lifetime(settings.max_lifetime)
        .after_connect(move |connection, _| {
            let session: Arc<str> = Arc::clone(&session);
            Box::pin(async move {
                let session = sqlx::AssertSqlSafe(session.as_ref());
                sqlx::raw_sql(session).execute(&mut *connection).await?;
                see_through(connection).await
            })
        })
        .after_release(|connection, _| {
            Box::pin(async move {
                let answered = timeout(ANSWERS_WITHIN, connection.ping()).await;
                // Not as an error: the driver would close it without a word, and wait for the server to do so first.
                Ok(matches!(answered, Ok(Ok(()))))
            })
        })
}

/// Takes out temporary tables that hide ours. A server can be told to do something for each session before we come to speak
/// (`init_connect`): who may tell it so can have each of our sessions see other rows than there are.
async fn see_through(connection: &mut MySqlConnection) -> Result<(), sqlx::Error> {
    // An administrator who installs comes to a database of the server's own, in which nothing of ours stands.
    let is_ours = "SELECT COALESCE(DATABASE(), 'sys') NOT IN ('information_schema', 'mysql', 'performance_schema', 'sys')";
    if !sqlx::query_scalar::<_, bool>(is_ours)
        .fetch_one(&mut *connection)
        .await?
    {
        return Ok(());
    }
    let tables = schema_baselines::TABLES
        .into_iter()
        .chain(["record_backups", "owner_key_backups"]);
    // One by one, since MariaDB tells of all that were not there in one warning. Neither server prepares such statements.
    let unhide = |table| {
        format!("DROP TEMPORARY TABLE IF EXISTS {table}; SELECT CAST(@@warning_count AS SIGNED); ")
    };
    let unhide: String = tables.map(unhide).collect();
    let missed = sqlx::raw_sql(sqlx::AssertSqlSafe(unhide))
        .fetch_all(connection)
        .await?;
    for missed in missed {
        if missed.try_get::<i64, _>(0)? == 0 {
            tracing::error!("ALARM: somebody had temporary tables put in the place of ours");
        }
    }
    Ok(())
}

fn connect_options(url: &Url) -> Result<MySqlConnectOptions, ConnectError> {
    let has_database = url.path().len() > 1;
    if url.scheme() != "mysql" || url.host().is_none() || !has_database {
        return Err(ConnectError::Address);
    }
    let options: MySqlConnectOptions = url.as_str().parse().map_err(|_| ConnectError::Address)?;
    // Ours are set whole by SESSION.
    let options = options
        .pipes_as_concat(false)
        .no_engine_substitution(false)
        .statement_cache_capacity(STATEMENTS);
    if asks_for_its_own_tls(url) || stays_on_this_machine(url) {
        return Ok(options);
    }
    // The driver's default would neither verify nor insist.
    Ok(options.ssl_mode(MySqlSslMode::VerifyIdentity))
}

fn asks_for_its_own_tls(url: &Url) -> bool {
    url.query_pairs()
        .any(|(name, _)| name == "ssl-mode" || name == "sslmode")
}

fn stays_on_this_machine(url: &Url) -> bool {
    if url.query_pairs().any(|(name, _)| name == "socket") {
        return true;
    }
    match url.host() {
        // A `mysql:` address keeps numbers as text.
        Some(Host::Domain(name)) => {
            name == "localhost" || name.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
        }
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests may panic")]

    use super::*;

    fn mode(address: &str) -> MySqlSslMode {
        connect_options(&address.parse().unwrap())
            .unwrap()
            .get_ssl_mode()
    }

    #[test]
    fn tls_is_verified_outside_this_machine() {
        for near in ["127.0.0.1", "localhost", "[::1]", "127.1.2.3:3307"] {
            let mode = mode(&format!("mysql://u@{near}/d"));
            assert!(matches!(mode, MySqlSslMode::Preferred), "{near}");
        }
        for far in [
            "10.0.0.1",
            "db.example.org",
            "[2001:db8::1]",
            "localhost.example.org",
        ] {
            let mode = mode(&format!("mysql://u@{far}/d"));
            assert!(matches!(mode, MySqlSslMode::VerifyIdentity), "{far}");
        }
        let said = mode("mysql://u@db.example.org/d?ssl-mode=REQUIRED");
        assert!(matches!(said, MySqlSslMode::Required));
    }

    #[test]
    fn an_address_must_name_server_and_database() {
        for wrong in ["postgres://u@h/d", "mysql://u@h", "mysql://u@h/", "mysql:d"] {
            let refused = connect_options(&wrong.parse().unwrap());
            assert!(matches!(refused, Err(ConnectError::Address)), "{wrong}");
        }
    }
}

use std::time::Duration;

use anyhow::Result;
use sqlx::{AssertSqlSafe, Connection, MySqlConnection};
use url::Url;

use crate::database::with_database;

/// The three databases of one deployment, with a random suffix of their own. Dropping the value
/// drops them, together with every database account whose name holds the suffix.
pub struct Databases {
    server: Url,
    suffix: String,
    names: [String; 3],
    kept: bool,
}

impl Databases {
    pub(crate) async fn create(server: &Url, prefix: &str) -> Result<Self> {
        let suffix = format!("{:08x}", rand::random::<u32>());
        let names = ["main", "backup", "keys"].map(|kind| format!("{prefix}_{kind}_{suffix}"));
        let databases = Self {
            server: server.clone(),
            suffix,
            names,
            kept: false,
        };
        let mut connection = MySqlConnection::connect(server.as_str()).await?;
        for name in &databases.names {
            // The name is ours: letters, digits and underscores.
            let sql = AssertSqlSafe(format!("CREATE DATABASE `{name}` CHARACTER SET utf8mb4"));
            sqlx::query(sql).execute(&mut connection).await?;
        }
        connection.close().await?;
        Ok(databases)
    }

    /// The random part of the names; accounts made for a test should hold it.
    pub fn suffix(&self) -> &str {
        &self.suffix
    }

    /// The name of the main database.
    pub fn main_name(&self) -> &str {
        &self.names[0]
    }

    /// The name of the backup of records.
    pub fn backup_name(&self) -> &str {
        &self.names[1]
    }

    /// The name of the backup of owner keys.
    pub fn keys_name(&self) -> &str {
        &self.names[2]
    }

    /// The administrator's URL of the main database.
    pub fn main(&self) -> Url {
        with_database(&self.server, &self.names[0])
    }

    /// The administrator's URL of the backup of records.
    pub fn backup(&self) -> Url {
        with_database(&self.server, &self.names[1])
    }

    /// The administrator's URL of the backup of owner keys.
    pub fn keys(&self) -> Url {
        with_database(&self.server, &self.names[2])
    }

    /// Leaves the databases in place.
    pub fn keep(&mut self) {
        self.kept = true;
    }

    /// Drops them now and says what went wrong.
    pub async fn remove(mut self) -> Result<()> {
        self.kept = true;
        remove(&self.server, &self.names, &self.suffix).await
    }
}

impl Drop for Databases {
    fn drop(&mut self) {
        if self.kept {
            return;
        }
        let (server, names, suffix) =
            (self.server.clone(), self.names.clone(), self.suffix.clone());
        // Drop may run inside a runtime, where waiting isn't allowed.
        let cleaning = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()?;
            runtime.block_on(remove(&server, &names, &suffix))
        });
        // A server that is gone has nothing left to drop.
        cleaning.join().ok();
    }
}

/// MySQL may refuse while others make and drop theirs, or while a statement of theirs holds bytes that are no text.
async fn remove(server: &Url, names: &[String], suffix: &str) -> Result<()> {
    const TRIES: usize = 200;
    for _ in 1..TRIES {
        let mut connection = MySqlConnection::connect(server.as_str()).await?;
        if remove_by(&mut connection, names, suffix).await.is_ok() {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let mut connection = MySqlConnection::connect(server.as_str()).await?;
    remove_by(&mut connection, names, suffix).await
}

async fn remove_by(connection: &mut MySqlConnection, names: &[String], suffix: &str) -> Result<()> {
    end_connections(connection, names).await?;
    for name in names {
        sqlx::query(AssertSqlSafe(format!("DROP DATABASE IF EXISTS `{name}`")))
            .execute(&mut *connection)
            .await?;
    }
    let accounts: Vec<(String, String)> = sqlx::query_as(
        "SELECT CAST(User AS CHAR), CAST(Host AS CHAR) FROM mysql.user WHERE User LIKE ?",
    )
    .bind(format!("%{suffix}%"))
    .fetch_all(&mut *connection)
    .await?;
    for (user, host) in accounts {
        sqlx::query(AssertSqlSafe(format!("DROP USER '{user}'@'{host}'")))
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

/// A failed test may leave a transaction open, and dropping its tables would wait for it for ever.
async fn end_connections(admin: &mut MySqlConnection, databases: &[String]) -> Result<()> {
    let open: Vec<(u64, Option<String>)> = sqlx::query_as(
        "SELECT CAST(ID AS UNSIGNED), CAST(DB AS CHAR) FROM information_schema.processlist",
    )
    .fetch_all(&mut *admin)
    .await?;
    for (id, database) in open {
        if database.is_some_and(|name| databases.contains(&name)) {
            // It may have ended by itself meanwhile.
            sqlx::query(AssertSqlSafe(format!("KILL {id}")))
                .execute(&mut *admin)
                .await
                .ok();
        }
    }
    Ok(())
}

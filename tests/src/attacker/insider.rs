//! Somebody with every right on the database server, and no key.

use anyhow::{Result, ensure};
use devstack::Site;
use sqlx::{AssertSqlSafe, Connection, MySql, MySqlConnection, Transaction};

const TABLES: [&str; 4] = ["records", "record_versions", "owner_keys", "consents"];

/// The id of the record that claims a UID, as a piece of SQL.
#[must_use]
pub fn record_of(uid: u64) -> String {
    format!("(SELECT id FROM (SELECT id FROM records WHERE uid = {uid} LIMIT 1) AS record_of)")
}

/// A database administrator who has turned.
pub struct Insider {
    connection: MySqlConnection,
    main: String,
    backup: String,
}

impl Insider {
    /// Signs in as the server's administrator.
    ///
    /// # Errors
    /// When the server is gone.
    pub async fn at(site: &Site) -> Result<Self> {
        let url = site.database().database_url(&site.names().main);
        Ok(Self {
            connection: MySqlConnection::connect(url.as_str()).await?,
            main: site.names().main.clone(),
            backup: site.names().backup.clone(),
        })
    }

    /// The name of the backup database, to be put before a table.
    #[must_use]
    pub fn backup(&self) -> &str {
        &self.backup
    }

    /// Begins an act whose statements take effect together.
    ///
    /// # Errors
    /// When the server is gone.
    pub async fn begin(&mut self) -> Result<Act<'_>> {
        Ok(Act(self.connection.begin().await?))
    }

    /// Runs statements that take effect together; each must hit something.
    ///
    /// # Errors
    /// When one fails or hits nothing.
    pub async fn run(&mut self, statements: &[&str]) -> Result<()> {
        let mut act = self.begin().await?;
        for statement in statements {
            act.run(statement).await?;
        }
        act.commit().await
    }

    /// Changes the schema, which takes effect at once.
    ///
    /// # Errors
    /// When it fails.
    pub async fn change_schema(&mut self, statement: &str) -> Result<()> {
        sqlx::query(AssertSqlSafe(statement.to_owned()))
            .execute(&mut self.connection)
            .await?;
        Ok(())
    }

    /// Asks for one number.
    ///
    /// # Errors
    /// When the statement gives none.
    pub async fn count(&mut self, query: &str) -> Result<i64> {
        Ok(sqlx::query_scalar(AssertSqlSafe(query.to_owned()))
            .fetch_one(&mut self.connection)
            .await?)
    }

    /// Keeps what the tables of records hold now, in a database of the insider's own.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn keep(&mut self) -> Result<()> {
        let kept = self.kept();
        self.change_schema(&format!("DROP DATABASE IF EXISTS `{kept}`"))
            .await?;
        self.change_schema(&format!("CREATE DATABASE `{kept}`"))
            .await?;
        for table in TABLES {
            self.change_schema(&format!(
                "CREATE TABLE `{kept}`.{table} AS SELECT * FROM {table}"
            ))
            .await?;
        }
        Ok(())
    }

    /// Puts everything back as it was kept, at once.
    ///
    /// # Errors
    /// When nothing was kept.
    pub async fn put_back(&mut self) -> Result<()> {
        let kept = self.kept();
        let mut act = self.begin().await?;
        for table in TABLES {
            act.run_freely(&format!("DELETE FROM {table}")).await?;
            act.run(&format!(
                "INSERT INTO {table} SELECT * FROM `{kept}`.{table}"
            ))
            .await?;
        }
        act.commit().await?;
        self.change_schema(&format!("DROP DATABASE `{kept}`")).await
    }

    fn kept(&self) -> String {
        format!("{}_kept", self.main)
    }
}

/// Statements of one transaction.
pub struct Act<'a>(Transaction<'a, MySql>);

impl Act<'_> {
    /// Runs a statement that must hit something.
    ///
    /// # Errors
    /// When it fails or hits nothing.
    pub async fn run(&mut self, statement: &str) -> Result<()> {
        let rows = self.run_freely(statement).await?;
        ensure!(rows > 0, "this hits nothing: {statement}");
        Ok(())
    }

    /// Runs a statement, and tells how many rows it hit.
    ///
    /// # Errors
    /// When it fails.
    pub async fn run_freely(&mut self, statement: &str) -> Result<u64> {
        let done = sqlx::query(AssertSqlSafe(statement.to_owned()))
            .execute(&mut *self.0)
            .await?;
        Ok(done.rows_affected())
    }

    /// The id of the record that claims a UID, as a piece of SQL.
    ///
    /// # Errors
    /// When there is none.
    pub async fn record(&mut self, uid: u64) -> Result<String> {
        let id: Vec<u8> = sqlx::query_scalar("SELECT id FROM records WHERE uid = ?")
            .bind(uid)
            .fetch_one(&mut *self.0)
            .await?;
        Ok(format!("X'{}'", hex::encode(id)))
    }

    /// Reads one sealed cell of a record's first version, as a piece of SQL.
    ///
    /// # Errors
    /// When the record is not there.
    pub async fn cell(&mut self, column: &str, uid: u64) -> Result<String> {
        let record = self.record(uid).await?;
        self.cell_of(column, &record).await
    }

    /// [`Self::cell`] of a record that has no UID yet.
    ///
    /// # Errors
    /// When the record is not there.
    pub async fn cell_of(&mut self, column: &str, record: &str) -> Result<String> {
        let query = format!(
            "SELECT {column} FROM record_versions WHERE record_id = {record} AND version = 1"
        );
        let cell: Vec<u8> = sqlx::query_scalar(AssertSqlSafe(query))
            .fetch_one(&mut *self.0)
            .await?;
        Ok(format!("X'{}'", hex::encode(cell)))
    }

    /// Writes one sealed cell of a record's first version.
    ///
    /// # Errors
    /// When that hits nothing.
    pub async fn put_cell(&mut self, column: &str, uid: u64, cell: &str) -> Result<()> {
        let record = record_of(uid);
        self.run(&format!(
            "UPDATE record_versions SET {column} = {cell} WHERE record_id = {record} AND version = 1"
        ))
        .await
    }

    /// Where other tools take part in the act.
    pub fn connection(&mut self) -> &mut MySqlConnection {
        &mut self.0
    }

    /// Lets it take effect.
    ///
    /// # Errors
    /// When the server is gone.
    pub async fn commit(self) -> Result<()> {
        Ok(self.0.commit().await?)
    }
}

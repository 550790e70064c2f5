//! A table of our own on the server, somebody who writes to it, and somebody who follows.

use std::time::Duration;

use binary_log::{Change, Follower, LogError, News, Position, Row, Server, Transaction, Value};
use devstack::{DatabaseServer, Databases};
use sqlx::{AssertSqlSafe, Connection, MySqlConnection};
use tokio::time::timeout;

pub const LIMIT: Duration = Duration::from_secs(30);

pub struct Stage {
    pub databases: Databases,
    pub server: Server,
    pub writer: MySqlConnection,
    pub number: u32,
    pub is_mariadb: bool,
}

impl Stage {
    pub async fn new() -> Self {
        Self::on(DatabaseServer::shared().await.unwrap()).await
    }

    pub async fn on(server: &DatabaseServer) -> Self {
        let databases = server.create_databases("log").await.unwrap();
        let mut writer = MySqlConnection::connect(databases.main().as_str())
            .await
            .unwrap();
        let version: String = sqlx::query_scalar("SELECT VERSION()")
            .fetch_one(&mut writer)
            .await
            .unwrap();
        let mut stage = Self {
            server: Server::new(&databases.main()).unwrap(),
            databases,
            writer,
            number: 0x8000_0000 | rand::random::<u32>(),
            is_mariadb: version.contains("MariaDB"),
        };
        let table = "CREATE TABLE t (id BINARY(16) NOT NULL PRIMARY KEY, number BIGINT UNSIGNED NULL, \
                     cell VARBINARY(200) NULL, word VARCHAR(20) CHARACTER SET ascii NOT NULL) ENGINE=InnoDB";
        stage.run(table).await;
        stage
    }

    /// Follows by an account of its own from now on, by which the server knows its connections.
    pub async fn follow_as_somebody_else(&mut self) -> String {
        const PASSWORD: &str = "x8-kdAAd0wW";
        let user = format!("log_{}", self.databases.suffix());
        let main = self.databases.main_name();
        let account = format!(
            "CREATE USER '{user}'@'%' IDENTIFIED BY '{PASSWORD}';
             GRANT REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO '{user}'@'%';
             GRANT SELECT ON `{main}`.* TO '{user}'@'%'"
        );
        self.run(&account).await;
        let mut url = self.databases.main();
        url.set_username(&user).unwrap();
        url.set_password(Some(PASSWORD)).unwrap();
        self.server = Server::new(&url).unwrap();
        user
    }

    pub async fn run(&mut self, statement: &str) {
        let statement = AssertSqlSafe(statement.to_owned());
        sqlx::raw_sql(statement)
            .execute(&mut self.writer)
            .await
            .unwrap();
    }

    pub async fn insert(&mut self, number: u64) {
        self.run(&format!(
            "INSERT INTO t VALUES (UNHEX(LPAD(HEX({number}), 32, '0')), {number}, NULL, 'word')"
        ))
        .await;
    }

    /// Removes all files of the log but the newest, as soon as the server can do without them.
    pub async fn purge(&mut self) {
        self.run("FLUSH BINARY LOGS").await;
        loop {
            let files: Vec<(String, u64)> = sqlx::query_as("SHOW BINARY LOGS")
                .fetch_all(&mut self.writer)
                .await
                .unwrap();
            let newest = &files.last().unwrap().0;
            if files.len() == 1 {
                return;
            }
            self.run(&format!("PURGE BINARY LOGS TO '{newest}'")).await;
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    pub async fn newest(&self) -> Position {
        self.server.newest().await.unwrap()
    }

    pub async fn follow(&self, from: Position) -> Follower {
        self.server.follow(from, self.number).await.unwrap()
    }
}

/// The next transaction that did anything to our database.
pub async fn next(follower: &mut Follower) -> Result<Transaction, LogError> {
    let next = async {
        loop {
            if let News::Transaction(transaction) = follower.next().await?
                && (!transaction.changes.is_empty() || !transaction.statements.is_empty())
            {
                return Ok(*transaction);
            }
        }
    };
    timeout(LIMIT, next).await.expect("nothing comes")
}

/// Until nothing more comes, which must be soon.
pub async fn quiet(follower: &mut Follower) {
    let quiet = async {
        loop {
            match follower.next().await.unwrap() {
                News::Quiet => return,
                News::Transaction(one) => assert!(one.changes.is_empty()),
            }
        }
    };
    timeout(LIMIT, quiet).await.expect("no heartbeat");
}

/// The numbers that were inserted.
pub fn inserted(changes: &[Change]) -> Vec<u64> {
    let rows = changes.iter().filter_map(|change| change.after.as_ref());
    rows.filter_map(number).collect()
}

pub fn number(row: &Row) -> Option<u64> {
    match row.get(1)? {
        Value::Number(number) => Some(*number),
        _ => None,
    }
}

pub fn bytes(row: &Row, column: usize) -> &[u8] {
    match row.get(column) {
        Some(Value::Bytes(bytes)) => bytes,
        _ => panic!("no bytes in column {column}"),
    }
}

//! The private database server.

use std::time::Duration;

use devstack::{DatabaseOptions, DatabaseServer};
use sqlx::{Connection, MySqlConnection, Row};

#[tokio::test]
async fn has_the_binary_log_that_the_watch_needs() {
    let server = DatabaseServer::start(&DatabaseOptions::default())
        .await
        .unwrap();
    let mut connection = server.connect().await.unwrap();
    let row = sqlx::query(
        "SELECT @@log_bin, CAST(@@binlog_format AS CHAR), CAST(@@binlog_row_image AS CHAR), \
         @@binlog_annotate_row_events, @@log_bin_compress, CAST(@@bind_address AS CHAR)",
    )
    .fetch_one(&mut connection)
    .await
    .unwrap();
    assert_eq!(row.get::<i64, _>(0), 1);
    assert_eq!(row.get::<String, _>(1), "ROW");
    assert_eq!(row.get::<String, _>(2), "FULL");
    assert_eq!(row.get::<i64, _>(3), 1);
    assert_eq!(row.get::<i64, _>(4), 0);
    assert_eq!(row.get::<String, _>(5), "127.0.0.1");
    server.stop().await.unwrap();
}

#[tokio::test]
async fn lets_nobody_in_without_the_password() {
    let server = DatabaseServer::start(&DatabaseOptions::default())
        .await
        .unwrap();
    let mut url = server.url().clone();
    url.set_password(None).unwrap();
    assert!(MySqlConnection::connect(url.as_str()).await.is_err());
    url.set_username("").unwrap();
    assert!(MySqlConnection::connect(url.as_str()).await.is_err());
}

#[tokio::test]
async fn keeps_its_data_over_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let options = DatabaseOptions {
        dir: Some(dir.path().to_path_buf()),
        durable: true,
        ..Default::default()
    };
    let server = DatabaseServer::start(&options).await.unwrap();
    let mut connection = server.connect().await.unwrap();
    sqlx::query("CREATE DATABASE kept")
        .execute(&mut connection)
        .await
        .unwrap();
    server.stop().await.unwrap();
    let server = DatabaseServer::start(&options).await.unwrap();
    assert!(
        MySqlConnection::connect(server.database_url("kept").as_str())
            .await
            .is_ok()
    );
}

#[tokio::test]
async fn databases_go_with_their_value_and_take_their_accounts_along() {
    let server = DatabaseServer::shared().await.unwrap();
    let databases = server.create_databases("going").await.unwrap();
    let (name, user) = (
        databases.main_name().to_owned(),
        format!("app_{}", databases.suffix()),
    );
    let mut connection = server.connect().await.unwrap();
    let create = sqlx::AssertSqlSafe(format!(
        "CREATE USER '{user}'@'%' IDENTIFIED BY 'x8#kdAAd0wW'"
    ));
    sqlx::query(create).execute(&mut connection).await.unwrap();
    let grant = sqlx::AssertSqlSafe(format!("GRANT SELECT ON `{name}`.* TO '{user}'@'%'"));
    sqlx::query(grant).execute(&mut connection).await.unwrap();
    let account = server.account_url(&user, "x8#kdAAd0wW", &name).unwrap();
    assert!(MySqlConnection::connect(account.as_str()).await.is_ok());
    drop(databases);
    assert!(MySqlConnection::connect(account.as_str()).await.is_err());
    let left: i64 = sqlx::query_scalar(
        "SELECT COUNT(*) FROM information_schema.schemata WHERE schema_name = ?",
    )
    .bind(&name)
    .fetch_one(&mut connection)
    .await
    .unwrap();
    assert_eq!(left, 0);
}

#[tokio::test]
async fn a_taken_port_is_told() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let Err(problem) = DatabaseServer::start(&DatabaseOptions {
        port: Some(port),
        ..Default::default()
    })
    .await
    else {
        panic!("started on a taken port");
    };
    assert!(
        problem.to_string().contains(&format!("port {port}")),
        "{problem}"
    );
}

#[tokio::test]
async fn a_server_that_cannot_start_shows_its_last_lines() {
    let dir = tempfile::tempdir().unwrap();
    // Looks like a finished data directory and holds nothing.
    std::fs::create_dir(dir.path().join("data")).unwrap();
    let options = DatabaseOptions {
        dir: Some(dir.path().to_path_buf()),
        ..Default::default()
    };
    let Err(problem) = DatabaseServer::start(&options).await else {
        panic!("started without system tables")
    };
    let text = format!("{problem:#}");
    assert!(text.contains("database ended with"), "{text}");
    assert!(text.contains("mysql."), "the log's end is missing: {text}");
}

#[tokio::test]
async fn a_frozen_server_hangs_and_thaws() {
    let server = DatabaseServer::start(&DatabaseOptions::default())
        .await
        .unwrap();
    server.freeze().unwrap();
    let asked = tokio::time::timeout(Duration::from_millis(500), server.connect()).await;
    assert!(asked.is_err(), "a frozen server answered");
    server.thaw().unwrap();
    server.connect().await.unwrap();
}

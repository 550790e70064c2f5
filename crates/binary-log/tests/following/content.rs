//! What a transaction tells.

use binary_log::{StatementKind, Value};

use super::stage::{Stage, bytes, inserted, next, number, quiet};

#[tokio::test]
async fn rows_come_before_and_after() {
    let mut stage = Stage::new().await;
    let mut follower = stage.follow(stage.newest().await).await;
    stage
        .run("INSERT INTO t VALUES (0x0102, 18446744073709551615, 0x00ff, 'first'), (0x03, NULL, NULL, 'second')")
        .await;
    stage
        .run("UPDATE t SET number = 7, cell = NULL WHERE word = 'first'")
        .await;
    stage.run("DELETE FROM t WHERE word = 'second'").await;
    let entered = next(&mut follower).await.unwrap();
    assert!(entered.is_whole && entered.changes.iter().all(|one| one.before.is_none()));
    let row = entered.changes[0].after.as_ref().unwrap();
    // A fixed length comes without its zeros at the end.
    assert_eq!(bytes(row, 0), [1, 2]);
    assert_eq!(number(row), Some(u64::MAX));
    assert_eq!(bytes(row, 2), [0, 0xff]);
    assert_eq!(bytes(row, 3), b"first");
    let empty = entered.changes[1].after.as_ref().unwrap();
    assert!(matches!(empty.get(1), Some(Value::Null)));
    let changed = next(&mut follower).await.unwrap();
    let [change] = changed.changes.as_slice() else {
        panic!("one row was changed");
    };
    assert_eq!(change.table, "t");
    assert_eq!(number(change.before.as_ref().unwrap()), Some(u64::MAX));
    assert_eq!(number(change.after.as_ref().unwrap()), Some(7));
    let deleted = next(&mut follower).await.unwrap();
    assert!(deleted.changes[0].after.is_none());
    assert_eq!(
        bytes(deleted.changes[0].before.as_ref().unwrap(), 3),
        b"second"
    );
    quiet(&mut follower).await;
}

#[tokio::test]
async fn one_transaction_comes_whole_and_others_databases_are_left_out() {
    let mut stage = Stage::new().await;
    let other = stage.databases.backup_name().to_owned();
    stage
        .run(&format!("CREATE TABLE {other}.t (id INT PRIMARY KEY)"))
        .await;
    let mut follower = stage.follow(stage.newest().await).await;
    stage
        .run(&format!(
            "BEGIN; INSERT INTO t VALUES (1, 1, NULL, 'a'); SAVEPOINT s; INSERT INTO t VALUES (2, 2, NULL, 'b');
             ROLLBACK TO s; INSERT INTO {other}.t VALUES (1); INSERT INTO t VALUES (3, 3, NULL, 'c'); COMMIT;
             BEGIN; INSERT INTO t VALUES (4, 4, NULL, 'd'); ROLLBACK; INSERT INTO t VALUES (5, 5, NULL, 'e')"
        ))
        .await;
    assert_eq!(
        inserted(&next(&mut follower).await.unwrap().changes),
        [1, 3]
    );
    assert_eq!(inserted(&next(&mut follower).await.unwrap().changes), [5]);
}

#[tokio::test]
async fn statement_time_and_connection_are_told() {
    let mut stage = Stage::new().await;
    if !stage.is_mariadb {
        stage
            .run("SET SESSION binlog_rows_query_log_events = ON")
            .await;
    }
    let mut follower = stage.follow(stage.newest().await).await;
    let connection: u64 = sqlx::query_scalar("SELECT CONNECTION_ID()")
        .fetch_one(&mut stage.writer)
        .await
        .unwrap();
    stage.run("SET timestamp = 1700000000").await;
    let statement = "INSERT INTO t VALUES (1, 1, NULL, 'it''s')";
    stage.run(statement).await;
    stage.run("ALTER TABLE t ADD further INT NULL").await;
    let entered = next(&mut follower).await.unwrap();
    assert_eq!(entered.at, 1_700_000_000);
    let texts = match stage.is_mariadb {
        true => stage.server.texts(&entered.place).await.unwrap(),
        false => entered.texts.clone(),
    };
    let texts: Vec<&str> = texts.iter().map(|text| text.as_str()).collect();
    assert_eq!(texts, [statement]);
    if !stage.is_mariadb {
        assert_eq!(entered.connection.map(u64::from), Some(connection));
    }
    let altered = next(&mut follower).await.unwrap();
    assert_eq!(altered.connection.map(u64::from), Some(connection));
    assert!(altered.is_whole && altered.changes.is_empty());
    assert_eq!(altered.statements[0].kind, StatementKind::Definition);
    assert!(altered.statements[0].words().any(|word| word == "ALTER"));
}

#[tokio::test]
async fn a_statement_with_bytes_that_are_no_text_is_told_as_well() {
    let mut stage = Stage::new().await;
    if !stage.is_mariadb {
        stage
            .run("SET SESSION binlog_rows_query_log_events = ON")
            .await;
    }
    let mut follower = stage.follow(stage.newest().await).await;
    // MariaDB writes what was bound into the text, byte by byte.
    sqlx::query("INSERT INTO t VALUES (?, 7, ?, 'word')")
        .bind([0xff; 16].as_slice())
        .bind([0xfe, 0xff, 0x00].as_slice())
        .execute(&mut stage.writer)
        .await
        .unwrap();
    let entered = next(&mut follower).await.unwrap();
    assert_eq!(inserted(&entered.changes), [7]);
    let texts = match stage.is_mariadb {
        true => stage.server.texts(&entered.place).await.unwrap(),
        false => entered.texts.clone(),
    };
    assert!(texts[0].starts_with("INSERT INTO t VALUES ("));
}

#[tokio::test]
async fn what_the_log_does_not_hold_is_told() {
    let mut stage = Stage::new().await;
    stage.insert(1).await;
    let mut follower = stage.follow(stage.newest().await).await;
    stage.run("SET SESSION binlog_row_image = 'MINIMAL'").await;
    stage.run("UPDATE t SET number = 2").await;
    stage
        .run("SET SESSION binlog_row_image = 'FULL', SESSION binlog_format = 'STATEMENT'")
        .await;
    stage.run("/* quietly */ UPDATE t SET number = 3").await;
    let partial = next(&mut follower).await.unwrap();
    assert!(!partial.is_whole);
    let after = partial.changes[0].after.as_ref().unwrap();
    assert_eq!(number(after), Some(2));
    assert!(after.get(3).is_none());
    let unseen = next(&mut follower).await.unwrap();
    assert!(!unseen.is_whole && unseen.changes.is_empty());
    assert_eq!(unseen.statements[0].kind, StatementKind::Data);
}

#[tokio::test]
async fn what_was_prepared_is_told_once_it_is_committed() {
    let mut stage = Stage::new().await;
    let mut follower = stage.follow(stage.newest().await).await;
    let name = stage.databases.suffix().to_owned();
    stage
        .run(&format!(
            "XA START '{name}'; INSERT INTO t VALUES (1, 1, NULL, 'a'); XA END '{name}'; XA PREPARE '{name}'"
        ))
        .await;
    quiet(&mut follower).await;
    stage.run(&format!("XA COMMIT '{name}'")).await;
    assert_eq!(inserted(&next(&mut follower).await.unwrap().changes), [1]);
}

#[tokio::test]
async fn compressed_transactions_of_mysql_are_read() {
    let mut stage = Stage::new().await;
    if stage.is_mariadb {
        return;
    }
    let mut follower = stage.follow(stage.newest().await).await;
    stage
        .run("SET SESSION binlog_transaction_compression = ON")
        .await;
    stage.insert(1).await;
    stage
        .run("SET SESSION binlog_transaction_compression = OFF")
        .await;
    stage.insert(2).await;
    let compressed = next(&mut follower).await.unwrap();
    assert_eq!(inserted(&compressed.changes), [1]);
    drop(follower);
    let mut follower = stage.follow(compressed.position).await;
    assert_eq!(inserted(&next(&mut follower).await.unwrap().changes), [2]);
    quiet(&mut follower).await;
}

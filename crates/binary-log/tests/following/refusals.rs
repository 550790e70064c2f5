//! What keeps us from following has a name.

use binary_log::{LogError, Position, Server};
use devstack::{DatabaseOptions, DatabaseServer};

use super::stage::{Stage, inserted, next};

async fn server_with(settings: &[&str]) -> DatabaseServer {
    let options = DatabaseOptions {
        settings: settings.iter().map(|one| (*one).to_owned()).collect(),
        ..DatabaseOptions::default()
    };
    DatabaseServer::start(&options).await.unwrap()
}

#[tokio::test]
async fn a_purged_position_is_lost() {
    let own = server_with(&[]).await;
    let mut stage = Stage::on(&own).await;
    let position = stage.newest().await;
    stage.insert(1).await;
    stage.run("FLUSH BINARY LOGS").await;
    stage.insert(2).await;
    let newest = stage.newest().await;
    stage.purge().await;
    let lost = async {
        let mut follower = stage.server.follow(position, stage.number).await?;
        next(&mut follower).await.map(drop)
    };
    let lost = lost.await;
    assert!(matches!(lost, Err(LogError::PositionLost)), "{lost:?}");
    // What is still there can be followed.
    stage.insert(3).await;
    let mut follower = stage.follow(newest).await;
    assert_eq!(inserted(&next(&mut follower).await.unwrap().changes), [3]);
}

#[tokio::test]
async fn a_position_that_the_log_never_held_is_lost() {
    let mut stage = Stage::new().await;
    let never: Vec<Position> = match stage.is_mariadb {
        true => ["mariadb:0-1-999999999"]
            .map(|text| text.parse().unwrap())
            .into(),
        false => ["file:gone.000001:4", "file:binlog.000001:99999999999"]
            .map(|text| text.parse().unwrap())
            .into(),
    };
    for position in never {
        let lost = async {
            let mut follower = stage.server.follow(position.clone(), stage.number).await?;
            next(&mut follower).await.map(drop)
        };
        let lost = lost.await;
        assert!(
            matches!(lost, Err(LogError::PositionLost)),
            "{position}: {lost:?}"
        );
    }
    stage.insert(1).await;
}

#[tokio::test]
async fn a_log_that_can_not_serve_is_named() {
    let own = server_with(&["--skip-log-bin"]).await;
    let off = Server::new(&own.database_url("mysql")).unwrap();
    assert!(matches!(off.newest().await, Err(LogError::Off)));
    drop(own);
    let own = server_with(&["--binlog-ignore-db=left_out"]).await;
    let left_out = Server::new(&own.database_url("left_out")).unwrap();
    assert!(matches!(left_out.newest().await, Err(LogError::LeavesOut)));
    let mut stage = Stage::on(&own).await;
    stage.run("SET GLOBAL binlog_format = 'STATEMENT'").await;
    let named = stage.server.newest().await.unwrap_err().to_string();
    assert!(named.contains("binlog_format is not ROW"), "{named}");
    stage
        .run("SET GLOBAL binlog_format = 'ROW', GLOBAL binlog_row_image = 'MINIMAL'")
        .await;
    let named = stage.server.newest().await.unwrap_err().to_string();
    assert!(named.contains("binlog_row_image is not FULL"), "{named}");
    stage
        .run("SET GLOBAL binlog_row_image = 'FULL', GLOBAL log_bin_compress = ON")
        .await;
    assert!(matches!(
        stage.server.newest().await,
        Err(LogError::Compressed)
    ));
    let follower = stage
        .server
        .follow("mariadb:".parse().unwrap(), stage.number);
    let mut follower = follower.await.unwrap();
    stage
        .run(&format!(
            "INSERT INTO t VALUES (1, 1, '{}', 'a')",
            "x".repeat(190)
        ))
        .await;
    stage
        .run("CREATE TABLE u AS SELECT REPEAT('x', 5000) AS text; INSERT INTO u SELECT REPEAT('y', 5000)")
        .await;
    let compressed = loop {
        match next(&mut follower).await {
            Ok(_) => {}
            Err(error) => break error,
        }
    };
    assert!(matches!(compressed, LogError::Compressed), "{compressed}");
}

#[tokio::test]
async fn a_missing_right_is_named() {
    let mut stage = Stage::new().await;
    let user = format!("w_{}", stage.databases.suffix());
    stage
        .run(&format!(
            "CREATE USER '{user}'@'%' IDENTIFIED BY 'right one'; GRANT TRIGGER ON {}.* TO '{user}'@'%'",
            stage.databases.main_name()
        ))
        .await;
    let mut url = stage.databases.main();
    url.set_username(&user).unwrap();
    for (password, rights) in [
        ("wrong one", ""),
        ("right one", ""),
        ("right one", "REPLICATION CLIENT"),
    ] {
        if !rights.is_empty() {
            stage
                .run(&format!("GRANT {rights} ON *.* TO '{user}'@'%'"))
                .await;
        }
        url.set_password(Some(password)).unwrap();
        let account = Server::new(&url).unwrap();
        let refused = async {
            let newest = account.newest().await?;
            let mut follower = account.follow(newest, stage.number).await?;
            next(&mut follower).await.map(drop)
        };
        let refused = refused.await;
        assert!(
            matches!(refused, Err(LogError::Refused(_))),
            "{password}, {rights}: {refused:?}"
        );
    }
    stage
        .run(&format!("GRANT REPLICATION SLAVE ON *.* TO '{user}'@'%'"))
        .await;
    let account = Server::new(&url).unwrap();
    let mut follower = account
        .follow(account.newest().await.unwrap(), stage.number)
        .await
        .unwrap();
    stage.insert(1).await;
    let entered = next(&mut follower).await.unwrap();
    assert_eq!(inserted(&entered.changes), [1]);
    if stage.is_mariadb {
        assert_eq!(account.texts(&entered.place).await.unwrap().len(), 1);
    }
    stage
        .run("CREATE TRIGGER planted BEFORE UPDATE ON t FOR EACH ROW SET NEW.number = 0")
        .await;
    let planted = [("t".to_owned(), "planted".to_owned())];
    assert_eq!(account.triggers().await.unwrap(), planted);
    // Without the right the server shows no trigger, and does not say why.
    let main = stage.databases.main_name().to_owned();
    stage
        .run(&format!("REVOKE TRIGGER ON {main}.* FROM '{user}'@'%'"))
        .await;
    let unseen = account.triggers().await;
    assert!(matches!(unseen, Err(LogError::Refused(_))), "{unseen:?}");
    let pattern = main.replace('_', "\\_");
    stage
        .run(&format!("GRANT TRIGGER ON `{pattern}`.* TO '{user}'@'%'"))
        .await;
    assert_eq!(account.triggers().await.unwrap(), planted);
    // Who follows already is not disturbed by it, and finds out all the same.
    stage
        .run(&format!(
            "REVOKE REPLICATION SLAVE ON *.* FROM '{user}'@'%'"
        ))
        .await;
    let newest = account.newest().await;
    assert!(matches!(newest, Err(LogError::Refused(_))), "{newest:?}");
    stage.insert(2).await;
    let entered = loop {
        let told = next(&mut follower).await.unwrap();
        // The statements above come as well.
        if !told.changes.is_empty() {
            break told;
        }
    };
    assert_eq!(inserted(&entered.changes), [2]);
}

#[tokio::test]
async fn a_server_out_of_reach_is_told() {
    let nobody = "mysql://root@127.0.0.1:1/x".parse().unwrap();
    let nobody = Server::new(&nobody).unwrap();
    assert!(matches!(
        nobody.newest().await,
        Err(LogError::Unreachable(_))
    ));
}

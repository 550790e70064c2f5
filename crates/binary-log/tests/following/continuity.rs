//! Everything comes once and in order, whatever happens in between.

use std::time::Duration;

use binary_log::{LogError, News, Position};
use devstack::{DatabaseOptions, DatabaseServer};
use sqlx::{AssertSqlSafe, Connection, MySqlConnection};
use tokio::time::{sleep, timeout};

use super::stage::{LIMIT, Stage, inserted, next, quiet};

/// Follows until so many came, anew from the position after each interruption.
async fn follow_through(stage: &Stage, from: Position, wanted: u64) -> (Vec<u64>, usize) {
    let (mut seen, mut position, mut interruptions) = (Vec::new(), from, 0);
    while (seen.len() as u64) < wanted {
        let Ok(mut follower) = stage.server.follow(position.clone(), stage.number).await else {
            sleep(Duration::from_millis(100)).await;
            continue;
        };
        while (seen.len() as u64) < wanted {
            match follower.next().await {
                Ok(News::Transaction(one)) => {
                    seen.extend(inserted(&one.changes));
                    position = one.position;
                }
                Ok(News::Quiet) => {}
                Err(LogError::Unreachable(_) | LogError::Server(_)) => {
                    interruptions += 1;
                    break;
                }
                Err(error) => panic!("{error}"),
            }
        }
    }
    (seen, interruptions)
}

/// Ends the connections over which the log goes to this account.
async fn kill_dump(admin: &mut MySqlConnection, user: &str) -> bool {
    let dumps: Vec<u64> = sqlx::query_scalar(
        "SELECT CAST(ID AS UNSIGNED) FROM information_schema.processlist WHERE COMMAND LIKE 'Binlog Dump%' AND USER = ?",
    )
    .bind(user)
    .fetch_all(&mut *admin)
    .await
    .unwrap();
    for dump in &dumps {
        let kill = sqlx::query(AssertSqlSafe(format!("KILL {dump}")));
        kill.execute(&mut *admin).await.ok();
    }
    !dumps.is_empty()
}

#[tokio::test]
async fn with_the_dump_thread_killed_during_writes() {
    const WRITES: u32 = 2000;
    let mut stage = Stage::new().await;
    // Others follow the same server, and are not to be killed.
    let user = stage.follow_as_somebody_else().await;
    let from = stage.newest().await;
    let mut admin = MySqlConnection::connect(stage.databases.main().as_str())
        .await
        .unwrap();
    let url = stage.databases.main();
    let writing = tokio::spawn(async move {
        let mut writer = MySqlConnection::connect(url.as_str()).await.unwrap();
        for number in 0..WRITES {
            let insert = format!(
                "INSERT INTO t VALUES (UNHEX(LPAD(HEX({number}), 32, '0')), {number}, NULL, 'w')"
            );
            sqlx::raw_sql(AssertSqlSafe(insert))
                .execute(&mut writer)
                .await
                .unwrap();
        }
    });
    let killing = tokio::spawn(async move {
        for _ in 0..5 {
            sleep(Duration::from_millis(150)).await;
            kill_dump(&mut admin, &user).await;
        }
    });
    let (seen, interruptions) = follow_through(&stage, from, u64::from(WRITES)).await;
    assert!(
        seen.into_iter().eq(0..u64::from(WRITES)),
        "once, and in order"
    );
    assert!(interruptions > 0, "nothing was interrupted");
    writing.await.unwrap();
    killing.await.unwrap();
    stage.run("DELETE FROM t").await;
}

#[tokio::test]
async fn after_the_servers_restart() {
    let dir = std::env::temp_dir().join(format!("binary-log-{:08x}", rand::random::<u32>()));
    let options = DatabaseOptions {
        dir: Some(dir.clone()),
        ..DatabaseOptions::default()
    };
    let server = DatabaseServer::start(&options).await.unwrap();
    let port = server.url().port();
    let mut stage = Stage::on(&server).await;
    let mut follower = stage.follow(stage.newest().await).await;
    stage.insert(1).await;
    let first = next(&mut follower).await.unwrap();
    stage.insert(2).await;
    server.stop().await.unwrap();
    let ended = loop {
        match follower.next().await {
            Ok(_) => {}
            Err(error) => break error,
        }
    };
    assert!(
        matches!(ended, LogError::Unreachable(_) | LogError::Server(_)),
        "{ended}"
    );
    let options = DatabaseOptions { port, ..options };
    let server = DatabaseServer::start(&options).await.unwrap();
    stage.writer = MySqlConnection::connect(stage.databases.main().as_str())
        .await
        .unwrap();
    stage.insert(3).await;
    let mut follower = stage.follow(first.position).await;
    for number in [2, 3] {
        assert_eq!(
            inserted(&next(&mut follower).await.unwrap().changes),
            [number]
        );
    }
    quiet(&mut follower).await;
    drop(stage);
    server.stop().await.unwrap();
    std::fs::remove_dir_all(dir).unwrap();
}

#[tokio::test]
async fn after_our_own_restart_from_the_kept_position() {
    let mut stage = Stage::new().await;
    let mut follower = stage.follow(stage.newest().await).await;
    for number in 1..=3 {
        stage.insert(number).await;
    }
    let first = next(&mut follower).await.unwrap();
    drop(follower);
    stage.run("FLUSH BINARY LOGS").await;
    stage.insert(4).await;
    let kept: Position = first.position.to_string().parse().unwrap();
    let mut follower = stage.follow(kept).await;
    for number in 2..=4 {
        assert_eq!(
            inserted(&next(&mut follower).await.unwrap().changes),
            [number]
        );
    }
    // With nothing left, the position is the end of the log; other tests may write to this server meanwhile.
    let is_at_the_end = async {
        loop {
            quiet(&mut follower).await;
            if follower.position() == &stage.newest().await {
                return;
            }
        }
    };
    timeout(LIMIT, is_at_the_end)
        .await
        .expect("never at the end");
}

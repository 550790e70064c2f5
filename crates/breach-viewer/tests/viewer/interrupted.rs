//! Somebody ends our connections again and again: the server answers, so nobody is told that it is an outage.

use std::time::Duration;

use sqlx::AssertSqlSafe;
use sqlx::mysql::MySqlConnection;
use tokio::task::JoinHandle;

use crate::harness::{Answer, Stage};

const WORDS: &str = "The database answers, but Sealwatch&#39;s connections to it are ended";

#[tokio::test(flavor = "multi_thread")]
async fn who_ends_our_connections_is_told_of_and_it_is_not_called_an_outage() {
    let stage = Stage::with(2).await;
    let officer = stage.officer().await;
    stage.until_all_valid(&officer).await;
    let killer = end_connections(&stage).await;
    let alarm = "SELECT COUNT(*) FROM operations_alarms WHERE kind = 'database_interrupts'";
    stage
        .until_number("the alarm", alarm, |count| count == 1)
        .await;
    let stranger = stage.browser();
    for _ in 0..20 {
        let banner = stranger.get("/sign-in").await.banner();
        assert!(!banner.contains("not a breach"), "{banner}");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    killer.abort();
    assert!(killer.await.unwrap_err().is_cancelled());
    stage.alter_email(1).await;
    let told = |grid: &Answer| grid.line(1).contains("Altered");
    stage.until(&officer, "/records", told).await;
    // It ends with the first whole round that nothing broke off.
    let is_over = |grid: &Answer| !grid.banner().contains(WORDS);
    stage.until(&officer, "/records", is_over).await;
    stage
        .until_number("the alarm to end", alarm, |count| count == 0)
        .await;
    assert_eq!(officer.verify(2).await, "Valid", "a neighbour");
    stage.site.stop().await.unwrap();
}

/// All connections of breach-viewer, again and again.
async fn end_connections(stage: &Stage) -> JoinHandle<()> {
    let mut connection = stage.connect().await;
    let user = format!("{}_viewer", stage.site.names().users);
    tokio::spawn(async move {
        loop {
            end_all(&mut connection, &user).await;
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    })
}

async fn end_all(connection: &mut MySqlConnection, user: &str) {
    let ids = sqlx::query_scalar::<_, u64>(
        "SELECT CAST(id AS UNSIGNED) FROM information_schema.processlist WHERE user = ?",
    );
    let ids = ids.bind(user).fetch_all(&mut *connection).await;
    // MySQL gives no list while a statement in it holds bytes that are no text.
    let ids = match ids {
        Err(error) if error.as_database_error().is_some() => Vec::new(),
        ids => ids.unwrap(),
    };
    for id in ids {
        // One may be gone already.
        let kill = sqlx::query(AssertSqlSafe(format!("KILL {id}")));
        if let Err(error) = kill.execute(&mut *connection).await {
            assert!(error.as_database_error().is_some(), "{error}");
        }
    }
}

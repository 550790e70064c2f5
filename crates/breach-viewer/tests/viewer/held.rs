//! Somebody who holds a row, or takes a right away, keeps the watch from its work. That is told, and the schema is looked
//! at all the same.

use crate::harness::Stage;
use crate::watch::{alarms, until_alarm, until_following, with_slow_sweep};

#[tokio::test(flavor = "multi_thread")]
async fn who_keeps_the_watch_from_its_work_is_told_of() {
    let stage = Stage::start(2, with_slow_sweep()).await;
    let officer = stage.officer().await;
    stage.until_all_valid(&officer).await;
    until_following(&stage).await;
    assert!(alarms(&stage).await.is_empty());
    its_lease_is_held(&stage).await;
    its_right_is_taken_away(&stage).await;
    for uid in [1, 2] {
        assert_eq!(officer.verify(uid).await, "Valid", "record {uid}");
    }
    stage.assert_no_breach().await;
    stage.site.stop().await.unwrap();
}

async fn its_lease_is_held(stage: &Stage) {
    let mut holder = stage.connect().await;
    let mut held = sqlx::Connection::begin(&mut holder).await.unwrap();
    sqlx::query("SELECT name FROM leases WHERE name = 'watch' FOR UPDATE")
        .fetch_one(&mut *held)
        .await
        .unwrap();
    until_alarm(stage, "watch_behind", true).await;
    stage
        .sql_schema("ALTER TABLE staff ADD extra INT NULL")
        .await;
    until_alarm(stage, "schema_changed", true).await;
    stage.sql_schema("ALTER TABLE staff DROP extra").await;
    until_alarm(stage, "schema_changed", false).await;
    assert_eq!(alarms(stage).await, ["watch_behind"]);
    held.rollback().await.unwrap();
    until_alarm(stage, "watch_behind", false).await;
    until_following(stage).await;
}

async fn its_right_is_taken_away(stage: &Stage) {
    let names = stage.site.names();
    let table = format!("`{}`.watch_progress", names.main);
    let user = format!("'{}_viewer'@'%'", names.users);
    stage
        .sql_schema(&format!("REVOKE UPDATE ON {table} FROM {user}"))
        .await;
    until_alarm(stage, "watch_behind", true).await;
    // It stands for as long as the watch does not get on.
    let since = "SELECT CAST(since AS SIGNED) FROM operations_alarms WHERE kind = 'watch_behind'";
    let seen =
        "SELECT CAST(last_seen_at AS SIGNED) FROM operations_alarms WHERE kind = 'watch_behind'";
    let begun = stage.number(since).await;
    stage
        .until_number("seen again", seen, |at| at > begun)
        .await;
    assert_eq!(stage.number(since).await, begun);
    stage
        .sql_schema(&format!("GRANT UPDATE ON {table} TO {user}"))
        .await;
    until_alarm(stage, "watch_behind", false).await;
    until_following(stage).await;
}

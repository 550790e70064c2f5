//! The log that the watch follows: without gap past a restart of the server, and told when it can't be followed. What
//! concerns the whole server (its settings, its files, a restart) happens on one of the test's own, which is MariaDB; all else
//! on the server that is given.

use database::operations_alarms::AlarmKind;
use devstack::{DatabaseOptions, DatabaseServer, SiteOptions};

use crate::harness::{Answer, Browser, Stage};
use crate::watch::{
    BY_WATCH, EVIDENCE, alarms, until_alarm, until_all_is_read, until_told, with_slow_sweep,
};

/// One that statements tell without rows, one whose rows are told in part, and one that is long enough to be compressed.
const CHANGES: [&str; 3] = [
    "CREATE TABLE IF NOT EXISTS scratch (text TEXT NOT NULL)",
    "INSERT INTO scratch SELECT REPEAT('y', 5000)",
    "UPDATE sign_in_attempts SET failures = failures + 1",
];

fn on_a_server_of_its_own() -> SiteOptions {
    SiteOptions {
        own_database: true,
        ..with_slow_sweep()
    }
}

/// So many records, all valid, and the watch has read the log to its end.
async fn watched(people: usize, options: SiteOptions) -> (Stage, Browser) {
    let stage = Stage::start(people, options).await;
    let officer = stage.officer().await;
    stage.until_all_valid(&officer).await;
    until_all_is_read(&stage).await;
    (stage, officer)
}

/// The stage's own server again, where it was, with these settings beside the usual ones.
async fn restart(stage: &Stage, settings: &[&str]) -> DatabaseServer {
    let options = DatabaseOptions {
        dir: Some(stage.site.dir().join("database")),
        port: stage.site.database().url().port(),
        settings: settings.iter().map(|one| (*one).to_owned()).collect(),
        ..DatabaseOptions::default()
    };
    DatabaseServer::start(&options).await.unwrap()
}

async fn until_evidence(stage: &Stage, wanted: i64) {
    stage
        .until_number("evidence", EVIDENCE, |count| count == wanted)
        .await;
}

async fn assert_no_gap(stage: &Stage, officer: &Browser) {
    until_all_is_read(stage).await;
    let alarms = alarms(stage).await;
    assert!(alarms.is_empty(), "{alarms:?}");
    assert_eq!(officer.verify(1).await, "Valid");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_when_the_server_restarts() {
    let (mut stage, officer) = watched(3, on_a_server_of_its_own()).await;
    // With the viewer at work, which loses its connections.
    stage.site.database().stop().await.unwrap();
    let server = restart(&stage, &[]).await;
    stage.alter_email(2).await;
    until_evidence(&stage, 1).await;
    until_alarm(&stage, "database_unreachable", false).await;
    assert_no_gap(&stage, &officer).await;
    // Without: it goes on from the position that it kept, in a file before the newest.
    stage.site.viewer.stop().await.unwrap();
    stage.alter_email(3).await;
    server.stop().await.unwrap();
    let server = restart(&stage, &[]).await;
    stage.site.viewer.resume().await.unwrap();
    until_evidence(&stage, 2).await;
    let officer = stage.signed_in("data_protection_officer", "second").await;
    assert_no_gap(&stage, &officer).await;
    stage.site.stop().await.unwrap();
    server.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_happens_while_the_log_is_off_is_a_gap() {
    let (stage, officer) = watched(2, on_a_server_of_its_own()).await;
    stage.site.database().stop().await.unwrap();
    let server = restart(&stage, &["--skip-log-bin"]).await;
    until_told(&stage, &officer, AlarmKind::WatchLogOff).await;
    until_told(&stage, &officer, AlarmKind::WatchGap).await;
    stage.assert_breach_is_found(&officer, 2).await;
    server.stop().await.unwrap();
    let server = restart(&stage, &[]).await;
    until_alarm(&stage, "watch_log_off", false).await;
    // Until the sweep has looked at everything since.
    until_alarm(&stage, "watch_gap", false).await;
    until_alarm(&stage, "database_unreachable", false).await;
    assert_no_gap(&stage, &officer).await;
    assert_eq!(stage.number(EVIDENCE).await, 0, "nobody saw how");
    stage.site.stop().await.unwrap();
    server.stop().await.unwrap();
}

/// An alarm while the log tells less, and a gap until the sweep has looked.
async fn is_told_until_it_tells_all(less: &str, all: &str) {
    // A round of the sweep, which ends a gap, takes some seconds.
    let (stage, officer) = watched(4, on_a_server_of_its_own()).await;
    stage
        .sql("INSERT INTO sign_in_attempts VALUES (RANDOM_BYTES(32), 1, 1)")
        .await;
    stage.sql_schema(&format!("SET GLOBAL {less}")).await;
    until_told(&stage, &officer, AlarmKind::WatchLogOff).await;
    for statement in CHANGES {
        stage.sql_schema(statement).await;
    }
    stage.sql_schema(&format!("SET GLOBAL {all}")).await;
    until_told(&stage, &officer, AlarmKind::WatchGap).await;
    until_alarm(&stage, "watch_log_off", false).await;
    until_alarm(&stage, "watch_gap", false).await;
    assert_no_gap(&stage, &officer).await;
    stage.assert_no_breach().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_of_statements_is_an_alarm_until_it_tells_rows() {
    is_told_until_it_tells_all("binlog_format = 'STATEMENT'", "binlog_format = 'ROW'").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_of_parts_of_rows_is_an_alarm_until_it_tells_whole_ones() {
    let (less, all) = ("binlog_row_image = 'MINIMAL'", "binlog_row_image = 'FULL'");
    is_told_until_it_tells_all(less, all).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_compressed_log_is_an_alarm_until_it_is_plain() {
    is_told_until_it_tells_all("log_bin_compress = ON", "log_bin_compress = OFF").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_purged_while_nobody_follows_is_a_gap() {
    let (mut stage, _) = watched(4, on_a_server_of_its_own()).await;
    stage.site.viewer.stop().await.unwrap();
    stage
        .sql("INSERT INTO sign_in_attempts VALUES (RANDOM_BYTES(32), 1, 1)")
        .await;
    stage.sql_schema("FLUSH BINARY LOGS").await;
    let newest = stage.newest_log().await;
    stage.until_purged_to(&newest).await;
    stage.site.viewer.resume().await.unwrap();
    let officer = stage.signed_in("data_protection_officer", "second").await;
    until_told(&stage, &officer, AlarmKind::WatchGap).await;
    until_alarm(&stage, "watch_gap", false).await;
    assert_no_gap(&stage, &officer).await;
    stage.assert_no_breach().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_statement_without_its_rows_is_a_gap_until_the_sweep_has_looked() {
    let (stage, officer) = watched(4, with_slow_sweep()).await;
    let unseen = "SET SESSION binlog_format = 'STATEMENT'; INSERT INTO sign_in_attempts VALUES (RANDOM_BYTES(32), 1, 1)";
    stage.sql_script(unseen).await;
    until_told(&stage, &officer, AlarmKind::WatchGap).await;
    until_alarm(&stage, "watch_gap", false).await;
    assert_no_gap(&stage, &officer).await;
    stage.assert_no_breach().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_right_that_is_taken_away_is_an_alarm_and_nothing_is_lost() {
    let (stage, officer) = watched(2, with_slow_sweep()).await;
    let user = format!("'{}_watch'@'%'", stage.site.names().users);
    let main = stage.site.names().main.replace('_', "\\_");
    for right in [
        "REPLICATION CLIENT ON *.*".to_owned(),
        "REPLICATION SLAVE ON *.*".to_owned(),
        format!("TRIGGER ON `{main}`.*"),
    ] {
        stage
            .sql_schema(&format!("REVOKE {right} FROM {user}"))
            .await;
        until_told(&stage, &officer, AlarmKind::WatchRefused).await;
        stage.sql_schema(&format!("GRANT {right} TO {user}")).await;
        until_alarm(&stage, "watch_refused", false).await;
    }
    stage
        .sql_schema(&format!("ALTER USER {user} ACCOUNT LOCK"))
        .await;
    until_told(&stage, &officer, AlarmKind::WatchRefused).await;
    stage.alter_email(2).await;
    stage
        .sql_schema(&format!("ALTER USER {user} ACCOUNT UNLOCK"))
        .await;
    until_evidence(&stage, 1).await;
    until_alarm(&stage, "watch_refused", false).await;
    assert!(stage.number(BY_WATCH).await <= 1);
    assert_no_gap(&stage, &officer).await;
}

/// The server can be told to do something for each session before the app comes to speak: to put copies over our tables.
#[tokio::test(flavor = "multi_thread")]
async fn tables_that_are_put_over_ours_are_seen_through() {
    let (stage, officer) = watched(3, on_a_server_of_its_own()).await;
    let log = stage.viewer_log();
    assert!(!log.contains("ALARM"), "nobody did anything: {log}");
    cover_records(&stage).await;
    stage.sql("DELETE FROM records WHERE uid = 1").await;
    let told = |grid: &Answer| {
        grid.line(1).contains("Missing")
            && grid.line(2).contains("Valid")
            && grid.line(3).contains("Valid")
    };
    stage.until(&officer, "/records", told).await;
    let log = stage.viewer_log();
    assert!(log.contains("ALARM: somebody had temporary tables put in the place of ours"));
    until_told(&stage, &officer, AlarmKind::SchemaChanged).await;
    stage.sql_schema("SET GLOBAL init_connect = ''").await;
    until_alarm(&stage, "schema_changed", false).await;
    assert_eq!(officer.verify(2).await, "Valid");
    stage.site.stop().await.unwrap();
}

async fn cover_records(stage: &Stage) {
    let main = &stage.site.names().main;
    let script = format!(
        "CREATE DATABASE evil; CREATE TABLE evil.records LIKE {main}.records; \
         INSERT INTO evil.records SELECT * FROM {main}.records; \
         CREATE PROCEDURE evil.cover() SQL SECURITY DEFINER BEGIN IF SESSION_USER() LIKE '%viewer%' THEN \
         CREATE TEMPORARY TABLE {main}.records LIKE evil.records; \
         INSERT INTO {main}.records SELECT * FROM evil.records; END IF; END; \
         SET GLOBAL init_connect = 'CALL evil.cover()'"
    );
    let mut connection = stage.connect().await;
    let users = "SELECT CAST(CONCAT(QUOTE(User), '@', QUOTE(Host)) AS CHAR) FROM mysql.user WHERE User <> 'root' AND User LIKE '%\\_%'";
    let users: Vec<String> = sqlx::query_scalar(users)
        .fetch_all(&mut connection)
        .await
        .unwrap();
    stage.sql_script(&script).await;
    for user in users {
        stage
            .sql_schema(&format!("GRANT EXECUTE ON evil.* TO {user}"))
            .await;
    }
    let sessions =
        "SELECT CAST(ID AS SIGNED) FROM information_schema.PROCESSLIST WHERE USER LIKE '%viewer%'";
    let sessions: Vec<i64> = sqlx::query_scalar(sessions)
        .fetch_all(&mut connection)
        .await
        .unwrap();
    assert!(!sessions.is_empty());
    for session in sessions {
        stage.may_fail(&format!("KILL {session}")).await;
    }
}

//! Somebody with the database's password who can't hide what they did hinders the viewer instead. It goes on, and nobody
//! reads that it is no breach.

use std::time::Duration;

use sqlx::Connection;

use crate::harness::{Answer, Browser, Stage};

const REFUSES: &str = "The database answers, but refuses what Sealwatch reads or writes";
const PLANTED: &str = "Somebody wrote rows behind Sealwatch&#39;s back";

#[tokio::test(flavor = "multi_thread")]
async fn who_hinders_the_viewer_hides_nothing() {
    let stage = Stage::with(4).await;
    let officer = stage.officer().await;
    stage.until_all_valid(&officer).await;
    keys_that_seem_wrong(&stage, &officer).await;
    leases_taken_away(&stage, &officer).await;
    no_room_for_an_incident(&stage, &officer).await;
    more_than_fits_into_a_file(&stage, &officer).await;
    assert_eq!(officer.verify(2).await, "Valid", "a neighbour");
    stage.site.stop().await.unwrap();
}

/// Known values that nobody's keys open, and then none at all.
async fn keys_that_seem_wrong(stage: &Stage, officer: &Browser) {
    stage
        .sql("INSERT INTO key_checks (ring, version, cell, created_at) SELECT ring, 99, REVERSE(cell), created_at FROM key_checks")
        .await;
    let told = |grid: &Answer| grid.banner().contains(PLANTED);
    let grid = stage.until(officer, "/records", told).await;
    assert!(!grid.banner().contains("Nothing can be verified"));
    stage.sql("DELETE FROM key_checks").await;
    a_whole_round(stage).await;
    assert_eq!(officer.verify(1).await, "Valid");
    assert!(!officer.get("/records").await.banner().contains("The keys"));
}

/// The sweep takes its lease again.
async fn leases_taken_away(stage: &Stage, officer: &Browser) {
    let takes_away = async {
        loop {
            let mut connection = stage.connect().await;
            sqlx::query("DELETE FROM leases")
                .execute(&mut connection)
                .await
                .unwrap();
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::select! {
        () = takes_away => {}
        () = a_whole_round(stage) => {}
    }
    assert!(!officer.get("/records").await.says("Unverifiable"));
}

/// With the highest number taken no incident can be opened: the verdict is told all the same, and why there is no incident.
async fn no_room_for_an_incident(stage: &Stage, officer: &Browser) {
    stage
        .sql("INSERT INTO incidents VALUES (18446744073709551615, 'closed', 'sweep', 1, 1, 1, '')")
        .await;
    stage.alter_email(1).await;
    let told = |grid: &Answer| grid.line(1).contains("Altered") && grid.banner().contains(REFUSES);
    let grid = stage.until(officer, "/records", told).await;
    assert!(!grid.says("This is not a breach"), "{}", grid.banner());
    assert!(!grid.says("No breach found"));
    assert_eq!(stage.number("SELECT COUNT(*) FROM incidents").await, 1);

    stage.sql("DELETE FROM incidents").await;
    stage
        .sql_schema("ALTER TABLE incidents AUTO_INCREMENT = 1")
        .await;
    let opened = "SELECT COUNT(*) FROM incidents WHERE state = 'open'";
    stage
        .until_number("the incident", opened, |count| count == 1)
        .await;
    let ended = |grid: &Answer| !grid.banner().contains(REFUSES);
    stage.until(officer, "/records", ended).await;
}

/// A row with more in it than any file holds is filed with what fits.
async fn more_than_fits_into_a_file(stage: &Stage, officer: &Browser) {
    stage
        .sql(
            "INSERT INTO record_versions (record_id, version, draft, name, email, phone, age, address, wallet, relation,
                                          anchor)
             SELECT record_id, n.version, draft, name, email, phone, age, address, wallet, relation,
                    REPEAT('x', 60000)
             FROM record_versions
             JOIN (SELECT 1 + seq.a * 10 + seq2.b AS version
                   FROM (SELECT 0 a UNION SELECT 1 UNION SELECT 2 UNION SELECT 3 UNION SELECT 4) seq
                   JOIN (SELECT 1 b UNION SELECT 2 UNION SELECT 3 UNION SELECT 4 UNION SELECT 5 UNION SELECT 6
                         UNION SELECT 7 UNION SELECT 8 UNION SELECT 9 UNION SELECT 10) seq2) n
             WHERE record_id = (SELECT id FROM records WHERE uid = 4)",
        )
        .await;
    let told = |grid: &Answer| grid.line(4).contains("unknown") || grid.line(4).contains("Forged");
    let grid = stage.until(officer, "/records", told).await;
    assert!(!grid.banner().contains(REFUSES), "{}", grid.banner());
}

/// Rows that somebody locks and never lets go, and a trigger that says what a server says which will be back in a moment:
/// the breach is told, with its incident and its mail, and nobody reads that it is none.
#[tokio::test(flavor = "multi_thread")]
async fn who_locks_rows_hides_no_breach() {
    let stage = Stage::with(3).await;
    let officer = stage.officer().await;
    stage.until_all_valid(&officer).await;
    the_row_that_incidents_wait_for(&stage, &officer).await;
    the_rows_of_the_verdicts(&stage, &officer).await;
    errors_that_seem_to_pass(&stage, &officer).await;
    stage.site.stop().await.unwrap();
}

async fn the_row_that_incidents_wait_for(stage: &Stage, officer: &Browser) {
    stage.assert_breach_is_found(officer, 1).await;
    stage.alter_email(1).await;
    stage.until_all_valid(officer).await;
    let held = stage
        .holding("SELECT * FROM leases WHERE name = 'incident' FOR UPDATE")
        .await;
    stage.alter_email(1).await;
    until_one_open_finding(stage).await;
    let told = |grid: &Answer| grid.line(1).contains("Altered") && grid.line(2).contains("Valid");
    let grid = stage.until(officer, "/records", told).await;
    assert!(!grid.says("This is not a breach"), "{}", grid.banner());
    held.close().await.unwrap();
    stage.alter_email(1).await;
    stage.until_all_valid(officer).await;
}

async fn the_rows_of_the_verdicts(stage: &Stage, officer: &Browser) {
    let held = stage
        .holding("SELECT * FROM verifications FOR UPDATE")
        .await;
    stage.alter_email(2).await;
    until_one_open_finding(stage).await;
    let told = |grid: &Answer| {
        let is_told = grid.line(2).contains("Altered") && grid.banner().contains(REFUSES);
        is_told && grid.line(1).contains("Valid") && grid.line(3).contains("Valid")
    };
    let grid = stage.until(officer, "/records", told).await;
    assert!(!grid.says("This is not a breach"), "{}", grid.banner());
    held.close().await.unwrap();
    stage.alter_email(2).await;
    stage.until_all_valid(officer).await;
}

/// Read-only, interrupted, shutting down: as a trigger says it.
async fn errors_that_seem_to_pass(stage: &Stage, officer: &Browser) {
    for error in [1290, 1317, 1053] {
        stage
            .sql_schema(&format!(
                "CREATE TRIGGER refuses BEFORE INSERT ON incidents FOR EACH ROW \
                 SIGNAL SQLSTATE 'HY000' SET MYSQL_ERRNO = {error}"
            ))
            .await;
        stage.alter_email(3).await;
        let told =
            |grid: &Answer| grid.line(3).contains("Altered") && grid.line(2).contains("Valid");
        let grid = stage.until(officer, "/records", told).await;
        assert!(!grid.says("This is not a breach"), "{}", grid.banner());
        a_round_that_is_refused(stage).await;
        let grid = officer.get("/records").await;
        assert!(!grid.says("This is not a breach"), "{}", grid.banner());
        stage.sql_schema("DROP TRIGGER refuses").await;
        until_one_open_finding(stage).await;
        stage.alter_email(3).await;
        stage.until_all_valid(officer).await;
        // So that the next finding joins no incident that is there.
        a_whole_round(stage).await;
    }
}

async fn until_one_open_finding(stage: &Stage) {
    let open = "SELECT COUNT(*) FROM incident_findings WHERE resolved_at IS NULL";
    stage
        .until_number("the finding", open, |count| count == 1)
        .await;
}

/// A round goes on to its end although something was refused.
async fn a_round_that_is_refused(stage: &Stage) {
    let refused =
        "SELECT CAST(COALESCE(MAX(id), 0) AS SIGNED) FROM sweep_rounds WHERE problem IS NOT NULL";
    let before = stage.number(refused).await;
    stage
        .until_number("a round", refused, |now| now > before)
        .await;
}

async fn a_whole_round(stage: &Stage) {
    let newest = "SELECT CAST(COALESCE(MAX(id), 0) AS SIGNED) FROM sweep_rounds WHERE finished_at IS NOT NULL \
                  AND problem IS NULL";
    let before = stage.number(newest).await;
    stage
        .until_number("a whole round", newest, |now| now >= before + 2)
        .await;
}

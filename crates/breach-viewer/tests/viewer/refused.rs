//! What the database refuses, or somebody has made it refuse, keeps nothing back that can be told all the same.

use devstack::wait_until;
use sqlx::{Connection, Row};

use crate::harness::{Answer, LIMIT, Stage};
use crate::rounds::by_command;

/// A column that only a closer look reads.
#[tokio::test(flavor = "multi_thread")]
async fn a_column_that_holds_anything_keeps_no_verdict_back() {
    let stage = Stage::with(3).await;
    let officer = stage.officer().await;
    stage.until_all_valid(&officer).await;
    stage
        .sql_schema("ALTER TABLE consents MODIFY link_id BINARY(16) NULL")
        .await;
    stage
        .sql("UPDATE consents SET link_id = NULL WHERE record_id = (SELECT id FROM records WHERE uid = 1)")
        .await;
    stage.alter_email(3).await;
    let told = |grid: &Answer| {
        grid.line(1).contains("Altered")
            && grid.line(2).contains("Valid")
            && grid.line(3).contains("Altered")
    };
    stage.until(&officer, "/records", told).await;
    assert_eq!(officer.verify(1).await, "Altered");
    assert_eq!(officer.verify(2).await, "Valid");
    let open = "SELECT COUNT(*) FROM incident_findings WHERE resolved_at IS NULL";
    stage
        .until_number("both findings", open, |count| count == 2)
        .await;
    stage.site.stop().await.unwrap();
}

/// Nobody is at the parts, and still they can't be claimed.
#[tokio::test(flavor = "multi_thread")]
async fn parts_that_somebody_holds_are_done_all_the_same() {
    // Slow enough for a round to be met.
    let options = Stage::options().setting("breach-viewer", "SWEEP_RATE", "1");
    let stage = Stage::start(3, options).await;
    let officer = stage.officer().await;
    stage.until_all_valid(&officer).await;
    let mut holding = stage.connect().await;
    let round = wait_until("an open round", LIMIT, || async {
        let mut connection = stage.connect().await;
        let open = "SELECT MAX(id) FROM sweep_rounds WHERE finished_at IS NULL";
        let open: Option<u64> = sqlx::query_scalar(open).fetch_one(&mut connection).await?;
        Ok(open)
    });
    let round = round.await.unwrap();
    let mut held = sqlx::Connection::begin(&mut holding).await.unwrap();
    let rows = sqlx::query("SELECT number FROM sweep_parts WHERE round_id = ? FOR UPDATE")
        .bind(round)
        .fetch_all(&mut *held)
        .await
        .unwrap();
    assert!(rows.iter().all(|row| row.get::<u32, _>(0) < 100) && !rows.is_empty());
    stage.alter_email(2).await;
    // The watch finds it at once; the sweep goes on, round after round.
    let later =
        format!("SELECT COUNT(*) FROM sweep_rounds WHERE finished_at IS NOT NULL AND id > {round}");
    // Each row that is held is waited for once, ten seconds long.
    let goes_on = wait_until("a later round", 3 * LIMIT, || async {
        Ok((stage.number(&later).await >= 1).then_some(()))
    });
    goes_on.await.unwrap();
    let told = |grid: &Answer| {
        grid.line(2).contains("Altered")
            && grid.line(1).contains("Valid")
            && grid.line(3).contains("Valid")
    };
    stage.until(&officer, "/records", told).await;
    held.rollback().await.unwrap();
    holding.close().await.unwrap();
    stage.site.stop().await.unwrap();
}

/// Whoever takes all away that shows the keys to be right, before a process starts, has it believe no more than before.
#[tokio::test(flavor = "multi_thread")]
async fn keys_are_known_by_what_they_open() {
    let mut stage = Stage::with(2).await;
    let officer = stage.officer().await;
    stage.until_all_valid(&officer).await;
    stage.site.viewer.stop().await.unwrap();
    stage.sql("DELETE FROM key_checks").await;
    stage.sql("UPDATE staff SET mac = REVERSE(mac)").await;
    stage.site.viewer.resume().await.unwrap();
    stage.alter_email(1).await;
    let found = "SELECT COUNT(*) FROM incident_findings WHERE uid = 1 AND verdict = 'altered'";
    stage
        .until_number("the finding", found, |count| count == 1)
        .await;
    let findings = "SELECT COUNT(*) FROM incident_findings";
    assert_eq!(stage.number(findings).await, 1, "the neighbour is fine");
    stage.site.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_round_by_command_tells_what_it_found_although_it_was_refused() {
    let stage = Stage::with(2).await;
    let officer = stage.officer().await;
    stage.until_all_valid(&officer).await;
    stage
        .sql_schema(
            "CREATE TRIGGER refuses BEFORE INSERT ON verifications FOR EACH ROW \
             SIGNAL SQLSTATE 'HY000' SET MYSQL_ERRNO = 1644",
        )
        .await;
    stage.alter_email(2).await;
    let (code, told) = by_command(&stage, &[]);
    assert_eq!(code, Some(1), "{told}");
    assert_eq!((&told["checked"], &told["bad"]), (&2.into(), &1.into()));
    assert_eq!(told["problem"], "database_refuses");
    assert_eq!(told["verified"], false);
    stage.sql_schema("DROP TRIGGER refuses").await;
    assert_eq!(officer.verify(1).await, "Valid");
    stage.site.stop().await.unwrap();
}

//! The viewer's own rows, altered by somebody without our keys: they hide nothing and stop nothing.

use devstack::wait_until;

use crate::harness::{Answer, Browser, LIMIT, Stage};

/// Tables whose rows carry a MAC and are written by the sweep or by a button.
const TABLES: [&str; 7] = [
    "verifications",
    "incidents",
    "incident_findings",
    "incident_events",
    "sweep_rounds",
    "sweep_parts",
    "chain_progress",
];

const WROTE: &str = "Somebody wrote rows behind Sealwatch&#39;s back";
const TOOK_OUT: &str = "Somebody took rows out of a table";

#[tokio::test(flavor = "multi_thread")]
async fn altered_rows_of_the_viewer_stop_no_sweep() {
    let stage = Stage::with(3).await;
    let officer = stage.officer().await;
    stage.until_all_valid(&officer).await;
    stage.assert_breach_is_found(&officer, 1).await;
    for table in TABLES {
        stage
            .sql(&format!("UPDATE {table} SET mac = REVERSE(mac)"))
            .await;
    }
    goes_on(&stage, &officer).await;
    let told = |grid: &Answer| grid.banner().contains(WROTE);
    stage.until(&officer, "/records", told).await;
    hold_the_sweep_up(&stage).await;
    goes_on(&stage, &officer).await;
    stage.alter_email(3).await;
    let told = |grid: &Answer| grid.line(3).contains("Altered");
    stage
        .until(&officer, "/records?verdict=altered", told)
        .await;
    let open = |list: &Answer| list.says("Open");
    stage.until(&officer, "/incidents", open).await;
    assert_eq!(officer.verify(2).await, "Valid");
    stage.site.stop().await.unwrap();
}

/// An incident with all its traces, and the mail about it: the record is at fault as before, and so it is told once more.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_deleted_is_missed_and_told_anew() {
    let stage = Stage::with(2).await;
    let officer = a_breach_was_told_and_counted(&stage).await;
    for table in ["incidents", "incident_findings", "incident_events"] {
        stage.sql(&format!("DELETE FROM {table}")).await;
    }
    let told = |grid: &Answer| grid.banner().contains(TOOK_OUT);
    stage.until(&officer, "/records", told).await;
    for table in ["incidents", "incident_findings", "incident_events"] {
        let line =
            format!("ALARM: rows were deleted, or others stand in their place table=\"{table}\"");
        // The watch may have raised the alarm before the round that counts.
        let is_named = wait_until(table, LIMIT, || async {
            Ok(stage.site.viewer.log().contains(&line).then_some(()))
        });
        is_named.await.unwrap();
    }
    let open = "SELECT COUNT(*) FROM incidents WHERE state = 'open'";
    stage
        .until_number("another incident", open, |count| count == 1)
        .await;
    assert_eq!(officer.verify(2).await, "Valid");
    stage.site.stop().await.unwrap();
}

/// The mail about an incident is told anew as long as something is at fault, since it may not have been sent. What is over
/// and was told is not news again.
#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_mail_is_written_anew_only_while_something_is_at_fault() {
    let stage = Stage::with(2).await;
    let officer = a_breach_was_told_and_counted(&stage).await;
    let sent = "SELECT COUNT(*) FROM outbox WHERE kind = 'breach_found' AND state = 'sent'";
    let open = "SELECT COUNT(*) FROM incident_findings WHERE resolved_at IS NULL";
    let is = |wanted: i64| move |count: i64| count == wanted;
    stage.until_number("sent", sent, is(1)).await;
    delete_breach_mails(&stage).await;
    stage.until_number("sent anew", sent, is(1)).await;
    assert_eq!(stage.breach_mails_once_there().await.len(), 2);
    stage.alter_email(1).await;
    stage.until_number("put right", open, is(0)).await;
    delete_breach_mails(&stage).await;
    a_whole_round(&stage).await;
    let written = "SELECT COUNT(*) FROM outbox WHERE kind = 'breach_found'";
    assert_eq!(stage.number(written).await, 0);
    let told = |grid: &Answer| grid.banner().contains(TOOK_OUT);
    stage.until(&officer, "/records", told).await;
    for uid in [1, 2] {
        assert_eq!(officer.verify(uid).await, "Valid", "record {uid}");
    }
    // What comes next is told as ever.
    stage.alter_email(2).await;
    stage.until_number("the next one", sent, is(1)).await;
    let mails = stage.breach_mails_once_there().await;
    assert_eq!(mails.len(), 3);
    assert_eq!(mails[2].subject, "Incident 2: 1 record is not as signed");
    stage.site.stop().await.unwrap();
}

async fn delete_breach_mails(stage: &Stage) {
    let delete = "DELETE FROM outbox WHERE kind = 'breach_found'";
    stage.sql(delete).await;
}

/// A genuine row with another's number, and a further copy that keeps the count: what stood there is gone all the same.
#[tokio::test(flavor = "multi_thread")]
async fn a_copy_in_the_place_of_a_step_is_told() {
    let stage = Stage::with(2).await;
    let officer = a_breach_was_told_and_counted(&stage).await;
    let copies = "SET SESSION sql_mode = CONCAT(@@sql_mode, ',NO_AUTO_VALUE_ON_ZERO'); START TRANSACTION; \
                  UPDATE incident_events a JOIN incident_events b ON b.id = 1 SET a.kind = b.kind, a.actor_id = b.actor_id, \
                  a.detail = b.detail, a.at = b.at, a.mac = b.mac WHERE a.id = 2; \
                  INSERT INTO incident_events SELECT 0, incident_id, kind, actor_id, detail, at, mac FROM incident_events \
                  WHERE id = 1; COMMIT";
    stage.sql_script(copies).await;
    let told = |grid: &Answer| grid.banner().contains(TOOK_OUT);
    stage.until(&officer, "/records", told).await;
    assert_eq!(officer.verify(1).await, "Altered");
    assert_eq!(officer.verify(2).await, "Valid");
    stage.site.stop().await.unwrap();
}

/// Findings planted beforehand, into the incident that is to come: they are no number in the mail or on a page, and push
/// nothing off it.
#[tokio::test(flavor = "multi_thread")]
async fn planted_findings_count_for_nothing() {
    let stage = Stage::with(2).await;
    let officer = stage.officer().await;
    stage.until_all_valid(&officer).await;
    let plant = "INSERT INTO incident_findings (incident_id, subject, uid, verdict, fields, found_at, mac)
                 SELECT 1, RANDOM_BYTES(16), i, 'missing', '', 1, RANDOM_BYTES(36)
                 FROM (WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 60) SELECT i FROM n) AS many";
    stage.sql(plant).await;
    stage.alter_email(1).await;
    let mails = stage.breach_mails_once_there().await;
    assert_eq!(mails.len(), 1);
    assert_eq!(mails[0].subject, "Incident 1: 1 record is not as signed");
    let lines = mails[0].text.lines().map(str::trim);
    let told: Vec<_> = lines
        .filter(|line| {
            line.starts_with("UIDs") || line.starts_with("Altered") || line.starts_with("Deleted")
        })
        .collect();
    assert_eq!(told, ["Altered: 1 record", "UIDs: 1"]);

    let incident = officer.get("/incidents/1").await;
    assert!(incident.says("1 found, 1 not resolved."));
    assert!(incident.says("60 rows of this incident were not written by Sealwatch"));
    assert!(incident.section("findings").contains("Record 1</a>"));
    assert!(incident.says("1 of 1 shown"));
    let list = officer.get("/incidents").await;
    assert!(list.says("<span>1, <span class=\"soft\">1 not resolved</span></span>"));
    assert!(officer.get("/").await.says("1 not resolved"));
    let told = |grid: &Answer| grid.banner().contains(WROTE);
    stage.until(&officer, "/records", told).await;
    assert_eq!(officer.verify(2).await, "Valid");
    stage.site.stop().await.unwrap();
}

/// Record 1 is altered, the mail about it stands in the outbox, and a round afterwards has counted all of it.
async fn a_breach_was_told_and_counted(stage: &Stage) -> Browser {
    let officer = stage.officer().await;
    stage.until_all_valid(&officer).await;
    stage.alter_email(1).await;
    let mails = stage.breach_mails_once_there().await;
    assert_eq!(mails.len(), 1);
    a_whole_round(stage).await;
    assert!(officer.get("/records").await.banner().is_empty());
    officer
}

async fn a_whole_round(stage: &Stage) {
    let newest = "SELECT CAST(COALESCE(MAX(id), 0) AS SIGNED) FROM sweep_rounds WHERE finished_at IS NOT NULL";
    let before = stage.number(newest).await;
    stage
        .until_number("a whole round", newest, |now| now >= before + 2)
        .await;
}

/// A whole round is finished that began afterwards, and tells the truth of each record.
async fn goes_on(stage: &Stage, officer: &Browser) {
    let newest = "SELECT CAST(COALESCE(MAX(id), 0) AS SIGNED) FROM sweep_rounds WHERE finished_at IS NOT NULL \
                  AND problem IS NULL";
    let before = stage.number(newest).await;
    stage
        .until_number("a whole round", newest, |now| now >= before + 2)
        .await;
    let told = |grid: &Answer| {
        grid.line(1).contains("Altered")
            && grid.line(2).contains("Valid")
            && grid.line(3).contains("Valid")
    };
    let grid = stage.until(officer, "/records", told).await;
    let banner = grid.banner();
    assert!(!banner.contains("Nothing can be verified"), "{banner}");
    for page in ["/records/1", "/records/2", "/incidents"] {
        assert_eq!(officer.get(page).await.status, 200, "{page}");
    }
    assert_eq!(officer.verify(1).await, "Altered");
}

/// A lease that lasts for ever and belongs to nobody.
async fn hold_the_sweep_up(stage: &Stage) {
    stage
        .sql("REPLACE INTO leases SELECT 'sweep', RANDOM_BYTES(16), 99999999999999, REVERSE(mac) FROM sessions LIMIT 1")
        .await;
}

//! Rows exchanged, robbed of a column, or put back from an earlier day, and how they are restored.

use crate::harness::{Answer, Browser, Stage};

/// Findings that are open beside those that were kept: a look may have ended these once more before the edit came.
const ANOTHER: &str = "SELECT COUNT(*) FROM incident_findings WHERE resolved_at IS NULL AND id NOT IN (SELECT id FROM kept)";

#[tokio::test(flavor = "multi_thread")]
async fn what_was_moved_comes_back_and_what_was_put_back_counts_for_nothing() {
    let mut stage = Stage::with(4).await;
    let officer = stage.officer().await;
    stage.until_all_valid(&officer).await;
    exchanged_rows_come_back_by_one_restore(&stage, &officer).await;
    exchanged_keys_come_back_by_one_restore(&stage, &officer).await;
    a_row_without_its_uid(&stage, &officer).await;
    a_head_and_a_receipt(&stage, &officer).await;
    a_column_that_can_not_be_read(&stage, &officer).await;
    an_old_finding_hides_no_new_breach(&stage, &officer).await;
    not_even_from_a_viewer_started_anew(&mut stage, &officer).await;
    stage.site.stop().await.unwrap();
}

async fn exchanged_rows_come_back_by_one_restore(stage: &Stage, officer: &Browser) {
    stage
        .sql("UPDATE records SET uid = CASE uid WHEN 1 THEN 999 ELSE 998 END WHERE uid IN (1, 2)")
        .await;
    stage
        .sql("UPDATE records SET uid = CASE uid WHEN 999 THEN 2 ELSE 1 END WHERE uid IN (998, 999)")
        .await;
    let swapped =
        |grid: &Answer| grid.line(1).contains("Swapped") && grid.line(2).contains("Swapped");
    stage.until(officer, "/records", swapped).await;
    let page = officer.submit("/records/1/restore", &[]).await;
    assert!(page.says("restored and verified again"), "{}", page.body);
    stage.until_all_valid(officer).await;
    let open = "SELECT COUNT(*) FROM incident_findings WHERE resolved_at IS NULL";
    stage
        .until_number("no open finding", open, |count| count == 0)
        .await;
    assert_eq!(stage.number("SELECT COUNT(*) FROM incidents").await, 1);
}

/// Of two records, and of three in a circle: what a restore takes out of one place goes back to its own. Nothing that the
/// restore does is a breach.
async fn exchanged_keys_come_back_by_one_restore(stage: &Stage, officer: &Browser) {
    for places in [[1, 2].as_slice(), &[1, 2, 3]] {
        move_keys_on(stage, places).await;
        let swapped = |grid: &Answer| {
            let mut lines = places.iter().map(|uid| grid.line(*uid));
            lines.all(|line| line.contains("Swapped") && line.contains("key"))
        };
        let grid = stage.until(officer, "/records", swapped).await;
        assert!(grid.line(4).contains("Valid"), "a neighbour");
        let (incidents, findings) = (
            "SELECT COUNT(*) FROM incidents",
            "SELECT COUNT(*) FROM incident_findings",
        );
        let before = (stage.number(incidents).await, stage.number(findings).await);
        let page = officer.submit("/records/1/restore", &[]).await;
        assert!(page.says("restored and verified again"), "{}", page.body);
        let open = "SELECT COUNT(*) FROM incident_findings WHERE resolved_at IS NULL";
        assert_eq!(stage.number(open).await, 0, "the others are verified, too");
        stage.until_all_valid(officer).await;
        let after = (stage.number(incidents).await, stage.number(findings).await);
        assert_eq!(after, before);
    }
}

/// Each key of these records to the next one, in one act.
async fn move_keys_on(stage: &Stage, uids: &[u64]) {
    let id = |uid: u64| format!("(SELECT id FROM records WHERE uid = {uid})");
    let last = id(uids[uids.len() - 1]);
    let mut act = format!(
        "START TRANSACTION; UPDATE owner_keys SET record_id = REVERSE(record_id) WHERE record_id = {last};"
    );
    for pair in uids.windows(2).rev() {
        let (from, to) = (id(pair[0]), id(pair[1]));
        act += &format!(" UPDATE owner_keys SET record_id = {to} WHERE record_id = {from};");
    }
    let first = id(uids[0]);
    act += &format!(
        " UPDATE owner_keys SET record_id = {first} WHERE record_id = REVERSE({last}); COMMIT"
    );
    stage.sql_script(&act).await;
}

/// It is the row that its UID lost, and no second one beside it.
async fn a_row_without_its_uid(stage: &Stage, officer: &Browser) {
    stage
        .sql("UPDATE records SET uid = NULL WHERE uid = 3")
        .await;
    let told = |grid: &Answer| grid.line(3).contains("Altered") && grid.line(3).contains("UID");
    let grid = stage.until(officer, "/records", told).await;
    assert_eq!(grid.badges().len(), 4, "{:?}", grid.badges());
    assert_eq!(officer.verify(4).await, "Valid");
    let page = officer.submit("/records/3/restore", &[]).await;
    assert!(page.says("restored and verified again"), "{}", page.body);
    stage.until_all_valid(officer).await;
}

/// What no proof covers is told as well: who could find the record by its wallet, and when its consent came.
async fn a_head_and_a_receipt(stage: &Stage, officer: &Browser) {
    for (change, name) in [
        (
            "UPDATE records SET wallet_index = REVERSE(wallet_index) WHERE uid = 3",
            "head of the record",
        ),
        (
            "UPDATE consents SET received_at = received_at + 1 WHERE record_id = (SELECT id FROM records WHERE uid = 3)",
            "note of receipt",
        ),
    ] {
        stage.sql(change).await;
        let told = |grid: &Answer| grid.line(3).contains("Altered") && grid.line(3).contains(name);
        let grid = stage.until(officer, "/records", told).await;
        assert!(grid.banner().is_empty(), "{}", grid.banner());
        let page = officer.submit("/records/3/restore", &[]).await;
        assert!(page.says("restored and verified again"), "{}", page.body);
        stage.until_all_valid(officer).await;
    }
}

async fn a_column_that_can_not_be_read(stage: &Stage, officer: &Browser) {
    stage
        .sql_schema("ALTER TABLE record_versions MODIFY email VARBINARY(2048) NULL")
        .await;
    stage
        .sql("UPDATE record_versions SET email = NULL WHERE record_id = (SELECT id FROM records WHERE uid = 4)")
        .await;
    let told = |grid: &Answer| grid.line(4).contains("Altered") && grid.line(4).contains("e-mail");
    let grid = stage.until(officer, "/records", told).await;
    assert!(grid.line(1).contains("Valid"));
    // The verdict comes by the row; that the schema is another one is an alarm of its own.
    let schema = |page: &Answer| page.banner().contains("changed Sealwatch&#39;s tables");
    stage.until(officer, "/records", schema).await;
    let page = officer.submit("/records/4/restore", &[]).await;
    assert!(page.says("restored and verified again"), "{}", page.body);
    stage
        .sql_schema("ALTER TABLE record_versions MODIFY email VARBINARY(2048) NOT NULL")
        .await;
    stage.until_all_valid(officer).await;
}

/// The finding of an incident that is over, put back as it was when it was open: the same edit again is a finding of its own.
async fn an_old_finding_hides_no_new_breach(stage: &Stage, officer: &Browser) {
    stage.alter_email(2).await;
    let told = |grid: &Answer| grid.line(2).contains("Altered");
    stage.until(officer, "/records", told).await;
    let open = "SELECT COUNT(*) FROM incident_findings WHERE resolved_at IS NULL";
    stage
        .until_number("the finding", open, |count| count == 1)
        .await;
    stage
        .sql_schema(
            "CREATE TABLE kept AS SELECT * FROM incident_findings WHERE resolved_at IS NULL",
        )
        .await;
    stage.alter_email(2).await;
    stage.until_all_valid(officer).await;
    stage
        .until_number("no open finding", open, |count| count == 0)
        .await;
    stage
        .sql("REPLACE INTO incident_findings SELECT * FROM kept")
        .await;
    stage.alter_email(2).await;
    stage.until(officer, "/records", told).await;
    stage
        .until_number("another finding", ANOTHER, |count| count == 1)
        .await;
    stage.sql_schema("DROP TABLE kept").await;
}

/// A process that has seen nothing yet knows by the incident's steps that the finding has ended.
async fn not_even_from_a_viewer_started_anew(stage: &mut Stage, officer: &Browser) {
    stage.alter_email(2).await;
    stage.until_all_valid(officer).await;
    stage.alter_email(3).await;
    let open = "SELECT COUNT(*) FROM incident_findings WHERE resolved_at IS NULL";
    stage
        .until_number("the finding", open, |count| count == 1)
        .await;
    stage
        .sql_schema(
            "CREATE TABLE kept AS SELECT * FROM incident_findings WHERE resolved_at IS NULL",
        )
        .await;
    stage.alter_email(3).await;
    stage.until_all_valid(officer).await;
    stage
        .until_number("no open finding", open, |count| count == 0)
        .await;
    stage.site.viewer.stop().await.unwrap();
    stage
        .sql("REPLACE INTO incident_findings SELECT * FROM kept")
        .await;
    stage.alter_email(3).await;
    stage.site.viewer.resume().await.unwrap();
    stage
        .until_number("another finding", ANOTHER, |count| count == 1)
        .await;
    assert_eq!(officer.verify(4).await, "Valid", "a neighbour");
    stage.sql_schema("DROP TABLE kept").await;
}

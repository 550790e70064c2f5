//! The Verify buttons: of one record, with and without a script, and of all.

use alloy::signers::local::PrivateKeySigner;
use demo::doors::PEOPLE;
use sqlx::{AssertSqlSafe, Connection};

use crate::harness::{Answer, Browser, Stage};

#[tokio::test(flavor = "multi_thread")]
async fn buttons_tell_what_is_so_right_now() {
    let stage = Stage::with(2).await;
    let officer = stage.officer().await;
    stage.until_all_valid(&officer).await;
    one_record_without_a_script(&officer).await;
    one_line_with_a_script(&officer).await;
    all_with_their_progress(&stage, &officer).await;
    stage.assert_no_breach().await;
    an_altered_record_is_told_at_once(&stage, &officer).await;
    stage.site.stop().await.unwrap();
}

async fn one_record_without_a_script(officer: &Browser) {
    let page = officer
        .submit("/records/1/verify", &[("from", "record")])
        .await;
    assert!(page.says("<h1>Record 1</h1>"), "{}", page.body);
    let verdict = page.section("verdict");
    assert!(verdict.contains("Valid") && verdict.contains("exactly what its owner signed"));
    assert!(verdict.contains("Proof expected") && verdict.contains("Proof found"));
    assert!(!page.says("Restore…"), "there is nothing to restore");
}

/// The script puts the line of the answer in the place of the one in the grid.
async fn one_line_with_a_script(officer: &Browser) {
    let line = officer.get("/records").await.line(2);
    assert!(line.contains("action=\"/records/2/verify\" data-replace=\"row-2\""));
    let answer = officer.post("/records/2/verify", &[]).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.rows(), ["2"]);
    assert!(answer.line(2).contains("data-announce=\"Valid\""));
}

/// A third person has not signed yet. While somebody holds the verdict on that row, the pass can't get past it.
async fn all_with_their_progress(stage: &Stage, officer: &Browser) {
    let wallet = PrivateKeySigner::random().address().to_string();
    let row = stage.clerk.enter(&PEOPLE[2], &wallet).await.unwrap();
    let is_listed = |grid: &Answer| grid.line(&row).contains("Pending");
    stage.until(officer, "/records", is_listed).await;

    let mut connection = stage.connect().await;
    let mut held = connection.begin().await.unwrap();
    let hold = format!("SELECT subject FROM verifications WHERE subject = X'{row}' FOR UPDATE");
    sqlx::query(AssertSqlSafe(hold))
        .fetch_one(&mut *held)
        .await
        .unwrap();
    let grid = officer.submit("/records/verify-all", &[]).await;
    assert!(
        grid.says("Verifying all records"),
        "{}",
        grid.section("rounds")
    );
    let at_two = |grid: &Answer| {
        let rounds = grid.section("rounds");
        rounds.contains("<progress max=\"3\" value=\"2\" aria-label=\"Verifying all records\">66%")
    };
    let grid = stage.until(officer, "/records", at_two).await;
    let rounds = grid.section("rounds");
    assert!(
        rounds.contains("data-every=\"700\""),
        "it is looked at often: {rounds}"
    );
    let again = officer.submit("/records/verify-all", &[]).await;
    assert!(again.says("All records are being verified already."));
    held.rollback().await.unwrap();

    let done = |grid: &Answer| {
        grid.section("rounds")
            .contains("All 3 records were verified")
    };
    let grid = stage.until(officer, "/records", done).await;
    assert!(grid.section("rounds").contains(": 0 bad."));
    assert!(!grid.says("data-every=\"700\""), "and then seldom again");
    assert!(grid.line(&row).contains("Pending"));
}

async fn an_altered_record_is_told_at_once(stage: &Stage, officer: &Browser) {
    stage.alter_email(2).await;
    assert_eq!(officer.verify(2).await, "Altered");
    let page = officer
        .submit("/records/2/verify", &[("from", "record")])
        .await;
    let verdict = page.section("verdict");
    assert!(verdict.contains("Altered") && verdict.contains("<strong>e-mail</strong>"));
    assert!(page.says("Incident 1</a>") && page.says("Restore…"));
    assert_eq!(officer.verify(1).await, "Valid");
    let all = officer.submit("/records/verify-all", &[]).await;
    assert_eq!(all.status, 200);
    let done = |grid: &Answer| {
        grid.section("rounds")
            .contains("All 3 records were verified")
    };
    let grid = stage.until(officer, "/records", done).await;
    let rounds = grid.section("rounds");
    assert!(rounds.contains(": 1 bad.") && rounds.contains("<strong>1</strong> of 3"));
    assert_eq!(stage.number("SELECT COUNT(*) FROM incidents").await, 1);
}

//! One statement over a whole table, more than the watch may hold of it: all is looked at, and told once.

use devstack::wait_until;

use crate::harness::{Browser, LIMIT, Stage};
use crate::many::{PLANTED, plant};
use crate::watch::{EVIDENCE, alarms, until_alarm, until_following};

const FOUND: &str = "SELECT COUNT(*) FROM incident_findings";

/// With a sweep of so many records a second.
async fn stage_with_memory(kibibytes: &str, rate: &str) -> (Stage, Browser) {
    let options = Stage::options()
        .setting("breach-viewer", "WATCH_MEMORY_KIB", kibibytes)
        .setting("breach-viewer", "SWEEP_RATE", rate);
    let stage = Stage::start(2, options).await;
    let officer = stage.officer().await;
    stage.until_all_valid(&officer).await;
    until_following(&stage).await;
    assert!(alarms(&stage).await.is_empty());
    (stage, officer)
}

/// One incident and one mail about all of them, and the neighbours are valid.
async fn is_told_once(stage: &Stage, officer: &Browser) {
    let planted = i64::try_from(PLANTED).unwrap();
    stage
        .until_number("all of them", FOUND, |count| count == planted)
        .await;
    let told = "SELECT COUNT(*) FROM outbox WHERE kind = 'breach_found'";
    // By a sweep that is slow as well: what is not told by then is told after a minute.
    let is_told = wait_until("told", 2 * LIMIT, || async {
        Ok((stage.number(told).await == 1).then_some(()))
    });
    is_told.await.unwrap();
    let mails = stage.breach_mails_once_there().await;
    assert_eq!(mails.len(), 1);
    assert!(mails[0].text.contains(&PLANTED.to_string()));
    assert_eq!(stage.number("SELECT COUNT(*) FROM incidents").await, 1);
    assert_eq!(stage.number(FOUND).await, planted);
    for uid in [1, 2] {
        assert_eq!(officer.verify(uid).await, "Valid", "record {uid}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn more_rows_than_are_kept_are_looked_at_one_and_all() {
    let (stage, officer) = stage_with_memory("32", "1").await;
    plant(&stage).await;
    is_told_once(&stage, &officer).await;
    until_following(&stage).await;
    // Whoever was first to find them: of the first ones the rows are kept.
    let kept = stage.number(EVIDENCE).await;
    assert!(kept > 0 && stage.number(FOUND).await > kept, "{kept}");
    assert!(
        alarms(&stage).await.iter().all(|one| one != "watch_gap"),
        "{:?}",
        alarms(&stage).await
    );
    stage.site.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn more_records_than_can_be_held_are_the_sweeps() {
    let (stage, officer) = stage_with_memory("4", "10").await;
    plant(&stage).await;
    until_alarm(&stage, "watch_gap", true).await;
    // Whoever of watch and sweep is first, opens the incident.
    is_told_once(&stage, &officer).await;
    until_alarm(&stage, "watch_gap", false).await;
    until_following(&stage).await;
    stage.site.stop().await.unwrap();
}

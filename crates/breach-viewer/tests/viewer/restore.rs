//! Verified restore, where the browser's journey does not go: what the backup lacks, or holds of somebody else.

use crate::harness::{Answer, Browser, LIMIT, Stage};

const REFUSED: &str =
    "is not restored: the backup holds nothing that matches the chain. Nothing was changed.";
const NOTHING_TO_RESTORE: &str =
    "is as signed: there was nothing to restore, and nothing was changed.";
const RESTORED: &str = "SELECT COUNT(*) FROM record_events WHERE kind = 'restored'";

#[tokio::test(flavor = "multi_thread")]
async fn only_the_records_own_copy_goes_back() {
    // The log would hold what the backup lacks (watch.rs).
    let options = Stage::options().setting("breach-viewer", "WATCH_DATABASE_URL_FILE", "");
    let stage = Stage::start(4, options).await;
    let officer = stage.officer().await;
    let all_valid = |grid: &Answer| grid.badges() == ["Valid"; 4];
    stage.until(&officer, "/records", all_valid).await;
    a_record_in_order_stays_in_order(&stage, &officer).await;
    break_all(&stage, &officer).await;

    for (uid, why) in [
        (2, "The backup holds no copy of this record."),
        (3, "The backup does not match the chain either"),
    ] {
        refused(&stage, &officer, uid, why).await;
    }
    a_uid_that_the_chain_never_gave(&officer).await;
    a_manager_can_not(&stage).await;
    the_officer_can(&stage, &officer).await;
    stage.site.stop().await.unwrap();
}

async fn a_record_in_order_stays_in_order(stage: &Stage, officer: &Browser) {
    assert!(!officer.get("/records/1").await.says("Restore…"));
    let before = stage.cells_of(1).await;
    let plan = officer.get("/records/1/restore").await;
    assert!(plan.says("This record is as signed"), "{}", plan.body);
    assert!(!plan.says("Restore this record"), "there is no button");
    let page = officer.submit("/records/1/restore", &[]).await;
    assert!(page.says(NOTHING_TO_RESTORE), "{}", page.body);
    assert_eq!(stage.number(RESTORED).await, 0, "none in the history");
    assert_eq!(stage.cells_of(1).await, before);
    assert_eq!(officer.verify(1).await, "Valid");
    stage.assert_no_breach().await;
}

/// 2: no copy. 3: the copy is that of another person. 4: altered, with a good copy.
async fn break_all(stage: &Stage, officer: &Browser) {
    let backup = format!("{}.record_backups", stage.site.names().backup);
    stage
        .sql(&format!("DELETE FROM {backup} WHERE uid = 3"))
        .await;
    stage
        .sql(&format!("UPDATE {backup} SET uid = 3 WHERE uid = 2"))
        .await;
    for uid in [2, 3, 4] {
        stage.alter_email(uid).await;
    }
    let told = |grid: &Answer| grid.badges() == ["Altered", "Altered", "Altered"];
    stage.until(officer, "/records?verdict=altered", told).await;
    assert_eq!(officer.verify(1).await, "Valid");
}

async fn refused(stage: &Stage, officer: &Browser, uid: u64, why: &str) {
    let before = stage.cells_of(uid).await;
    let page = officer.get(&format!("/records/{uid}")).await;
    assert!(page.says("Restore…"));
    let plan = officer.get(&format!("/records/{uid}/restore")).await;
    assert!(plan.says(why), "{}", plan.body);
    assert!(!plan.says("Restore this record"), "there is no button");
    let page = officer
        .submit(&format!("/records/{uid}/restore"), &[])
        .await;
    assert!(page.says(REFUSED), "{}", page.body);
    assert_eq!(stage.cells_of(uid).await, before);
    assert_eq!(officer.verify(uid).await, "Altered");
    let incident = officer.get("/incidents/1").await;
    assert!(
        incident.says(
            "Restore refused: the backup does not match the chain</strong> by Person officer"
        )
    );
}

async fn a_uid_that_the_chain_never_gave(officer: &Browser) {
    let plan = officer.get("/records/9/restore").await;
    assert!(plan.says("The chain does not know this record"));
    assert!(!plan.says("Restore this record"));
    for wrong in ["0", "x", "00112233445566778899aabbccddeeff"] {
        let path = format!("/records/{wrong}/restore");
        assert_eq!(officer.get(&path).await.status, 404, "{wrong}");
        assert_eq!(officer.post(&path, &[]).await.status, 404, "{wrong}");
    }
}

async fn a_manager_can_not(stage: &Stage) {
    let manager = stage.signed_in("controller_manager", "manager").await;
    let before = stage.cells_of(4).await;
    let page = manager.get("/records/4").await;
    assert!(!page.says("Restore…") && page.says("Altered"));
    assert_eq!(manager.get("/records/4/restore").await.status, 403);
    assert_eq!(manager.post("/records/4/restore", &[]).await.status, 403);
    let incident = manager.get("/incidents/1").await;
    assert!(!incident.says("Restore…") && !incident.says("Your step"));
    assert_eq!(stage.cells_of(4).await, before);
}

async fn the_officer_can(stage: &Stage, officer: &Browser) {
    let plan = officer.get("/records/4/restore").await;
    assert!(plan.says("gives exactly the proof that stands on the chain"));
    let page = officer.submit("/records/4/restore", &[]).await;
    assert!(page.says("Record 4 is restored and verified again: Valid."));
    assert_eq!(officer.verify(4).await, "Valid");
    let incident = officer.get("/incidents/1").await;
    assert!(incident.says("3 found, 2 not resolved."));
    let told =
        |mail: &devstack::Mail| mail.subject.contains("restored") && mail.text.contains("UIDs: 4");
    stage.site.inbox.wait_for(LIMIT, told).await.unwrap();
    let again = officer.submit("/records/4/restore", &[]).await;
    assert!(
        again.says(NOTHING_TO_RESTORE),
        "a second click does no harm"
    );
    assert_eq!(stage.number(RESTORED).await, 1, "in the history");
    assert_eq!(officer.verify(4).await, "Valid");
}

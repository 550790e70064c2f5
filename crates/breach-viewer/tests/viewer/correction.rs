//! Corrections under way: what is anchored is what is shown, compared and restored, and what is on its way is left to go on.
//! The viewer waits for more blocks than entry-app, so that it sees what is anchored later.

use demo::doors::PEOPLE;
use devstack::wait_until;
use record::time::{Clock, UnixMillis};

use crate::harness::{Answer, Browser, LIMIT, Rectification, Stage, sign_up};

const ADDRESS: &str = "9 Harbour Street";
const UNDER_WAY: &str = "A correction is under way; what is shown is what is anchored.";

#[tokio::test(flavor = "multi_thread")]
async fn a_correction_under_way_is_neither_a_breach_nor_lost_in_a_restore() {
    let options = Stage::options().setting("breach-viewer", "CHAIN_CONFIRMATIONS", "3");
    let mut stage = Stage::start(2, options).await;
    let officer = stage.officer().await;
    stage.until_all_valid(&officer).await;

    a_correction_is_refused_and_the_uid_taken_off(&stage, &officer).await;
    Rectification::of(&stage, &stage.people[0])
        .draft(now())
        .await;
    what_is_anchored_is_shown(&stage, &officer).await;
    its_row_alone_is_deleted(&stage, &officer).await;
    the_first_version_is_restored_under_it(&stage, &officer).await;
    stage.until_all_valid(&officer).await;

    let incidents = stage.number("SELECT COUNT(*) FROM incidents").await;
    it_begins_before_the_viewer_sees_the_record(&mut stage, &officer).await;
    stage.until_all_valid(&officer).await;
    assert_eq!(
        stage.number("SELECT COUNT(*) FROM incidents").await,
        incidents
    );
    stage.site.stop().await.unwrap();
}

fn now() -> UnixMillis {
    Clock::system().now()
}

async fn a_correction_is_refused_and_the_uid_taken_off(stage: &Stage, officer: &Browser) {
    let refused = Rectification::of(stage, &stage.people[1]);
    refused.leave_refused_job(now()).await;
    stage
        .sql("UPDATE records SET uid = NULL WHERE uid = 2")
        .await;
    let told = |grid: &Answer| grid.line(2).contains("Altered") && grid.line(2).contains("UID");
    let grid = stage.until(officer, "/records", told).await;
    assert_eq!(grid.badges().len(), 2, "{:?}", grid.badges());
    restore(officer, 2).await;
    stage.until_all_valid(officer).await;
}

async fn what_is_anchored_is_shown(stage: &Stage, officer: &Browser) {
    let page = officer.post("/records/1/reveal", &[]).await;
    let details = page.section("details");
    let before = stage.people[0].person.address;
    assert!(details.contains(before) && !details.contains(ADDRESS));
    assert!(details.contains(UNDER_WAY), "{details}");
    assert!(page.says("Valid"));
    let neighbour = officer.post("/records/2/reveal", &[]).await;
    assert!(!neighbour.says(UNDER_WAY));
    assert!(state_of(officer, 1).await.contains("correction under way"));
    assert!(state_of(officer, 2).await.contains("anchored"));
}

/// The line of a record, in which proof and transaction stand whatever is under way.
async fn state_of(officer: &Browser, uid: u64) -> String {
    let line = officer.get("/records").await.line(uid);
    assert!(!line.contains(">none<"), "{line}");
    line
}

/// The consent that hangs on nothing goes with it, and the next correction has its place.
async fn its_row_alone_is_deleted(stage: &Stage, officer: &Browser) {
    let correction = Rectification::of(stage, &stage.people[0]);
    correction.sign(now()).await;
    assert_eq!(officer.verify(1).await, "Valid");
    stage
        .sql("DELETE FROM record_versions WHERE version = 2")
        .await;
    let told = |grid: &Answer| grid.line(1).contains("Altered");
    let grid = stage.until(officer, "/records", told).await;
    assert!(grid.line(2).contains("Valid"));
    restore(officer, 1).await;
    let consents = "SELECT COUNT(*) FROM consents WHERE version = 2";
    assert_eq!(stage.number(consents).await, 0);
    stage.until_all_valid(officer).await;
    correction.draft(now()).await;
    correction.sign(now()).await;
    assert_eq!(officer.verify(1).await, "Valid");
}

/// While the correction is on its way to the chain, and when it is there for everybody but the viewer.
async fn the_first_version_is_restored_under_it(stage: &Stage, officer: &Browser) {
    let (chain, person) = (&stage.site.chain, &stage.people[0]);
    chain.pause_mining().await.unwrap();
    stage.clerk.approve(&[&person.record]).await.unwrap();
    until_job(stage, "sent").await;
    alter_first_version(stage, officer).await;
    assert_head(stage, "approved").await;

    chain.mine(1).await.unwrap();
    until_job(stage, "anchored").await;
    assert_eq!(officer.verify(1).await, "Valid");
    alter_first_version(stage, officer).await;
    assert_head(stage, "anchored").await;
    state_of(officer, 1).await;
    chain.resume_mining().await.unwrap();
    stage.until_all_valid(officer).await;
    let anchored =
        "SELECT COUNT(*) FROM record_versions v JOIN consents c USING (record_id, version)
                    WHERE v.anchor IS NOT NULL";
    assert_eq!(stage.number(anchored).await, 3, "one of them twice");
    let page = officer.post("/records/1/reveal", &[]).await;
    assert!(page.says(ADDRESS) && !page.says(UNDER_WAY));
}

async fn until_job(stage: &Stage, state: &str) {
    let correction = Rectification::of(stage, &stage.people[0]);
    let reached = wait_until(state, LIMIT, || async {
        Ok((correction.job().await == state).then_some(()))
    });
    reached.await.unwrap();
}

async fn alter_first_version(stage: &Stage, officer: &Browser) {
    stage
        .sql(
            "UPDATE record_versions SET email = REVERSE(email)
             WHERE version = 1 AND record_id = (SELECT id FROM records WHERE uid = 1)",
        )
        .await;
    let told = |grid: &Answer| grid.line(1).contains("Altered");
    let grid = stage.until(officer, "/records", told).await;
    assert!(grid.line(2).contains("Valid"));
    restore(officer, 1).await;
}

async fn assert_head(stage: &Stage, state: &str) {
    let heads = format!("SELECT COUNT(*) FROM records WHERE version = 2 AND state = '{state}'");
    assert_eq!(stage.number(&heads).await, 1, "{state}");
}

async fn restore(officer: &Browser, uid: u64) {
    let path = format!("/records/{uid}/restore");
    let page = officer.submit(&path, &[]).await;
    assert!(
        page.says("restored and verified again: Valid."),
        "{}",
        page.body
    );
}

async fn it_begins_before_the_viewer_sees_the_record(stage: &mut Stage, officer: &Browser) {
    let third = sign_up(&stage.site, &stage.clerk, &PEOPLE[2..3]).await;
    stage.people.extend(third);
    let (chain, third) = (&stage.site.chain, &stage.people[2]);
    chain.pause_mining().await.unwrap();
    // The chain's time has to be past the signature's.
    chain.mine(1).await.unwrap();
    stage.clerk.approve(&[&third.record]).await.unwrap();
    let jobs = |state: &str| {
        let of_third = format!("record_id = X'{}'", third.record);
        format!("SELECT COUNT(*) FROM anchoring_jobs WHERE {of_third} AND state = '{state}'")
    };
    for (state, blocks) in [("sent", 1), ("anchored", 0)] {
        let is_one = |count| count == 1;
        stage.until_number(state, &jobs(state), is_one).await;
        chain.mine(blocks).await.unwrap();
    }
    let correction = Rectification::of(stage, third);
    for step in 0..3 {
        match step {
            0 => correction.draft(now()).await,
            1 => correction.sign(now()).await,
            _ => stage.clerk.approve(&[&third.record]).await.unwrap(),
        }
        assert_eq!(
            officer.verify(&third.record).await,
            "Pending",
            "step {step}"
        );
    }
    chain.resume_mining().await.unwrap();
}

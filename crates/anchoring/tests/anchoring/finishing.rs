use anchoring::Problem;
use database::{
    PoolSettings,
    anchoring_jobs::{self, JobState},
    records::{self, RecordState},
};

use crate::{
    people::ids,
    stage::{Process, Stage},
};

#[tokio::test]
async fn a_backup_out_of_reach_is_waited_for() {
    let stage = Stage::without_blocks().await;
    let people = stage.all_approved(2).await;
    let mut parts = stage.parts(&stage.chain.rpc_url());
    let mut nowhere = stage.databases.backup();
    nowhere.set_path("/no_such_database");
    parts.backup = database::pool(&nowhere, &PoolSettings::default()).unwrap();
    let mut process = Process::start(parts);
    stage
        .mine_until_all_are(&ids(&people), JobState::Mined)
        .await;
    stage.chain.mine(10).await.unwrap();
    process.until_problem(Problem::BackupOutOfReach).await;
    assert!(
        stage.all_are(&ids(&people), JobState::Mined).await,
        "not final without a copy"
    );
    process.stop().await;

    let process = stage.start();
    stage.until_all_are(&ids(&people), JobState::Anchored).await;
    stage.assert_anchored_once(&people).await;
    process.stop().await;
}

#[tokio::test]
async fn finishing_twice_makes_one_copy() {
    let stage = Stage::without_blocks().await;
    let person = stage.approved("Ada Example").await;
    let process = stage.start();
    stage
        .mine_until_all_are(&[person.id], JobState::Anchored)
        .await;
    process.stop().await;
    // As if killed after the copies were made and before the end was committed.
    let mut connection = stage.connection().await;
    let now = stage.clock.now();
    let mut job = stage.job(person.id).await;
    job.state = JobState::Mined;
    anchoring_jobs::update(&mut connection, &stage.keys, &mut job, now)
        .await
        .unwrap();
    let mut record = records::load(&mut connection, &stage.front, person.id)
        .await
        .unwrap()
        .unwrap();
    (record.state, record.uid) = (RecordState::Approved, None);
    records::update(&mut connection, &stage.front, &mut record, now)
        .await
        .unwrap();
    stage
        .sql("DELETE FROM record_events WHERE kind = 'anchored'")
        .await;

    let process = stage.start();
    stage.until_all_are(&[person.id], JobState::Anchored).await;
    stage.assert_anchored_once(&[person]).await;
    process.stop().await;
}

/// Two are changed once they are under way: by SQL alone, and by somebody who holds the keys.
#[tokio::test]
async fn a_row_changed_after_the_check_is_not_copied() {
    let stage = Stage::without_blocks().await;
    let people = stage.all_approved(3).await;
    let process = stage.start();
    stage.until_all_are(&ids(&people), JobState::Sent).await;
    let id = people[0].id;
    stage
        .sql(&format!(
            "UPDATE record_versions SET email = phone WHERE record_id = x'{id}'"
        ))
        .await;
    stage.forge_email(&people[1]).await;
    stage
        .mine_until_all_are(&ids(&people), JobState::Anchored)
        .await;
    // Anchored they are, and the viewer will tell that they were altered; no copy of an altered row is made.
    for person in &people[..2] {
        let uid = stage.job(person.id).await.uid.unwrap();
        let mut connection = stage.connection().await;
        let record = records::load(&mut connection, &stage.front, person.id)
            .await
            .unwrap();
        assert_eq!(record.unwrap().uid, Some(uid));
        let mut backup = stage.backup.acquire().await.unwrap();
        assert!(
            database::record_backups::of_uid(&mut backup, uid)
                .await
                .unwrap()
                .is_empty()
        );
    }
    stage.assert_anchored(&people[2]).await;
    process.stop().await;
}

#[tokio::test]
async fn a_row_that_claims_our_uid_lets_go() {
    let stage = Stage::without_blocks().await;
    let people = stage.all_approved(1).await;
    let other = stage.consented("Mallory Example").await;
    stage
        .sql(&format!(
            "UPDATE records SET uid = 1 WHERE id = x'{}'",
            hex(&other)
        ))
        .await;
    let process = stage.start();
    stage
        .mine_until_all_are(&ids(&people), JobState::Anchored)
        .await;
    stage.assert_anchored_once(&people).await;
    process.stop().await;
}

fn hex(person: &crate::people::Person) -> String {
    person.id.to_string()
}

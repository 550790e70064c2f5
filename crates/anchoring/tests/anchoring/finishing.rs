use alloy::{
    primitives::{Bytes, U256},
    sol,
    sol_types::SolCall as _,
};
use anchoring::Problem;
use database::{
    PoolSettings,
    anchoring_jobs::{self, JobState},
    records::{self, RecordState},
};

use record::B256;
use serde_json::json;

use crate::{
    people::ids,
    stage::{Process, Stage},
};

sol! {
    interface MasterData {
        function retireRecord(uint256 uid, uint8 reason, bytes32 evidence) external;
    }
}

impl Stage {
    /// How many copies of records there are.
    async fn copies(&self) -> i64 {
        sqlx::query_scalar("SELECT COUNT(*) FROM record_backups")
            .fetch_one(&self.backup)
            .await
            .unwrap()
    }
}

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

/// What is done to people under way by SQL alone, and how it is put right.
const CHANGES: [(&str, &str, &str); 5] = [
    (
        "records",
        "updated_at = updated_at + 1",
        "updated_at = updated_at - 1",
    ),
    (
        "consents",
        "received_at = received_at + 1",
        "received_at = received_at - 1",
    ),
    (
        "record_versions",
        "relation = REVERSE(relation)",
        "relation = REVERSE(relation)",
    ),
    ("record_versions", "email = phone", EMAIL_OF_BEFORE),
    ("record_versions", "email = NULL", EMAIL_OF_BEFORE),
];
const EMAIL_OF_BEFORE: &str =
    "email = (SELECT email FROM aside WHERE aside.record_id = record_versions.record_id)";

/// The sixth is changed by somebody who holds the keys, the seventh is left alone.
#[tokio::test]
async fn rows_changed_after_the_check_are_finished_once_they_are_put_right() {
    let stage = Stage::without_blocks().await;
    let people = stage.all_approved(7).await;
    stage
        .sql("CREATE TABLE aside SELECT record_id, email FROM record_versions")
        .await;
    stage.let_emails_be_null().await;
    let mut process = stage.start();
    stage.until_all_are(&ids(&people), JobState::Sent).await;
    for (person, (table, change, _)) in people.iter().zip(CHANGES) {
        stage.set(table, change, person).await;
    }
    stage.forge_email(&people[5]).await;
    stage
        .mine_until_all_are(&[people[6].id], JobState::Anchored)
        .await;
    process.until_problem(Problem::RowTampered).await;
    // No copy is made of a changed row, and nothing is over yet.
    assert!(stage.all_are(&ids(&people[..6]), JobState::Mined).await);
    assert_eq!(stage.copies().await, 1);
    stage.assert_anchored(&people[6]).await;

    for (person, (table, _, back)) in people.iter().zip(CHANGES) {
        stage.set(table, back, person).await;
    }
    stage
        .set("record_versions", EMAIL_OF_BEFORE, &people[5])
        .await;
    stage.until_all_are(&ids(&people), JobState::Anchored).await;
    stage.assert_anchored_once(&people).await;
    process.until_problem(None).await;
    process.stop().await;
}

/// Nothing of it has to be restored any more: the job does not wait for that.
#[tokio::test]
async fn a_record_that_is_retired_meanwhile_is_over_whatever_became_of_its_row() {
    let stage = Stage::without_blocks().await;
    let people = stage.all_approved(2).await;
    let mut process = stage.start();
    stage.until_all_are(&ids(&people), JobState::Sent).await;
    let (table, change, _) = CHANGES[0];
    stage.set(table, change, &people[0]).await;
    stage
        .mine_until_all_are(&[people[1].id], JobState::Anchored)
        .await;
    process.until_problem(Problem::RowTampered).await;

    let uid = stage.job(people[0].id).await.uid.unwrap();
    let call = MasterData::retireRecordCall {
        uid: U256::from(uid.get()),
        reason: 1,
        evidence: B256::repeat_byte(1),
    };
    let data = Bytes::from(call.abi_encode());
    let retire = json!({"to": stage.deployment.master_data, "data": data});
    stage.send_as("controller", retire).await;
    stage
        .mine_until_all_are(&[people[0].id], JobState::Anchored)
        .await;
    process.until_problem(None).await;
    assert_eq!(stage.copies().await, 1);
    stage.assert_anchored(&people[1]).await;
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

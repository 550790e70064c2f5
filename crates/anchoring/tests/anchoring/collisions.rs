//! Two transactions of the database that want the same rows.

use std::{sync::Arc, time::Duration};

use anchoring::{AnchoringStatus, ApprovalError, Problem};
use database::{
    anchoring_jobs::{self, JobState},
    records,
};
use record::ids::RecordId;

use crate::stage::{CLERK, Stage};

/// As entry-app does it, through its own account.
async fn approve(stage: &Stage, id: RecordId) -> Result<(), ApprovalError> {
    let pool = stage.parts(&stage.chain.rpc_url()).pool;
    let mut transaction = pool.begin().await.unwrap();
    let now = stage.clock.now();
    anchoring::approve(&mut transaction, &stage.keys, id, CLERK, now).await?;
    transaction.commit().await.unwrap();
    Ok(())
}

#[tokio::test]
async fn a_second_approval_does_not_wait_for_a_job_under_way() {
    let stage = Stage::without_blocks().await;
    let person = stage.approved("Ada Example").await;
    let job = stage.job(person.id).await;
    // As a round does in the middle of planning.
    let mut round = stage.pool.begin().await.unwrap();
    anchoring_jobs::lock(&mut round, &stage.keys, job.id)
        .await
        .unwrap();
    let twice = tokio::time::timeout(Duration::from_secs(10), approve(&stage, person.id)).await;
    assert!(matches!(twice, Ok(Err(ApprovalError::NotWaiting))));
    records::lock(&mut round, &stage.front, person.id)
        .await
        .unwrap();
    round.rollback().await.unwrap();
}

#[tokio::test]
async fn an_approval_locks_the_job_before_the_record_as_a_round_does() {
    let stage = Arc::new(Stage::without_blocks().await);
    let person = stage.approved("Ada Example").await;
    stage.reject(person.id).await;
    let job = stage.job(person.id).await;
    let mut round = stage.pool.begin().await.unwrap();
    anchoring_jobs::lock(&mut round, &stage.keys, job.id)
        .await
        .unwrap();
    let approval = tokio::spawn({
        let (stage, id) = (Arc::clone(&stage), person.id);
        async move { approve(&stage, id).await }
    });
    stage.until_it_waits_for_a_lock().await;
    let record = records::lock(&mut round, &stage.front, person.id).await;
    assert!(record.unwrap().is_some());
    round.commit().await.unwrap();
    approval.await.unwrap().unwrap();
    assert!(stage.is(person.id, JobState::Queued).await);
}

/// Whoever gets the worse of a deadlock tries again, and nobody is told that the database is out of reach.
#[tokio::test]
async fn a_round_that_lost_a_deadlock_goes_on() {
    let stage = Stage::without_blocks().await;
    let person = stage.approved("Ada Example").await;
    let job = stage.job(person.id).await;
    stage.sql("CREATE TABLE ballast (n INT)").await;
    let mut other = stage.pool.begin().await.unwrap();
    // The server ends the one that has written less.
    sqlx::query(
        "INSERT INTO ballast WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 500)
         SELECT n FROM numbers",
    )
        .execute(&mut *other)
        .await
        .unwrap();
    records::lock(&mut other, &stage.front, person.id)
        .await
        .unwrap();
    let process = stage.start();
    let told = tokio::spawn({
        let mut status = process.status.clone();
        let out_of_reach =
            |status: &AnchoringStatus| status.problem == Some(Problem::DatabaseOutOfReach);
        async move { status.wait_for(out_of_reach).await.is_ok() }
    });
    stage.until_it_waits_for_a_lock().await;
    let taken = anchoring_jobs::lock(&mut other, &stage.keys, job.id).await;
    assert!(taken.unwrap().is_some(), "the round held it, and lost it");
    other.rollback().await.unwrap();
    stage
        .mine_until_all_are(&[person.id], JobState::Anchored)
        .await;
    stage.assert_anchored_once(&[person]).await;
    process.stop().await;
    assert!(!told.await.unwrap(), "told as an outage");
}

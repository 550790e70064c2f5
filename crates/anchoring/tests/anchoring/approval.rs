use anchoring::{ApprovalError, Rejection};
use database::{
    anchoring_jobs::JobState,
    record_events::{self, Actor, RecordEventKind},
    records::{self, RecordState},
};
use record::ids::{RecordId, StaffId};

use crate::stage::{CLERK, Stage};

#[tokio::test]
async fn record_job_and_history_move_together_or_not_at_all() {
    let stage = Stage::without_blocks().await;
    let person = stage.consented("Ada Example").await;
    let mut transaction = stage.pool.begin().await.unwrap();
    let now = stage.clock.now();
    anchoring::approve(&mut transaction, &stage.keys, person.id, CLERK, now)
        .await
        .unwrap();
    transaction.rollback().await.unwrap();
    let state = async || {
        let mut connection = stage.connection().await;
        records::load(&mut connection, &stage.front, person.id)
            .await
            .unwrap()
            .unwrap()
            .state
    };
    assert_eq!(state().await, RecordState::Consented);

    let job = stage.approve(person.id).await;
    assert_eq!(state().await, RecordState::Approved);
    assert_eq!((job.state, job.approved_by), (JobState::Queued, CLERK));
    assert_eq!(stage.job(person.id).await, job);
    let mut connection = stage.connection().await;
    let history = record_events::of_record(&mut connection, &stage.front, person.id).await;
    let history = history.unwrap().rows;
    assert_eq!(history.len(), 1);
    assert_eq!(history[0].kind, RecordEventKind::Approved);
    assert_eq!(history[0].actor, Actor::Staff(CLERK));
}

#[tokio::test]
async fn what_does_not_wait_is_not_approved() {
    let stage = Stage::without_blocks().await;
    let person = stage.approved("Ada Example").await;
    let mut connection = stage.connection().await;
    let now = stage.clock.now();
    let twice = anchoring::approve(&mut connection, &stage.keys, person.id, CLERK, now).await;
    assert!(matches!(twice, Err(ApprovalError::NotWaiting)));
    let nobody = RecordId::random(&mut rand::rng());
    let unknown = anchoring::approve(&mut connection, &stage.keys, nobody, CLERK, now).await;
    assert!(matches!(unknown, Err(ApprovalError::Unknown)));
}

#[tokio::test]
async fn a_rejected_record_can_be_approved_again() {
    let stage = Stage::without_blocks().await;
    let person = stage.approved("Ada Example").await;
    stage.reject(person.id).await;
    let rejected = stage.job(person.id).await;
    assert_eq!(
        rejected.problem.as_deref().and_then(Rejection::from_code),
        Some(Rejection::ConsentMissing)
    );
    // The row is repaired; somebody else approves it.
    let (officer, later) = (StaffId::from_bytes([8; 16]), stage.clock.now());
    assert!(later > rejected.approved_at);
    let mut connection = stage.connection().await;
    anchoring::approve(&mut connection, &stage.keys, person.id, officer, later)
        .await
        .unwrap();
    let process = stage.start();
    stage
        .mine_until_all_are(&[person.id], JobState::Anchored)
        .await;
    let job = stage.job(person.id).await;
    assert_eq!((job.approved_by, job.approved_at), (officer, later));
    stage.assert_anchored_once(&[person]).await;
    process.stop().await;
}

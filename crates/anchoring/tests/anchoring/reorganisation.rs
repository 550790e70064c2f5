use database::anchoring_jobs::JobState;
use serde_json::json;

use crate::{
    people::ids,
    stage::{DEPTH, Stage, account},
};

#[tokio::test]
async fn a_mined_transaction_that_vanishes_is_sent_again() {
    let stage = Stage::without_blocks().await;
    let people = stage.all_approved(3).await;
    let process = stage.start();
    stage.until_all_are(&ids(&people), JobState::Sent).await;
    stage.chain.mine(1).await.unwrap();
    stage.until_all_are(&ids(&people), JobState::Mined).await;
    stage.chain.reorganise(1).await.unwrap();
    stage.until_all_are(&ids(&people), JobState::Sent).await;
    assert_eq!(stage.job(people[0].id).await.block_number, None);
    stage
        .mine_until_all_are(&ids(&people), JobState::Anchored)
        .await;
    stage.assert_anchored_once(&people).await;
    for person in &people {
        assert_eq!(stage.job(person.id).await.attempts, 1, "the same plan");
    }
    process.stop().await;
}

#[tokio::test]
async fn blocks_that_vanish_while_nobody_looks() {
    let stage = Stage::without_blocks().await;
    let people = stage.all_approved(2).await;
    let process = stage.start();
    stage.until_all_are(&ids(&people), JobState::Sent).await;
    stage.chain.mine(1).await.unwrap();
    stage.until_all_are(&ids(&people), JobState::Mined).await;
    process.kill().await;
    stage.chain.reorganise(DEPTH).await.unwrap();
    let late = stage.approved("Late Lucy").await;
    let process = stage.start();
    let people: Vec<_> = people.into_iter().chain([late]).collect();
    stage
        .mine_until_all_are(&ids(&people), JobState::Anchored)
        .await;
    stage.assert_anchored_once(&people).await;
    process.stop().await;
}

/// A foreign transaction vanishes, and nobody uses its nonce any more: the line behind it goes on all the same.
#[tokio::test]
async fn a_nonce_that_nobody_uses_is_filled() {
    let stage = Stage::without_blocks().await;
    stage
        .send_as(
            "controller",
            json!({"to": account("witness"), "value": "0x1"}),
        )
        .await;
    stage.chain.mine(1).await.unwrap();
    let people = stage.all_approved(2).await;
    let process = stage.start();
    stage.until_all_are(&ids(&people), JobState::Sent).await;
    assert_eq!(stage.job(people[0].id).await.nonce, Some(1));
    stage.chain.reorganise(1).await.unwrap();
    stage
        .mine_until_all_are(&ids(&people), JobState::Anchored)
        .await;
    stage.assert_anchored_once(&people).await;
    assert_eq!(stage.job(people[0].id).await.attempts, 1);
    process.stop().await;
}

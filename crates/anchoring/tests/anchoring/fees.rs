//! Transactions that offer nearly as much as we may pay: nothing dearer can replace them.

use anchoring::Problem;
use database::anchoring_jobs::JobState;

use crate::{
    people::ids,
    stage::{SETTINGS, Stage},
};

/// In gwei: what is signed at this base fee offers a little more than twice as much, and an eighth on top of that is above the cap.
const NEAR_THE_CAP: u64 = 240;
/// What is signed at this base fee would offer more than twice as much, and offers the cap.
const AT_THE_CAP: u64 = 260;
/// As `stage.rs` has it.
const CAP: u64 = 500;

#[tokio::test]
async fn one_that_was_forgotten_is_sent_again_though_nothing_dearer_may_be() {
    let stage = Stage::without_blocks().await;
    stage.mine_at_base_fee(NEAR_THE_CAP).await;
    let people = stage.all_approved(1).await;
    let process = stage.start();
    stage.until_all_are(&ids(&people), JobState::Sent).await;
    process.kill().await;
    let hash = stage.job(people[0].id).await.transaction_hash.unwrap();
    stage.drop_from_pool(hash).await;
    stage.mine_until_overdue(people[0].id, NEAR_THE_CAP).await;

    let process = stage.start();
    stage
        .until("sent again", async || stage.is_known(hash).await)
        .await;
    tokio::time::sleep(SETTINGS.pause * 6).await;
    assert_eq!(process.problem(), None, "it offers enough");
    stage
        .mine_until_all_are(&ids(&people), JobState::Anchored)
        .await;
    stage.assert_anchored_once(&people).await;
    assert_eq!(stage.signed(people[0].id).await.len(), 1, "the same bytes");
    process.stop().await;
}

#[tokio::test]
async fn one_that_was_forgotten_is_sent_again_while_the_fees_are_above_the_cap() {
    let stage = Stage::without_blocks().await;
    stage.mine_at_base_fee(AT_THE_CAP).await;
    let people = stage.all_approved(1).await;
    let process = stage.start();
    stage.until_all_are(&ids(&people), JobState::Sent).await;
    process.kill().await;
    let hash = stage.job(people[0].id).await.transaction_hash.unwrap();
    stage.drop_from_pool(hash).await;
    stage.mine_until_overdue(people[0].id, AT_THE_CAP).await;
    // With what the maker of a block wants on top, it is more than may be paid.
    stage.mine_at_base_fee(CAP).await;

    let mut process = stage.start();
    process.until_problem(Problem::FeesAboveCap).await;
    assert!(stage.is_known(hash).await, "sent again");
    stage
        .mine_until_all_are(&ids(&people), JobState::Anchored)
        .await;
    stage.assert_anchored_once(&people).await;
    assert_eq!(stage.signed(people[0].id).await.len(), 1, "the same bytes");
    process.until_problem(None).await;
    process.stop().await;
}

/// Near the cap, and then the chain asks for more than that: it waits, the page says why, and it is mined as it is.
#[tokio::test]
async fn one_that_can_not_be_replaced_waits_for_the_fees_to_fall() {
    let stage = Stage::without_blocks().await;
    stage.mine_at_base_fee(NEAR_THE_CAP).await;
    let people = stage.all_approved(1).await;
    let mut process = stage.start();
    stage.until_all_are(&ids(&people), JobState::Sent).await;
    stage.mine_at_base_fee(CAP - 10).await;
    stage.mine_until_overdue(people[0].id, CAP - 10).await;
    process.until_problem(Problem::FeesAboveCap).await;
    stage
        .mine_until_all_are(&ids(&people), JobState::Anchored)
        .await;
    stage.assert_anchored_once(&people).await;
    assert_eq!(stage.signed(people[0].id).await.len(), 1);
    process.until_problem(None).await;
    process.stop().await;
}

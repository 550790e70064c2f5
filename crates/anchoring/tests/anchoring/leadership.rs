use anchoring::AnchoringStatus;
use database::anchoring_jobs::JobState;
use devstack::{Fault, RpcProxy};

use crate::{
    people::ids,
    stage::{LIMIT, SETTINGS, Stage},
};

#[tokio::test]
async fn one_leads_and_another_takes_over() {
    let stage = Stage::without_blocks().await;
    let mut first = stage.start();
    first
        .status
        .wait_for(|status| status.leading)
        .await
        .unwrap();
    let mut second = stage.start();
    let checked = |status: &AnchoringStatus| status.checked_at.is_some();
    assert!(!second.status.wait_for(checked).await.unwrap().leading);
    let people = stage.all_approved(3).await;
    stage.until_all_are(&ids(&people), JobState::Sent).await;
    first.kill().await;
    second
        .status
        .wait_for(|status| status.leading)
        .await
        .unwrap();
    stage
        .mine_until_all_are(&ids(&people), JobState::Anchored)
        .await;
    stage.assert_anchored_once(&people).await;

    // One that ends in good order is followed at once.
    let mut third = stage.start();
    let handed_over = tokio::time::Instant::now();
    second.stop().await;
    third
        .status
        .wait_for(|status| status.leading)
        .await
        .unwrap();
    assert!(handed_over.elapsed() < SETTINGS.lease);
    third.stop().await;
}

#[tokio::test]
async fn a_leader_that_slept_writes_nothing_any_more() {
    let stage = Stage::without_blocks().await;
    let people = stage.all_approved(3).await;
    let proxy = RpcProxy::start(&stage.chain.rpc_url()).await.unwrap();
    // It falls asleep in the middle of planning the first.
    proxy.fault("eth_sendRawTransaction", Fault::Hold);
    let sleeper = stage.start_through(proxy.url());
    proxy
        .wait_for_calls("eth_sendRawTransaction", 1, LIMIT)
        .await
        .unwrap();
    tokio::time::sleep(SETTINGS.lease).await;

    let process = stage.start();
    stage.until_all_are(&ids(&people), JobState::Sent).await;
    // Awake again, it sends what is there already and wants to go on where it was.
    proxy.heal_all();
    stage
        .mine_until_all_are(&ids(&people), JobState::Anchored)
        .await;
    assert!(!sleeper.status.borrow().leading);
    sleeper.stop().await;
    process.stop().await;
    stage.assert_anchored_once(&people).await;
    for person in &people {
        assert_eq!(stage.job(person.id).await.attempts, 1);
    }
}

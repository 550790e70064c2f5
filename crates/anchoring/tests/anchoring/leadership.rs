use anchoring::AnchoringStatus;
use database::anchoring_jobs::JobState;
use devstack::{Fault, RpcProxy};

use crate::{
    people::ids,
    stage::{LIMIT, Process, SETTINGS, Stage},
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

/// The sleeper was about to plan a job that nobody has touched since: the lease alone keeps it from doing so.
#[tokio::test]
async fn a_leader_that_slept_plans_nothing_any_more() {
    let stage = Stage::without_blocks().await;
    let first = stage.approved("Ada Example").await;
    let proxy = RpcProxy::start(&stage.chain.rpc_url()).await.unwrap();
    let sleeper = stage.start_through(proxy.url());
    stage.until_all_are(&[first.id], JobState::Sent).await;
    // It falls asleep over the fees of its next plan.
    let fees = "eth_maxPriorityFeePerGas";
    let asked = proxy.count(fees);
    proxy.fault(fees, Fault::Hold);
    let second = stage.approved("Late Lucy").await;
    proxy.wait_for_calls(fees, asked + 1, LIMIT).await.unwrap();

    // The new leader takes one at a time, and the first still waits.
    let mut parts = stage.parts(&stage.chain.rpc_url());
    parts.settings.max_in_flight = 1;
    let mut process = Process::start(parts);
    process
        .status
        .wait_for(|status| status.leading)
        .await
        .unwrap();
    proxy.heal_all();
    let mut status = sleeper.status.clone();
    status.wait_for(|status| !status.leading).await.unwrap();
    assert!(
        stage.is(second.id, JobState::Queued).await,
        "not its turn any more"
    );
    let people = [first, second];
    stage
        .mine_until_all_are(&ids(&people), JobState::Anchored)
        .await;
    sleeper.stop().await;
    process.stop().await;
    stage.assert_anchored_once(&people).await;
}

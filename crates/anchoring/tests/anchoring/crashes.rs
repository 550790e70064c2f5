//! Killed at the crash points that docs/ANCHORING.md lists. Those of finishing are told in `finishing.rs`, a node that forgets in
//! `transactions.rs`, a chain that is re-organised in `reorganisation.rs`.

use std::{sync::Arc, time::Duration};

use alloy::primitives::Bytes;
use database::anchoring_jobs::JobState;
use devstack::{Fault, RpcProxy};
use rand::RngExt as _;
use record::B256;
use serde_json::json;

use crate::{
    people::{Person, ids},
    stage::{LIMIT, Process, SETTINGS, Stage},
};
use sqlx::Executor as _;

#[tokio::test]
async fn killed_between_commit_and_send() {
    let stage = Stage::without_blocks().await;
    let people = stage.all_approved(2).await;
    let proxy = RpcProxy::start(&stage.chain.rpc_url()).await.unwrap();
    proxy.fault("eth_sendRawTransaction", Fault::Hold);
    let process = stage.start_through(proxy.url());
    proxy
        .wait_for_calls("eth_sendRawTransaction", 1, LIMIT)
        .await
        .unwrap();
    process.kill().await;
    // The first is committed and was never sent; the second had no turn yet.
    let planned = stage.job(people[0].id).await;
    assert_eq!(planned.state, JobState::Planned);
    assert!(stage.is(people[1].id, JobState::Queued).await);
    drop(proxy);

    let process = stage.start();
    stage
        .mine_until_all_are(&ids(&people), JobState::Anchored)
        .await;
    stage.assert_anchored_once(&people).await;
    let anchored = stage.job(people[0].id).await;
    assert_eq!(anchored.attempts, 1, "not planned again");
    assert_eq!(
        anchored.transaction_hash, planned.transaction_hash,
        "the committed bytes"
    );
    process.stop().await;
}

#[tokio::test]
async fn killed_after_the_node_took_it_and_before_its_answer() {
    let stage = Stage::without_blocks().await;
    let people = stage.all_approved(1).await;
    let proxy = RpcProxy::start(&stage.chain.rpc_url()).await.unwrap();
    proxy.fault("eth_sendRawTransaction", Fault::CutAfter);
    let process = stage.start_through(proxy.url());
    proxy
        .wait_for_calls("eth_sendRawTransaction", 1, LIMIT)
        .await
        .unwrap();
    process.kill().await;
    assert!(stage.is(people[0].id, JobState::Planned).await);

    let process = stage.start();
    stage.until_all_are(&ids(&people), JobState::Sent).await;
    stage
        .mine_until_all_are(&ids(&people), JobState::Anchored)
        .await;
    stage.assert_anchored_once(&people).await;
    assert_eq!(stage.job(people[0].id).await.attempts, 1);
    process.stop().await;
}

#[tokio::test]
async fn killed_between_send_and_receipt() {
    let stage = Stage::without_blocks().await;
    let people = stage.all_approved(3).await;
    let process = stage.start();
    stage.until_all_are(&ids(&people), JobState::Sent).await;
    process.kill().await;
    // Mined, and final, while nobody looks.
    stage.chain.mine(10).await.unwrap();
    let process = stage.start();
    stage.until_all_are(&ids(&people), JobState::Anchored).await;
    stage.assert_anchored_once(&people).await;
    assert_eq!(stage.job(people[2].id).await.attempts, 1);
    process.stop().await;
}

#[tokio::test]
async fn killed_while_blocks_bury_it() {
    let stage = Stage::without_blocks().await;
    let people = stage.all_approved(2).await;
    let process = stage.start();
    stage.until_all_are(&ids(&people), JobState::Sent).await;
    stage.chain.mine(1).await.unwrap();
    stage.until_all_are(&ids(&people), JobState::Mined).await;
    process.kill().await;
    let process = stage.start();
    stage
        .mine_until_all_are(&ids(&people), JobState::Anchored)
        .await;
    stage.assert_anchored_once(&people).await;
    process.stop().await;
}

#[tokio::test]
async fn killed_between_the_proof_and_the_commit_of_its_plan() {
    let stage = Stage::without_blocks().await;
    let people = stage.all_approved(1).await;
    // What is locked so is read and not written: the proof is computed, its transaction not stored.
    let mut lock = stage.connection().await;
    let lock_it = "LOCK TABLES anchoring_transactions READ";
    lock.execute(lock_it).await.unwrap();
    let process = stage.start();
    stage.until_it_waits_for_a_lock().await;
    process.kill().await;
    lock.execute("UNLOCK TABLES").await.unwrap();
    assert!(stage.is(people[0].id, JobState::Queued).await);
    assert_eq!(stage.job(people[0].id).await.attempts, 0);
    assert!(stage.signed(people[0].id).await.is_empty());

    let process = stage.start();
    stage
        .mine_until_all_are(&ids(&people), JobState::Anchored)
        .await;
    stage.assert_anchored_once(&people).await;
    assert_eq!(stage.job(people[0].id).await.attempts, 1);
    assert_eq!(stage.signed(people[0].id).await.len(), 1);
    process.stop().await;
}

/// Killed as it sends a replacement, of which the node hears or not; with the transactions replaced and replacing.
async fn killed_at_a_replacement(stage: &Stage, people: &[Person], fault: Fault) -> [B256; 2] {
    let process = stage.start();
    stage.until_all_are(&ids(people), JobState::Sent).await;
    process.kill().await;
    stage.mine_until_overdue(people[0].id, 100).await;

    let proxy = RpcProxy::start(&stage.chain.rpc_url()).await.unwrap();
    let send = "eth_sendRawTransaction";
    proxy.fault(send, fault);
    let process = stage.start_through(proxy.url());
    proxy.wait_for_calls(send, 1, LIMIT).await.unwrap();
    process.kill().await;
    let signed = stage.signed(people[0].id).await;
    assert_eq!(signed.len(), 2);
    let newest = stage.job(people[0].id).await.transaction_hash;
    assert_eq!(newest, Some(signed[1].hash));
    [signed[0].hash, signed[1].hash]
}

/// One that replaces nothing by itself.
fn start_patient(stage: &Stage) -> Process {
    let mut parts = stage.parts(&stage.chain.rpc_url());
    parts.settings.replace_after = Duration::from_secs(3_600);
    Process::start(parts)
}

#[tokio::test]
async fn killed_between_commit_and_send_of_a_replacement() {
    let stage = Stage::without_blocks().await;
    let people = stage.all_approved(2).await;
    let [_, replacing] = killed_at_a_replacement(&stage, &people, Fault::Hold).await;
    assert!(!stage.is_known(replacing).await, "committed, not sent");

    let process = start_patient(&stage);
    stage
        .until("sent", async || stage.is_known(replacing).await)
        .await;
    stage
        .mine_until_all_are(&ids(&people), JobState::Anchored)
        .await;
    stage.assert_anchored_once(&people).await;
    let job = stage.job(people[0].id).await;
    assert_eq!((job.attempts, job.transaction_hash), (1, Some(replacing)));
    assert_eq!(stage.signed(people[0].id).await.len(), 2);
    process.stop().await;
}

#[tokio::test]
async fn killed_after_a_replacement_and_the_replaced_one_is_mined() {
    let stage = Stage::without_blocks().await;
    let people = stage.all_approved(1).await;
    let [replaced, replacing] = killed_at_a_replacement(&stage, &people, Fault::CutAfter).await;
    stage
        .until("sent", async || stage.is_known(replacing).await)
        .await;
    // Another node never heard of the replacement, and makes the next block.
    stage.drop_from_pool(replacing).await;
    stage.mine_at_base_fee(0).await;
    let raw = stage.signed(people[0].id).await.remove(0).raw;
    let raw = Bytes::from(raw);
    stage
        .chain
        .rpc("eth_sendRawTransaction", json!([raw]))
        .await
        .unwrap();
    stage.chain.mine(1).await.unwrap();

    let process = start_patient(&stage);
    stage
        .mine_until_all_are(&ids(&people), JobState::Anchored)
        .await;
    stage.assert_anchored_once(&people).await;
    let job = stage.job(people[0].id).await;
    assert_eq!((job.attempts, job.transaction_hash), (1, Some(replaced)));
    process.stop().await;
}

/// Twelve people, blocks all the time, and a process that never lives longer than a moment: the more of them died, the longer, since
/// where all is slow, none gets anywhere in the time that is enough elsewhere.
#[tokio::test]
async fn killed_again_and_again_at_any_moment() {
    let stage = Arc::new(Stage::without_blocks().await);
    let people = stage.all_approved(12).await;
    let miner = tokio::spawn({
        let stage = Arc::clone(&stage);
        async move {
            loop {
                stage.chain.mine(1).await.unwrap();
                tokio::time::sleep(Duration::from_millis(120)).await;
            }
        }
    });
    let mut kills = 0;
    while !stage.all_are(&ids(&people), JobState::Anchored).await {
        let mut parts = stage.parts(&stage.chain.rpc_url());
        parts.settings.max_in_flight = 3;
        let process = Process::start(parts);
        let moment = rand::rng().random_range(5..120 + kills);
        tokio::time::sleep(Duration::from_millis(moment)).await;
        process.kill().await;
        kills += 1;
        // The dead one's lease is cleared away instead of waited for.
        stage.sql("DELETE FROM leases").await;
        assert!(kills < 2_000, "no end in sight");
    }
    miner.abort();
    stage.assert_anchored_once(&people).await;
    assert!(kills >= 10, "killed {kills} times");
}

#[tokio::test]
async fn a_database_that_goes_away_is_waited_for() {
    let stage = Stage::without_blocks().await;
    let people = stage.all_approved(2).await;
    let mut process = stage.start();
    stage.until_all_are(&ids(&people), JobState::Sent).await;
    // The account is locked out and its connections cut, as a restart of the server does.
    stage.lock_out(true).await;
    process
        .until_problem(anchoring::Problem::DatabaseOutOfReach)
        .await;
    stage.chain.mine(10).await.unwrap();
    stage.lock_out(false).await;
    stage.until_all_are(&ids(&people), JobState::Anchored).await;
    process.until_problem(None).await;
    stage.assert_anchored_once(&people).await;
    tokio::time::sleep(SETTINGS.pause).await;
    process.stop().await;
}

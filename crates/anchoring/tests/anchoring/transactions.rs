//! What becomes of transactions: dropped, stuck, displaced, reverted.

use std::time::Duration;

use alloy::sol;
use anchoring::Problem;
use database::anchoring_jobs::JobState;
use devstack::{Fault, RpcProxy};
use serde_json::json;

use crate::{
    people::ids,
    stage::{DEPTH, Process, SETTINGS, Stage, account},
};

sol! {
    interface Authority {
        function pause() external;
        function unpause() external;
        function grantRole(bytes32 role, address account) external;
    }

    interface MasterData {
        function addRecordProof(uint256 uid, uint64 timestamp, bytes32 recordProof) external;
    }
}

#[tokio::test]
async fn one_that_the_node_forgot_is_sent_again() {
    let stage = Stage::without_blocks().await;
    let people = stage.all_approved(2).await;
    let process = stage.start();
    stage.until_all_are(&ids(&people), JobState::Sent).await;
    let hash = stage.job(people[0].id).await.transaction_hash.unwrap();
    stage.drop_from_pool(hash).await;
    stage
        .mine_until_all_are(&ids(&people), JobState::Anchored)
        .await;
    stage.assert_anchored_once(&people).await;
    assert_eq!(stage.signed(people[0].id).await.len(), 1, "the same bytes");
    process.stop().await;
}

#[tokio::test]
async fn one_that_is_stuck_is_replaced_at_a_higher_fee() {
    let stage = Stage::without_blocks().await;
    let people = stage.all_approved(2).await;
    let process = stage.start();
    stage.until_all_are(&ids(&people), JobState::Sent).await;
    let first = stage.job(people[0].id).await;
    // While no blocks come, no fee helps.
    tokio::time::sleep(SETTINGS.replace_after + Duration::from_millis(1_200)).await;
    assert_eq!(stage.signed(people[0].id).await.len(), 1);
    // Many times what was offered.
    stage.mine_until_overdue(people[0].id, 100).await;
    stage
        .until("a replacement", async || {
            stage.signed(people[0].id).await.len() > 1
        })
        .await;
    let replaced = stage.job(people[0].id).await;
    assert_eq!(
        (replaced.nonce, replaced.proof),
        (first.nonce, first.proof),
        "the same content"
    );
    assert_ne!(replaced.transaction_hash, first.transaction_hash);
    stage
        .mine_until_all_are(&ids(&people), JobState::Anchored)
        .await;
    stage.assert_anchored_once(&people).await;
    assert_eq!(stage.job(people[0].id).await.attempts, 1);
    process.stop().await;
}

/// Somebody uses the controller's key beside us and takes the nonce of the first: it dies at depth, those behind it are reverted, and all are
/// planned again in the order of their approval.
#[tokio::test]
async fn a_foreign_transaction_takes_the_nonce() {
    let stage = Stage::without_blocks().await;
    let people = stage.all_approved(3).await;
    let mut process = stage.start();
    stage.until_all_are(&ids(&people), JobState::Sent).await;
    let dear = "0x174876e800";
    stage
        .send_as(
            "controller",
            json!({"to": account("witness"), "value": "0x1", "nonce": "0x0",
            "maxFeePerGas": dear, "maxPriorityFeePerGas": dear}),
        )
        .await;
    stage.chain.mine(1).await.unwrap();
    process.until_problem(Problem::OutOfOrder).await;
    let late = stage.approved("Late Lucy").await;
    tokio::time::sleep(SETTINGS.pause * 6).await;
    assert!(
        stage.is(late.id, JobState::Queued).await,
        "nothing new in a disturbed line"
    );
    assert!(
        stage.all_are(&ids(&people), JobState::Sent).await,
        "nothing is given up before depth"
    );
    let people: Vec<_> = people.into_iter().chain([late]).collect();
    stage
        .mine_until_all_are(&ids(&people), JobState::Anchored)
        .await;
    stage.assert_anchored_once(&people).await;
    for (place, person) in people.iter().enumerate() {
        let job = stage.job(person.id).await;
        assert_eq!(job.uid.unwrap().get(), place as u64 + 1);
        assert_eq!(job.attempts, if place < 3 { 2 } else { 1 });
    }
    process.stop().await;
}

#[tokio::test]
async fn one_that_is_reverted_is_planned_again_at_depth() {
    let stage = Stage::without_blocks().await;
    let people = stage.all_approved(2).await;
    let mut process = stage.start();
    stage.until_all_are(&ids(&people), JobState::Sent).await;
    stage.as_authority(Authority::pauseCall {}).await;
    stage.chain.mine(1).await.unwrap();
    process.until_problem(Problem::Paused).await;
    assert!(stage.all_are(&ids(&people), JobState::Sent).await);
    stage
        .mine_until_all_are(&ids(&people), JobState::Queued)
        .await;
    assert_eq!(
        stage.job(people[0].id).await.problem.as_deref(),
        Some("reverted")
    );
    stage.as_authority(Authority::unpauseCall {}).await;
    stage
        .mine_until_all_are(&ids(&people), JobState::Anchored)
        .await;
    stage.assert_anchored_once(&people).await;
    process.stop().await;
}

/// The thief of a second controller key anchors first: our proof lands as a further version of the thief's record, which finishing tells, and the
/// record is anchored anew.
#[tokio::test]
async fn one_that_lands_in_a_foreign_record_is_planned_again() {
    let stage = Stage::without_blocks().await;
    let person = stage.approved("Ada Example").await;
    let process = stage.start();
    stage.until_all_are(&[person.id], JobState::Sent).await;
    let thief = account("owner-30");
    let role = alloy::primitives::keccak256("CONTROLLER_ROLE");
    let head = stage.head().await;
    stage
        .as_authority(Authority::grantRoleCall {
            role,
            account: thief,
        })
        .await;
    let call = MasterData::addRecordProofCall {
        uid: alloy::primitives::U256::from(1),
        timestamp: head.timestamp - 600,
        recordProof: record::B256::repeat_byte(0xee),
    };
    let data = alloy::primitives::Bytes::from(alloy::sol_types::SolCall::abi_encode(&call));
    let fee = "0x12a05f2000"; // 80 gwei: behind the authority, before us
    stage
        .send_as(
            "owner-30",
            json!({"to": stage.deployment.master_data, "data": data, "gas": "0x30d40",
            "maxFeePerGas": fee, "maxPriorityFeePerGas": fee}),
        )
        .await;
    stage.chain.mine(1).await.unwrap();
    stage
        .mine_until("a second plan", async || {
            stage.job(person.id).await.attempts == 2
        })
        .await;
    stage
        .mine_until_all_are(&[person.id], JobState::Anchored)
        .await;
    assert_eq!(stage.assert_anchored(&person).await.get(), 2);
    process.stop().await;
}

/// Reverted and yet not over: the block goes, and the same transaction succeeds.
#[tokio::test]
async fn one_that_was_reverted_comes_back_by_a_reorganisation() {
    let stage = Stage::without_blocks().await;
    let people = stage.all_approved(2).await;
    let mut process = stage.start();
    stage.until_all_are(&ids(&people), JobState::Sent).await;
    stage.as_authority(Authority::pauseCall {}).await;
    stage.chain.mine(1).await.unwrap();
    process.until_problem(Problem::Paused).await;
    stage.chain.reorganise(1).await.unwrap();
    stage
        .mine_until_all_are(&ids(&people), JobState::Anchored)
        .await;
    stage.assert_anchored_once(&people).await;
    assert_eq!(stage.job(people[1].id).await.attempts, 1);
    process.stop().await;
}

/// The key is changed while transactions of the old one are under way: they end first.
#[tokio::test]
async fn those_of_an_earlier_key_end_before_new_ones_begin() {
    let stage = Stage::without_blocks().await;
    let people = stage.all_approved(2).await;
    // The new key has nonces of its own, past those under way.
    for _ in 0..3 {
        stage
            .send_as(
                "owner-30",
                json!({"to": account("witness"), "value": "0x1"}),
            )
            .await;
    }
    stage.chain.mine(DEPTH + 1).await.unwrap();
    let process = stage.start();
    stage.until_all_are(&ids(&people), JobState::Sent).await;
    process.stop().await;
    let (role, account) = (
        alloy::primitives::keccak256("CONTROLLER_ROLE"),
        account("owner-30"),
    );
    let late = stage.approved("Late Lucy").await;
    let mut process = Process::start(stage.parts_with_key_of("owner-30"));
    process.until_problem(Problem::OtherKeyInFlight).await;
    stage
        .as_authority(Authority::grantRoleCall { role, account })
        .await;
    stage
        .mine_until_all_are(&ids(&people), JobState::Anchored)
        .await;
    let people: Vec<_> = people.into_iter().chain([late]).collect();
    stage
        .mine_until_all_are(&ids(&people), JobState::Anchored)
        .await;
    stage.assert_anchored_once(&people).await;
    process.stop().await;
}

/// A node that withholds receipts makes it look as if somebody else had used the nonces: the state that verdicts read says otherwise.
#[tokio::test]
async fn one_whose_receipt_is_withheld_is_not_anchored_twice() {
    let stage = Stage::without_blocks().await;
    let people = stage.all_approved(2).await;
    let proxy = RpcProxy::start(&stage.chain.rpc_url()).await.unwrap();
    proxy.fault("eth_getTransactionReceipt", Fault::Answer(json!(null)));
    let process = stage.start_through(proxy.url());
    stage.until_all_are(&ids(&people), JobState::Sent).await;
    stage
        .mine_until_all_are(&ids(&people), JobState::Anchored)
        .await;
    stage.assert_anchored_once(&people).await;
    assert_eq!(stage.job(people[0].id).await.attempts, 1);
    process.stop().await;
}

//! What keeps anchoring from going on, told by name, and over by itself.

use alloy::{primitives::keccak256, sol};
use anchoring::Problem;
use database::{
    anchoring_jobs::JobState,
    operations_alarms::{self, AlarmKind},
};
use devstack::RpcProxy;
use serde_json::json;

use crate::{
    people::ids,
    stage::{Process, Stage, account},
};

sol! {
    interface Authority {
        function pause() external;
        function unpause() external;
        function grantRole(bytes32 role, address account) external;
        function revokeRole(bytes32 role, address account) external;
    }
}

async fn alarms(stage: &Stage) -> Vec<AlarmKind> {
    let mut connection = stage.connection().await;
    let alarms = operations_alarms::all(&mut connection).await.unwrap();
    alarms.iter().map(|alarm| alarm.kind).collect()
}

#[tokio::test]
async fn a_pause_of_the_authority() {
    let stage = Stage::without_blocks().await;
    stage.as_authority(Authority::pauseCall {}).await;
    stage.chain.mine(1).await.unwrap();
    let people = stage.all_approved(2).await;
    let mut process = stage.start();
    process.until_problem(Problem::Paused).await;
    assert!(stage.all_are(&ids(&people), JobState::Queued).await);
    stage
        .until("an alarm", async || {
            alarms(&stage).await == [AlarmKind::AnchoringStuck]
        })
        .await;
    stage.as_authority(Authority::unpauseCall {}).await;
    stage
        .mine_until_all_are(&ids(&people), JobState::Anchored)
        .await;
    stage.assert_anchored_once(&people).await;
    process.until_problem(None).await;
    stage
        .until("no alarm", async || alarms(&stage).await.is_empty())
        .await;
    process.stop().await;
}

#[tokio::test]
async fn a_role_that_was_taken_away() {
    let stage = Stage::without_blocks().await;
    let (role, account) = (keccak256("CONTROLLER_ROLE"), account("controller"));
    stage
        .as_authority(Authority::revokeRoleCall { role, account })
        .await;
    stage.chain.mine(1).await.unwrap();
    let people = stage.all_approved(1).await;
    let mut process = stage.start();
    process.until_problem(Problem::NotController).await;
    assert!(stage.all_are(&ids(&people), JobState::Queued).await);
    stage
        .as_authority(Authority::grantRoleCall { role, account })
        .await;
    stage
        .mine_until_all_are(&ids(&people), JobState::Anchored)
        .await;
    stage.assert_anchored_once(&people).await;
    process.stop().await;
}

#[tokio::test]
async fn an_empty_account() {
    let stage = Stage::without_blocks().await;
    let balance = async |wei: &str| {
        stage
            .chain
            .rpc("anvil_setBalance", json!([account("controller"), wei]))
            .await
            .unwrap();
        stage.chain.mine(1).await.unwrap();
    };
    balance("0x1").await;
    let people = stage.all_approved(2).await;
    let mut process = stage.start();
    process.until_problem(Problem::NoFunds).await;
    assert!(stage.all_are(&ids(&people), JobState::Queued).await);
    stage
        .until("an alarm", async || {
            alarms(&stage).await == [AlarmKind::ControllerFunds]
        })
        .await;
    balance("0xde0b6b3a7640000").await;
    stage
        .mine_until_all_are(&ids(&people), JobState::Anchored)
        .await;
    stage.assert_anchored_once(&people).await;
    process.stop().await;
}

#[tokio::test]
async fn fees_above_the_cap() {
    let stage = Stage::without_blocks().await;
    let people = stage.all_approved(1).await;
    stage.mine_at_base_fee(1_000).await;
    let mut process = stage.start();
    process.until_problem(Problem::FeesAboveCap).await;
    assert!(stage.all_are(&ids(&people), JobState::Queued).await);
    // Empty blocks make it fall.
    stage
        .mine_until_all_are(&ids(&people), JobState::Anchored)
        .await;
    stage.assert_anchored_once(&people).await;
    process.stop().await;
}

#[tokio::test]
async fn a_chain_out_of_reach() {
    let stage = Stage::without_blocks().await;
    let people = stage.all_approved(2).await;
    let proxy = RpcProxy::start(&stage.chain.rpc_url()).await.unwrap();
    let mut process = stage.start_through(proxy.url());
    stage.until_all_are(&ids(&people), JobState::Sent).await;
    proxy.cut_all();
    process.until_problem(Problem::ChainOutOfReach).await;
    let late = stage.approved("Late Lucy").await;
    stage.chain.mine(5).await.unwrap();
    stage
        .until("an alarm", async || {
            alarms(&stage).await == [AlarmKind::AnchoringStuck]
        })
        .await;
    proxy.heal_all();
    process.until_problem(None).await;
    let people: Vec<_> = people.into_iter().chain([late]).collect();
    stage
        .mine_until_all_are(&ids(&people), JobState::Anchored)
        .await;
    stage.assert_anchored_once(&people).await;
    process.stop().await;
}

#[tokio::test]
async fn another_chain() {
    let stage = Stage::without_blocks().await;
    let people = stage.all_approved(1).await;
    let other = Stage::without_blocks().await;
    other.chain.mine(3).await.unwrap();
    let start = async |confirmations_of: &Stage| {
        let mut parts = stage.parts(&confirmations_of.chain.rpc_url());
        parts.settings.longest_pause = parts.settings.pause;
        Process::start(parts)
    };
    // Our chain is seen up to a block; the other one, a copy up to the deployment, has another block there.
    stage.chain.mine(4).await.unwrap();
    let process = start(&stage).await;
    stage
        .mine_until_all_are(&ids(&people), JobState::Anchored)
        .await;
    process.stop().await;
    other.chain.mine(100).await.unwrap();
    let late = stage.approved("Late Lucy").await;
    let mut process = start(&other).await;
    process.until_problem(Problem::WrongChain).await;
    assert!(stage.is(late.id, JobState::Queued).await);
    process.stop().await;
}

#[tokio::test]
async fn a_chain_behind_what_was_seen() {
    let stage = Stage::without_blocks().await;
    let snapshot = stage.chain.rpc("evm_snapshot", json!([])).await.unwrap();
    let people = stage.all_approved(1).await;
    let mut process = stage.start();
    stage
        .mine_until_all_are(&ids(&people), JobState::Anchored)
        .await;
    stage
        .chain
        .rpc("evm_revert", json!([snapshot]))
        .await
        .unwrap();
    let late = stage.approved("Late Lucy").await;
    process.until_problem(Problem::ChainBehind).await;
    assert!(stage.is(late.id, JobState::Queued).await);
    process.stop().await;
}

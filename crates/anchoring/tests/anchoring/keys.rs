//! The controller's key is changed.

use alloy::{primitives::keccak256, sol};
use anchoring::Problem;
use database::anchoring_jobs::JobState;

use crate::stage::{Process, Stage, account};

sol! {
    interface Authority {
        function grantRole(bytes32 role, address account) external;
        function revokeRole(bytes32 role, address account) external;
    }
}

/// The old key's transaction was reverted, and the new key's plan for the same job takes the same number: a nonce of its own.
#[tokio::test]
async fn a_nonce_of_the_new_key_is_not_one_of_the_old() {
    let stage = Stage::without_blocks().await;
    let person = stage.approved("Ada Example").await;
    let mut process = stage.start();
    stage.until_all_are(&[person.id], JobState::Sent).await;
    let first = stage.job(person.id).await;
    let role = keccak256("CONTROLLER_ROLE");
    let revoke = Authority::revokeRoleCall {
        role,
        account: account("controller"),
    };
    stage.as_authority(revoke).await;
    stage
        .mine_until_all_are(&[person.id], JobState::Queued)
        .await;
    process.until_problem(Problem::NotController).await;
    process.stop().await;

    let grant = Authority::grantRoleCall {
        role,
        account: account("owner-30"),
    };
    stage.as_authority(grant).await;
    stage.chain.mine(1).await.unwrap();
    let process = Process::start(stage.parts_with_key_of("owner-30"));
    stage.until_all_are(&[person.id], JobState::Sent).await;
    let second = stage.job(person.id).await;
    assert_eq!(first.nonce, second.nonce);
    stage
        .mine_until_all_are(&[person.id], JobState::Anchored)
        .await;
    assert_eq!(stage.job(person.id).await.attempts, 2);
    stage.assert_anchored_once(&[person]).await;
    process.stop().await;
}

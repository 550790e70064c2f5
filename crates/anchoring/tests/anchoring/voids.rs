//! What a version may follow where the authority declared others void (docs/RECORD_PROOF.md, step 6).

use alloy::{primitives::U256, sol};
use database::anchoring_jobs::JobState;
use record::B256;

use crate::{people::Person, stage::Stage};

sol! {
    interface MasterData {
        function voidRecordProof(uint256 uid, uint256 version) external;
    }
}

async fn void(stage: &Stage, person: &Person, version: u64) {
    let uid = stage.job(person.id).await.uid.unwrap();
    let call = MasterData::voidRecordProofCall {
        uid: U256::from(uid.get()),
        version: U256::from(version),
    };
    stage
        .as_authority_to(stage.deployment.master_data, call)
        .await;
    stage.chain.mine(1).await.unwrap();
}

/// The next version of a person, signed as what follows this proof, and anchored; with the proof of its own.
async fn anchored_after(stage: &Stage, person: Person, follows: B256) -> (Person, B256) {
    let person = stage.rectified(person, "Person Again", follows).await;
    stage.approve(person.id).await;
    stage
        .mine_until_all_are(&[person.id], JobState::Anchored)
        .await;
    stage.assert_anchored(&person).await;
    let proof = stage.job(person.id).await.proof.unwrap();
    (person, proof)
}

#[tokio::test]
async fn any_voided_one_before_and_the_newest_believed() {
    let stage = Stage::without_blocks().await;
    let person = stage.approved("Ada Example").await;
    let process = stage.start();
    stage
        .mine_until_all_are(&[person.id], JobState::Anchored)
        .await;
    let first = stage.job(person.id).await.proof.unwrap();
    let (person, second) = anchored_after(&stage, person, first).await;
    let (person, _third) = anchored_after(&stage, person, second).await;
    void(&stage, &person, 2).await;
    void(&stage, &person, 3).await;
    // Neither the newest nor the newest believed.
    anchored_after(&stage, person, second).await;
    process.stop().await;
}

#[tokio::test]
async fn nothing_where_all_are_voided() {
    let stage = Stage::without_blocks().await;
    let person = stage.approved("Ada Example").await;
    let process = stage.start();
    stage
        .mine_until_all_are(&[person.id], JobState::Anchored)
        .await;
    void(&stage, &person, 1).await;
    anchored_after(&stage, person, B256::ZERO).await;
    process.stop().await;
}

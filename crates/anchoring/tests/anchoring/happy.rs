use anchoring::{AnchoringSettings, AnchoringStatus, Problem};
use database::{
    anchoring_jobs::JobState,
    index,
    record_events::{self, RecordEventKind},
};
use record::signature::ConsentSignature;
use serde_json::json;

use crate::{
    people::ids,
    stage::{Process, SETTINGS, Stage},
};

#[tokio::test]
async fn several_are_anchored_side_by_side() {
    let stage = Stage::with_blocks().await;
    let people = stage.all_approved(5).await;
    let process = stage.start();
    stage.until_all_are(&ids(&people), JobState::Anchored).await;
    stage.assert_anchored_once(&people).await;
    for (place, person) in people.iter().enumerate() {
        let job = stage.job(person.id).await;
        assert_eq!(job.attempts, 1);
        assert_eq!(
            job.uid.unwrap().get(),
            place as u64 + 1,
            "in the order of their approval"
        );
    }
    process.stop().await;
}

#[tokio::test]
async fn several_go_into_one_block() {
    let stage = Stage::without_blocks().await;
    let people = stage.all_approved(4).await;
    let process = stage.start();
    stage.until_all_are(&ids(&people), JobState::Sent).await;
    stage.chain.mine(1).await.unwrap();
    stage.until_all_are(&ids(&people), JobState::Mined).await;
    stage
        .mine_until_all_are(&ids(&people), JobState::Anchored)
        .await;
    stage.assert_anchored_once(&people).await;
    let blocks = async |place: usize| stage.job(people[place].id).await.block_number;
    assert_eq!(blocks(0).await, blocks(3).await);
    process.stop().await;
}

#[tokio::test]
async fn who_signed_after_the_newest_block_waits_for_the_next_and_holds_nobody_up() {
    let stage = Stage::without_blocks().await;
    let early = stage.consented_between("Early Emma", 30, 3_600).await;
    stage.approve(early.id).await;
    let others = stage.all_approved(2).await;
    let process = stage.start();
    stage.until_all_are(&ids(&others), JobState::Sent).await;
    assert!(stage.is(early.id, JobState::Queued).await);
    assert_eq!(process.problem(), None);
    stage
        .mine_until_all_are(&[early.id], JobState::Anchored)
        .await;
    stage.assert_anchored(&early).await;
    process.stop().await;
}

#[tokio::test]
async fn those_approved_later_join_the_line() {
    let stage = Stage::without_blocks().await;
    let mut people = stage.all_approved(2).await;
    let process = stage.start();
    stage.until_all_are(&ids(&people), JobState::Sent).await;
    people.push(stage.approved("Late Lucy").await);
    stage.until_all_are(&ids(&people), JobState::Sent).await;
    assert_eq!(stage.job(people[2].id).await.nonce, Some(2));
    stage
        .mine_until_all_are(&ids(&people), JobState::Anchored)
        .await;
    people.push(stage.approved("Later Liam").await);
    stage
        .mine_until_all_are(&ids(&people), JobState::Anchored)
        .await;
    stage.assert_anchored_once(&people).await;
    process.stop().await;
}

#[tokio::test]
async fn no_more_wait_at_once_than_the_settings_say() {
    let stage = Stage::without_blocks().await;
    let people = stage.all_approved(5).await;
    let mut parts = stage.parts(&stage.chain.rpc_url());
    parts.settings = AnchoringSettings {
        max_in_flight: 2,
        ..SETTINGS
    };
    let process = Process::start(parts);
    stage
        .until_all_are(&ids(&people[..2]), JobState::Sent)
        .await;
    tokio::time::sleep(SETTINGS.pause * 10).await;
    assert!(stage.all_are(&ids(&people[2..]), JobState::Queued).await);
    stage
        .mine_until_all_are(&ids(&people), JobState::Anchored)
        .await;
    stage.assert_anchored_once(&people).await;
    process.stop().await;
}

#[tokio::test]
async fn the_history_and_the_status_tell_how_far_it_is() {
    let stage = Stage::without_blocks().await;
    let person = stage.approved("Ada Example").await;
    let mut process = stage.start();
    stage.until_all_are(&[person.id], JobState::Sent).await;
    let told = |status: &AnchoringStatus| (status.queued, status.in_flight) == (0, 1);
    let status = process.status.wait_for(told).await.unwrap().clone();
    assert!(status.leading && status.checked_at.is_some());
    assert_eq!((status.rejected, status.problem), (0, None));
    stage
        .mine_until_all_are(&[person.id], JobState::Anchored)
        .await;
    let told = |status: &AnchoringStatus| status.in_flight == 0;
    process.status.wait_for(told).await.unwrap();
    let mut connection = stage.connection().await;
    let history = record_events::of_record(&mut connection, &stage.front, person.id).await;
    let kinds: Vec<_> = history
        .unwrap()
        .rows
        .iter()
        .map(|event| event.kind)
        .collect();
    assert_eq!(
        kinds,
        [
            RecordEventKind::Approved,
            RecordEventKind::AnchoringPlanned,
            RecordEventKind::AnchoringSent,
            RecordEventKind::AnchoringMined,
            RecordEventKind::Anchored,
        ]
    );
    process.stop().await;
}

#[tokio::test]
async fn a_further_version_follows_the_first() {
    let stage = Stage::without_blocks().await;
    let people = stage.all_approved(2).await;
    let process = stage.start();
    stage
        .mine_until_all_are(&ids(&people), JobState::Anchored)
        .await;
    stage.assert_anchored_once(&people).await;
    let mut people = people.into_iter();
    let (first, _second) = (people.next().unwrap(), people.next().unwrap());
    let follows = stage.job(first.id).await.proof.unwrap();
    let first = stage.rectified(first, "Person Married", follows).await;
    let before = stage.email_index(&first).await;
    stage.approve(first.id).await;
    // A new record waits beside it: it takes a UID, the further version takes none.
    let third = stage.approved("Person Three").await;
    stage
        .until_all_are(&[first.id, third.id], JobState::Sent)
        .await;
    stage
        .mine_until_all_are(&[first.id, third.id], JobState::Anchored)
        .await;
    let first_uid = stage.assert_anchored(&first).await;
    let third_uid = stage.assert_anchored(&third).await;
    assert_eq!((first_uid.get(), third_uid.get()), (1, 3));
    let after = stage.email_index(&first).await;
    let corrected = first.plain.fields.get("email").unwrap().value();
    assert_eq!(after, index::email(stage.keys.index(), corrected));
    assert_ne!(after, before, "it is found by its new address from now on");
    process.stop().await;
}

/// PUSH4 magic, PUSH1 224, SHL, PUSH0, MSTORE, PUSH1 32, PUSH0, RETURN.
const AGREES: &str = "0x631626ba7e60e01b5f5260205ff3";
/// PUSH0, PUSH0, REVERT.
const REVERTS: &str = "0x5f5ffd";

#[tokio::test]
async fn a_contract_wallet_is_asked_at_its_block() {
    let stage = Stage::without_blocks().await;
    let yes = stage.consented_by_contract("Ada Contract", AGREES).await;
    let no = stage
        .consented_by_contract("Mallory Contract", REVERTS)
        .await;
    let mut unknown = stage.consented_by_contract("Late Contract", AGREES).await;
    // A block that the node does not know: nobody can tell.
    unknown.signature = ConsentSignature::contract(vec![1, 2, 3], 1_000_000).unwrap();
    stage.put_consent(&unknown).await;
    for person in [&unknown, &no, &yes] {
        stage.approve(person.id).await;
    }
    let mut process = stage.start();
    stage
        .mine_until_all_are(&[yes.id], JobState::Anchored)
        .await;
    stage.assert_anchored(&yes).await;
    assert_eq!(
        stage.job(no.id).await.problem.as_deref(),
        Some("consent_invalid")
    );
    assert!(
        stage.is(unknown.id, JobState::Queued).await,
        "passed over, not rejected"
    );
    process.until_problem(Problem::WalletUnchecked).await;
    process.stop().await;
}

/// A former owner would date what they sign back to when they were.
#[tokio::test]
async fn what_a_contract_wallet_accepted_before_the_offer_is_refused() {
    let stage = Stage::without_blocks().await;
    let minute = 60;
    let early = stage.consented_between("Early Contract", 20 * minute, 3_600);
    let early = stage.by_contract(early.await, AGREES).await;
    let fine = stage.consented_by_contract("Fine Contract", AGREES).await;
    let later = json!([21 * minute]);
    stage.chain.rpc("evm_increaseTime", later).await.unwrap();
    stage.chain.mine(1).await.unwrap();
    for person in [&early, &fine] {
        stage.approve(person.id).await;
    }
    let process = stage.start();
    stage
        .mine_until_all_are(&[fine.id], JobState::Anchored)
        .await;
    stage.assert_anchored(&fine).await;
    let refused = stage.job(early.id).await;
    assert_eq!(refused.state, JobState::Rejected);
    assert_eq!(refused.problem.as_deref(), Some("consent_invalid"));
    process.stop().await;
}

#[tokio::test]
async fn those_passed_over_hold_nobody_up_however_many_they_are() {
    let stage = Stage::without_blocks().await;
    for number in 0..3 {
        let name = format!("Unknown {number}");
        let mut unknown = stage.consented_by_contract(&name, AGREES).await;
        unknown.signature = ConsentSignature::contract(vec![1, 2, 3], 1_000_000).unwrap();
        stage.put_consent(&unknown).await;
        stage.approve(unknown.id).await;
    }
    let people = stage.all_approved(3).await;
    let mut parts = stage.parts(&stage.chain.rpc_url());
    parts.settings.max_in_flight = 2;
    let process = Process::start(parts);
    stage
        .until_all_are(&ids(&people[..2]), JobState::Sent)
        .await;
    assert!(
        stage.is(people[2].id, JobState::Queued).await,
        "no more than there is room for"
    );
    stage
        .mine_until_all_are(&ids(&people), JobState::Anchored)
        .await;
    stage.assert_anchored_once(&people).await;
    process.stop().await;
}

//! Rows that the chain does not know, and records that ended on it.

use std::time::Duration;

use chain::{Retirement, RetirementReason};
use database::anchoring_jobs::{AnchoringJob, JobState};
use database::records::RecordState;
use keyring::KeySet;
use rand::{SeedableRng, rngs::StdRng};
use record::{
    B256,
    ids::{Draft, StaffId, Uid},
    time::UnixMillis,
};

use super::{super::*, world::*};

/// A record entered and signed, not approved yet.
fn entered() -> World {
    let mut world = World::entered(7, &KeySet::generate(&mut StdRng::seed_from_u64(1)));
    let plain = world.signed(1, "9 Elm Road");
    world.put(1, Draft::FIRST, &plain);
    world.row(1).values.anchor = None;
    world.write_head();
    world.now = world.evidence.entered_at.plus(Duration::from_secs(60));
    world
}

fn job(world: &World, state: JobState) -> Job {
    Job {
        version: version(1),
        uid: Uid::new(7),
        state,
        approved_at: world.now,
    }
}

#[test]
fn a_record_on_its_way_is_pending_and_then_overdue() {
    let mut world = entered();
    assert_eq!(world.judge().reason, Reason::AwaitsApproval);
    assert_eq!(world.judge().verdict, Verdict::Pending);
    world.now = world.now.plus(Duration::from_secs(31 * DAY));
    assert_eq!(world.judge().verdict, Verdict::Overdue);
    for state in [
        JobState::Queued,
        JobState::Planned,
        JobState::Sent,
        JobState::Mined,
    ] {
        world.jobs = vec![job(&world, state)];
        assert_eq!(
            (world.judge().verdict, world.judge().reason),
            (Verdict::Pending, Reason::AwaitsAnchor)
        );
    }
    world.now = world.now.plus(Duration::from_secs(3601));
    assert_eq!(world.judge().verdict, Verdict::Overdue);
}

#[test]
fn an_entry_time_far_ahead_does_not_wait_for_ever() {
    let mut world = entered();
    world.evidence.entered_at = UnixMillis(u64::MAX);
    assert_eq!(said(&world.judge()), is(Verdict::Altered, &["head"]));
    world.write_head();
    assert_eq!(world.judge().verdict, Verdict::Overdue);
}

#[test]
fn a_job_that_was_refused_is_overdue_at_once() {
    let mut world = entered();
    world.jobs = vec![job(&world, JobState::Rejected)];
    assert_eq!(
        (world.judge().verdict, world.judge().reason),
        (Verdict::Overdue, Reason::Rejected)
    );
}

#[test]
fn a_job_about_to_finish_has_its_cell_already() {
    let mut world = entered();
    let plain = world.plain(1);
    world.put(1, Draft::FIRST, &plain);
    world.jobs = vec![job(&world, JobState::Mined)];
    assert_eq!(world.judge().verdict, Verdict::Pending);
    world.evidence.claimed_uid = Some(7);
    world.write_head();
    assert_eq!(world.judge().verdict, Verdict::Pending);
    world.jobs.clear();
    assert_eq!(world.judge().verdict, Verdict::Forged);
}

#[test]
fn what_is_final_to_another_node_is_on_its_way_to_ours() {
    let mut world = entered();
    let plain = world.plain(1);
    world.put(1, Draft::FIRST, &plain);
    world.evidence.claimed_uid = Some(7);
    world.write_head();
    let anchored = AnchoringJob {
        id: 1,
        record_id: world.evidence.record_id,
        version: Some(version(1)),
        state: JobState::Anchored,
        approved_by: StaffId::from_bytes([1; 16]),
        approved_at: world.now,
        uid: Uid::new(7),
        nonce: Some(0),
        chain_timestamp: Some(1),
        proof: None,
        transaction_hash: None,
        block_number: Some(100),
        attempts: 1,
        problem: None,
        updated_at: world.now,
    };
    world.jobs = Vec::from_iter(Job::seen_from(&anchored, 99));
    assert_eq!(world.judge().verdict, Verdict::Pending);
    // A chain that holds the block and not the word is no reason to wait.
    world.jobs = Vec::from_iter(Job::seen_from(&anchored, 100));
    assert_eq!(world.judge().verdict, Verdict::Forged);
    // Nor does the word of a job wait for ever.
    world.jobs = Vec::from_iter(Job::seen_from(&anchored, 99));
    world.now = world.now.plus(Duration::from_secs(3601));
    assert_eq!(world.judge().verdict, Verdict::Overdue);
}

#[test]
fn rows_that_the_chain_does_not_know_are_forged() {
    let mut claims = entered();
    claims.evidence.claimed_uid = Some(999);
    assert_eq!(
        (claims.judge().verdict, claims.judge().reason),
        (Verdict::Forged, Reason::UidUnknown)
    );

    let mut zero = entered();
    zero.evidence.claimed_uid = Some(0);
    assert_eq!(zero.judge().verdict, Verdict::Forged);

    let mut anchored = entered();
    let plain = anchored.plain(1);
    anchored.put(1, Draft::FIRST, &plain);
    assert_eq!(
        (anchored.judge().verdict, anchored.judge().reason),
        (Verdict::Forged, Reason::AnchorUnknown)
    );

    let mut keyless = entered();
    keyless.evidence.owner_key = None;
    assert_eq!(said(&keyless.judge()), is(Verdict::Altered, &["owner_key"]));
    keyless.evidence.head = None;
    assert_eq!(
        (keyless.judge().verdict, keyless.judge().reason),
        (Verdict::Forged, Reason::NothingOpens)
    );

    let mut noise = entered();
    for (_, cell) in cells(noise.row(1)) {
        *cell = vec![7; 100];
    }
    assert_eq!(noise.judge().verdict, Verdict::Altered);
    noise.evidence.head = None;
    assert_eq!(
        (noise.judge().verdict, noise.judge().reason),
        (Verdict::Forged, Reason::NothingOpens)
    );

    let mut stray = entered();
    stray.evidence.stray_versions = 1;
    assert_eq!(stray.judge().verdict, Verdict::Forged);
}

#[test]
fn what_is_changed_before_it_is_anchored_is_told_as_well() {
    let mut broken = entered();
    *broken.row(1).values.email.last_mut().unwrap() ^= 1;
    assert_eq!(said(&broken.judge()), is(Verdict::Altered, &["email"]));

    let mut sealed_anew = entered();
    let forged = sealed_anew.plain(1).with("phone", "+442079460019", None);
    sealed_anew.row(1).values.phone = sealed_anew.sealed(1, Draft::FIRST, &forged).phone;
    assert_eq!(said(&sealed_anew.judge()), is(Verdict::Altered, &["phone"]));

    let mut other = World::entered(8, &KeySet::generate(&mut StdRng::seed_from_u64(1)));
    let plain = other.signed(1, "elsewhere");
    other.put(1, Draft::FIRST, &plain);
    let mut swapped = entered();
    swapped
        .row(1)
        .values
        .name
        .clone_from(&other.row(1).values.name);
    assert_eq!(said(&swapped.judge()), is(Verdict::Swapped, &["name"]));
    swapped.evidence.owner_key = other.evidence.owner_key;
    assert_eq!(said(&swapped.judge()), is(Verdict::Swapped, &["owner_key"]));
    swapped.evidence.head = None;
    assert_eq!(
        swapped.judge().reason,
        Reason::NothingOpens,
        "a copy of another record"
    );

    let mut draft = entered();
    let earlier = draft.plain(1);
    let later = draft.sealed(1, Draft::new(1), &earlier);
    let email = std::mem::replace(&mut draft.row(1).values, later).email;
    draft.row(1).consent = None;
    draft.write_head();
    assert_eq!(draft.judge().verdict, Verdict::Pending);
    draft.row(1).values.email = email;
    assert_eq!(said(&draft.judge()), is(Verdict::RolledBack, &["email"]));
}

#[test]
fn a_declined_record_holds_nothing_to_judge() {
    let mut world = entered();
    world.evidence.versions.clear();
    world.evidence.owner_key = None;
    world.now = world.now.plus(Duration::from_secs(1000 * DAY));
    // Somebody else took the values out: the head does not say that their owner declined.
    assert_eq!(said(&world.judge()), is(Verdict::Altered, &["head"]));
    world.write_head_in(RecordState::Declined, version(1), Draft::FIRST);
    assert_eq!(
        (world.judge().verdict, world.judge().reason),
        (Verdict::Pending, Reason::Empty)
    );
    assert_eq!(world.judge_without_row().verdict, Verdict::Pending);
    world.evidence.head.as_mut().unwrap().mac[7] ^= 1;
    assert_eq!(world.judge().reason, Reason::NothingOpens);
}

#[test]
fn what_was_declined_does_not_come_back() {
    let mut world = entered();
    world.write_head_in(RecordState::Declined, version(1), Draft::FIRST);
    assert_eq!(said(&world.judge()), is(Verdict::Altered, &["head"]));
}

#[test]
fn rows_beside_the_cells_are_told_before_the_anchor_too() {
    let mut head = entered();
    head.evidence.head.as_mut().unwrap().record.email_index = [9; 32];
    assert_eq!(said(&head.judge()), is(Verdict::Altered, &["head"]));

    let mut receipt = entered();
    receipt.row(1).consent.as_mut().unwrap().received_at = UnixMillis(1);
    assert_eq!(
        said(&receipt.judge()),
        is(Verdict::Altered, &["consent_receipt"])
    );

    let mut index = entered();
    index.row(1).consent.as_mut().unwrap().nonce_index = [0; 32];
    assert_eq!(said(&index.judge()), is(Verdict::Altered, &["nonce_index"]));

    let parts = ["consent_message", "consent_signature"];
    let mut unsigned = entered();
    unsigned.row(1).consent = None;
    assert_eq!(said(&unsigned.judge()), is(Verdict::Altered, &parts));
    unsigned.write_head();
    assert_eq!(unsigned.judge().verdict, Verdict::Pending);
    unsigned.jobs = vec![job(&unsigned, JobState::Queued)];
    assert_eq!(said(&unsigned.judge()), is(Verdict::Altered, &parts));

    let mut values = entered();
    values.evidence.versions.clear();
    assert_eq!(said(&values.judge()), is(Verdict::Altered, &["head"]));
}

#[test]
fn obstacles_come_before_everything() {
    let mut world = World::anchored(1);
    world.row(1).values.email.clear();
    for obstacle in [
        Obstacle::DatabaseUnreachable,
        Obstacle::ChainUnreachable,
        Obstacle::WrongChain,
        Obstacle::ChainBehind,
        Obstacle::ChainDisagrees,
        Obstacle::EndpointsDisagree,
        Obstacle::ChainForgets,
        Obstacle::DatabaseReadOnly,
        Obstacle::DatabaseRefuses,
        Obstacle::DatabaseInterrupts,
        Obstacle::WrongKeys,
    ] {
        world.obstacle = Some(obstacle);
        let finding = world.judge();
        assert_eq!(
            (finding.verdict, finding.reason),
            (Verdict::Unverifiable, Reason::Obstacle(obstacle))
        );
        assert!(!finding.verdict.is_bad());
    }
}

fn retired(reason: RetirementReason, proven: bool) -> World {
    let mut world = World::anchored(1);
    world.chain.as_mut().unwrap().retired = Some(Retirement {
        reason,
        block: 5,
        evidence: B256::repeat_byte(4),
    });
    world.retirement_is_proven = proven;
    world
}

#[test]
fn retired_records_need_evidence_and_erased_ones_must_be_gone() {
    let withdrawn = retired(RetirementReason::Withdrawn, true);
    assert_eq!(withdrawn.judge().verdict, Verdict::Retired);
    assert_eq!(withdrawn.judge_without_row().verdict, Verdict::Retired);
    assert_eq!(
        retired(RetirementReason::Withdrawn, false).judge().reason,
        Reason::RetirementNotProven
    );

    let mut erased = retired(RetirementReason::Erased, true);
    assert_eq!(
        (erased.judge().verdict, erased.judge().reason),
        (Verdict::RetiredUnproven, Reason::DataLeft)
    );
    erased.is_being_destroyed = true;
    assert_eq!(
        (erased.judge().verdict, erased.judge().reason),
        (Verdict::Retired, Reason::BeingDestroyed)
    );
    erased.retirement_is_proven = false;
    assert_eq!(erased.judge().reason, Reason::RetirementNotProven);
    (erased.is_being_destroyed, erased.retirement_is_proven) = (false, true);
    erased.evidence.versions.clear();
    assert_eq!(
        erased.judge().reason,
        Reason::DataLeft,
        "the key is still there"
    );
    erased.evidence.owner_key = None;
    assert_eq!(erased.judge().verdict, Verdict::Retired);
    assert_eq!(erased.judge_without_row().verdict, Verdict::Retired);
    erased.is_left = true;
    assert_eq!(erased.judge_without_row().reason, Reason::DataLeft);
    erased.is_left = false;
    erased.retirement_is_proven = false;
    assert_eq!(
        erased.judge_without_row().reason,
        Reason::RetirementNotProven
    );
}

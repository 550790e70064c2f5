//! A further version on its way beside the one that is anchored.

use database::anchoring_jobs::JobState;
use database::records::RecordState;
use record::ids::{Draft, Uid};

use super::{super::*, world::*};

const CONSENT: [&str; 2] = ["consent_message", "consent_signature"];

/// An anchored record with a signed correction beside it, which nobody has approved yet.
fn signed() -> World {
    let mut world = World::anchored(1);
    let plain = world.signed(2, "10 Elm Road");
    world.put(2, Draft::FIRST, &plain);
    world.row(2).values.anchor = None;
    world.write_head();
    world.jobs = vec![job(&world, 1, JobState::Anchored)];
    world
}

/// The same before it was signed.
fn unsigned() -> World {
    let mut world = signed();
    world.row(2).consent = None;
    world.write_head();
    world
}

/// The same when staff have approved it, and its job has come this far.
fn approved(state: JobState) -> World {
    let mut world = signed();
    world.write_head_in(RecordState::Approved, version(2), Draft::FIRST);
    let job = job(&world, 2, state);
    world.jobs.push(job);
    world
}

fn job(world: &World, number: u32, state: JobState) -> Job {
    let is_planned = !matches!(state, JobState::Queued);
    Job {
        version: version(number),
        uid: Uid::new(7).filter(|_| is_planned),
        state,
        approved_at: world.now,
    }
}

/// To who reads the chain some blocks behind entry-app, it holds nothing of the record yet.
fn before_its_first_block(mut world: World) -> World {
    world.chain = None;
    world.jobs[0].state = JobState::Mined;
    world
}

#[test]
fn a_correction_on_its_way_leaves_the_record_valid() {
    assert_eq!(said(&unsigned().judge()), is(Verdict::Valid, &[]));
    assert_eq!(said(&signed().judge()), is(Verdict::Valid, &[]));
    for state in [
        JobState::Queued,
        JobState::Planned,
        JobState::Sent,
        JobState::Mined,
        JobState::Rejected,
    ] {
        let world = approved(state);
        assert_eq!(said(&world.judge()), is(Verdict::Valid, &[]), "{state}");
    }
}

#[test]
fn its_anchor_cell_stands_only_while_its_own_job_is_in_flight() {
    let with_cell = |state| {
        let mut world = approved(state);
        let plain = world.plain(2);
        world.put(2, Draft::FIRST, &plain);
        world
    };
    assert_eq!(with_cell(JobState::Mined).judge().verdict, Verdict::Valid);
    let queued = with_cell(JobState::Queued).judge();
    assert_eq!(
        (queued.verdict, queued.reason),
        (Verdict::Forged, Reason::VersionUnknown)
    );
}

#[test]
fn its_consent_is_missed_as_that_of_a_first_version_is() {
    let mut gone = signed();
    gone.row(2).consent = None;
    assert_eq!(said(&gone.judge()), is(Verdict::Altered, &CONSENT));
    assert_eq!(gone.judge().version, Some(version(2)));
    for state in [JobState::Queued, JobState::Sent] {
        let mut gone = approved(state);
        gone.row(2).consent = None;
        assert_eq!(said(&gone.judge()), is(Verdict::Altered, &CONSENT));
        // The job tells it where the head was put back as well.
        gone.write_head();
        assert_eq!(said(&gone.judge()), is(Verdict::Altered, &CONSENT));
    }
}

#[test]
fn a_refused_correction_that_was_given_up_leaves_only_its_job() {
    let mut given_up = World::anchored(1);
    given_up.jobs = vec![
        job(&given_up, 1, JobState::Anchored),
        job(&given_up, 2, JobState::Rejected),
    ];
    assert_eq!(said(&given_up.judge()), is(Verdict::Valid, &[]));
    given_up.evidence.claimed_uid = None;
    assert_eq!(said(&given_up.judge()), is(Verdict::Altered, &["uid"]));

    let mut begun_anew = unsigned();
    let refused = job(&begun_anew, 2, JobState::Rejected);
    begun_anew.jobs.push(refused);
    assert_eq!(said(&begun_anew.judge()), is(Verdict::Valid, &[]));
    begun_anew.write_head_in(RecordState::Consented, version(2), Draft::FIRST);
    assert_eq!(said(&begun_anew.judge()), is(Verdict::Altered, &CONSENT));
}

#[test]
fn a_uid_is_missed_while_a_correction_is_in_flight() {
    let mut world = approved(JobState::Sent);
    world.evidence.claimed_uid = None;
    assert_eq!(said(&world.judge()), is(Verdict::Altered, &["uid"]));
    world.write_head_in(RecordState::Approved, version(2), Draft::FIRST);
    assert_eq!(said(&world.judge()), is(Verdict::Altered, &["uid"]));
}

#[test]
fn a_correction_that_begins_before_we_see_the_record_on_the_chain_waits_with_it() {
    let mut in_between = vec![unsigned(), signed()];
    in_between.extend([JobState::Queued, JobState::Sent].map(approved));
    for world in in_between {
        let jobs = world.jobs.len();
        let waits = before_its_first_block(world).judge();
        assert_eq!(
            (waits.verdict, waits.reason),
            (Verdict::Pending, Reason::AwaitsAnchor),
            "{jobs} jobs"
        );
    }
}

#[test]
fn what_is_wrong_with_it_is_told_all_the_same() {
    let mut gone = before_its_first_block(signed());
    gone.row(2).consent = None;
    assert_eq!(said(&gone.judge()), is(Verdict::Altered, &CONSENT));

    let mut first_gone = before_its_first_block(unsigned());
    first_gone.row(1).consent = None;
    assert_eq!(said(&first_gone.judge()), is(Verdict::Altered, &CONSENT));

    let mut cell = before_its_first_block(approved(JobState::Queued));
    let plain = cell.plain(2);
    cell.put(2, Draft::FIRST, &plain);
    assert_eq!(
        (cell.judge().verdict, cell.judge().reason),
        (Verdict::Forged, Reason::AnchorUnknown),
        "the first job speaks for the first version alone"
    );

    let mut never_anchored = before_its_first_block(unsigned());
    never_anchored.jobs.clear();
    assert_eq!(never_anchored.judge().verdict, Verdict::Forged);
}

//! Rounds shared by several workers, and what somebody with a SQL prompt can do to them.

use database::records_view;
use database::sweep_parts::{self, Choice, PART, SweepPart};
use database::sweep_rounds::{self, SweepRound};
use database::verifications::{self, Subject, VerdictKind};
use record::ids::Uid;
use record::time::UnixMillis;
use sqlx::MySqlConnection;

use crate::stage::{MINUTE, NOW, Stage};
use crate::verdicts::{round, verdict};

const ONE: [u8; 16] = [1; 16];
const OTHER: [u8; 16] = [2; 16];

/// Three parts of UIDs, and the rows that the chain does not know.
const UIDS: u64 = 2 * PART + 10;

fn uid(number: u64) -> Uid {
    Uid::new(number).unwrap()
}

async fn begun(stage: &Stage, connection: &mut MySqlConnection, last_uid: u64) -> SweepRound {
    let round = sweep_rounds::start(connection, &stage.keys, &round(last_uid))
        .await
        .unwrap();
    let plan = SweepPart::all_of(&round);
    sweep_parts::put(connection, &stage.keys, &round, &plan)
        .await
        .unwrap();
    round
}

async fn claimed(
    stage: &Stage,
    round: &SweepRound,
    holder: &[u8; 16],
    preferred: &[u32],
    now: UnixMillis,
) -> Option<SweepPart> {
    let choice = Choice {
        preferred,
        ..Choice::default()
    };
    chosen(stage, round, holder, choice, now).await
}

async fn chosen(
    stage: &Stage,
    round: &SweepRound,
    holder: &[u8; 16],
    choice: Choice<'_>,
    now: UnixMillis,
) -> Option<SweepPart> {
    let mut connection = stage.connection().await;
    let (keys, times) = (&stage.keys, (now, now.plus(MINUTE)));
    sweep_parts::claim(&mut connection, keys, round, holder, choice, times)
        .await
        .unwrap()
}

async fn handed_in(stage: &Stage, round: &SweepRound, part: &SweepPart, now: UnixMillis) -> bool {
    let mut connection = stage.connection().await;
    let done = SweepPart {
        finished_at: Some(now),
        ..part.clone()
    };
    sweep_parts::finish(&mut connection, &stage.keys, round, &done, now)
        .await
        .unwrap()
}

#[tokio::test]
async fn every_part_is_claimed_once_and_taken_over_from_who_is_gone() {
    let stage = Stage::new().await;
    let mut connection = stage.connection().await;
    let round = begun(&stage, &mut connection, UIDS).await;
    let spans: Vec<_> = SweepPart::all_of(&round)
        .iter()
        .map(|part| part.uids)
        .collect();
    assert_eq!(
        spans,
        [
            Some((uid(1), uid(PART))),
            Some((uid(PART + 1), uid(2 * PART))),
            Some((uid(2 * PART + 1), uid(UIDS))),
            None
        ]
    );
    let first = claimed(&stage, &round, &ONE, &[2], NOW).await.unwrap();
    assert_eq!(first.number, 2, "what it had before comes first");
    let both = tokio::join!(
        claimed(&stage, &round, &OTHER, &[], NOW),
        claimed(&stage, &round, &[3; 16], &[], NOW),
    );
    let mut numbers = [both.0.unwrap().number, both.1.unwrap().number];
    numbers.sort_unstable();
    assert_eq!(numbers, [0, 1], "nobody gets what another has");
    let last = claimed(&stage, &round, &[4; 16], &[], NOW).await.unwrap();
    assert_eq!(last.number, 3);
    assert_eq!(claimed(&stage, &round, &[5; 16], &[], NOW).await, None);
    let active = sweep_parts::newest_activity(&mut connection, &stage.keys, &round).await;
    assert_eq!(active.unwrap(), NOW.plus(MINUTE), "the claims end then");
    let longer = "UPDATE sweep_parts SET lease_until = lease_until * 2 WHERE number = 3";
    stage.sql(longer).await;
    let active = sweep_parts::newest_activity(&mut connection, &stage.keys, &round).await;
    assert_eq!(
        active.unwrap(),
        NOW.plus(MINUTE),
        "what is not ours says nothing"
    );
    stage.sql(&longer.replace('*', "/")).await;
    let choice = Choice {
        done: &[2],
        ..Choice::default()
    };
    let other = chosen(&stage, &round, &ONE, choice, NOW).await;
    assert_eq!(other, None, "what is done is not claimed again");
    let again = claimed(&stage, &round, &ONE, &[], NOW).await;
    assert_eq!(
        again.map(|part| part.number),
        Some(2),
        "its own is left over"
    );

    let late = NOW.plus(2 * MINUTE);
    let taken = claimed(&stage, &round, &OTHER, &[2], late).await.unwrap();
    assert_eq!((taken.number, taken.started_at), (2, Some(late)));
    let kept = sweep_parts::renew(&mut connection, &stage.keys, &round, &first, late).await;
    assert!(!kept.unwrap(), "who was too slow stops");
    assert!(!handed_in(&stage, &round, &first, late).await);
    assert!(handed_in(&stage, &round, &taken, late).await);
    assert!(!handed_in(&stage, &round, &first, late).await, "it is done");
    sweep_parts::release(&mut connection, &stage.keys, &round, &[4; 16])
        .await
        .unwrap();
    let next = claimed(&stage, &round, &[5; 16], &[3], NOW).await;
    assert_eq!(next.map(|part| part.number), Some(3), "given back");
}

#[tokio::test]
async fn rows_that_are_not_ours_count_for_nothing() {
    let stage = Stage::new().await;
    let mut connection = stage.connection().await;
    let round = begun(&stage, &mut connection, UIDS).await;
    let valid = async |connection: &mut MySqlConnection| {
        sweep_parts::of_round(connection, &stage.keys, &round)
            .await
            .unwrap()
            .into_keys()
            .collect::<Vec<u32>>()
    };
    let part = claimed(&stage, &round, &ONE, &[0], NOW).await.unwrap();
    assert!(handed_in(&stage, &round, &part, NOW).await);
    stage
        .sql("UPDATE sweep_parts SET finished_at = 5 WHERE number = 1")
        .await;
    stage.sql("DELETE FROM sweep_parts WHERE number = 2").await;
    // The finished row of another round under the number of this one.
    let other = SweepRound {
        started_at: NOW.plus(MINUTE),
        ..begun(&stage, &mut connection, UIDS).await
    };
    stage
        .sql(&format!(
            "UPDATE sweep_parts AS here JOIN sweep_parts AS there ON there.round_id = {} AND there.number = 0
             SET here.finished_at = there.finished_at, here.mac = there.mac
             WHERE here.round_id = {} AND here.number = 3",
            round.id, round.id
        ))
        .await;
    assert_eq!(valid(&mut connection).await, [0]);
    let elsewhere = sweep_parts::of_round(&mut connection, &stage.keys, &other).await;
    assert!(elsewhere.unwrap().is_empty(), "its beginning is another");
    // What was planted and is free is made ours again by who claims it.
    stage
        .sql("UPDATE sweep_parts SET finished_at = NULL WHERE number = 1")
        .await;
    let again = claimed(&stage, &round, &ONE, &[1], NOW).await.unwrap();
    assert_eq!(again.uids, Some((uid(PART + 1), uid(2 * PART))));
    assert_eq!(valid(&mut connection).await, [0, 1]);
}

/// What a button found after a part goes when the next part is handed in. Who asks meanwhile reads both or neither, and not the old
/// part's word without the row that came after it.
#[tokio::test]
async fn a_verdict_is_of_one_moment() {
    const TURNS: u32 = 40;
    let stage = Stage::new().await;
    let (keys, subject) = (&stage.keys, Subject::uid(uid(5)));
    let mut connection = stage.connection().await;
    for turn in 0..TURNS {
        let at = |minutes| NOW.plus((turn * 10 + minutes) * MINUTE);
        let round = begun(&stage, &mut connection, 10).await;
        let mut part = claimed(&stage, &round, &ONE, &[], at(0)).await.unwrap();
        part.exceptions.set(subject, VerdictKind::Altered);
        assert!(handed_in(&stage, &round, &part, at(1)).await);
        let mut valid = verdict(subject, None, VerdictKind::Valid);
        (valid.checked_at, valid.round_id) = (at(2), None);
        verifications::upsert(&mut connection, keys, &valid)
            .await
            .unwrap();
        let round = begun(&stage, &mut connection, 10).await;
        let part = claimed(&stage, &round, &ONE, &[], at(3)).await.unwrap();
        let reading = async {
            let mut connection = stage.connection().await;
            for _ in 0..10 {
                let standing = records_view::standing(&mut connection, keys, uid(5)).await;
                let verdict = standing.unwrap().verification.map(|one| one.verdict);
                assert_eq!(verdict, Some(VerdictKind::Valid), "turn {turn}");
                let altered = [VerdictKind::Altered];
                let altered = records_view::verified(&mut connection, keys, &altered, None, 9);
                assert!(altered.await.unwrap().rows.is_empty(), "turn {turn}");
                let counts = records_view::verdict_counts(&mut connection, keys).await;
                let all = [(VerdictKind::Valid, 10)];
                assert_eq!(counts.unwrap(), all.into(), "turn {turn}");
            }
        };
        let (handed_in, ()) = tokio::join!(handed_in(&stage, &round, &part, at(4)), reading);
        assert!(handed_in);
    }
}

#[tokio::test]
async fn a_verdict_is_its_newer_row_or_what_the_part_says() {
    let stage = Stage::new().await;
    let mut connection = stage.connection().await;
    let keys = &stage.keys;
    let of = async |connection: &mut MySqlConnection, number| {
        let standing = records_view::standing(connection, keys, uid(number)).await;
        standing.unwrap().verification.map(|one| one.verdict)
    };
    let subject = Subject::uid(uid(5));
    let stale = verdict(Subject::uid(uid(7)), None, VerdictKind::Altered);
    verifications::upsert(&mut connection, keys, &stale)
        .await
        .unwrap();
    assert_eq!(of(&mut connection, 7).await, Some(VerdictKind::Altered));
    assert_eq!(of(&mut connection, 5).await, None);

    let (begun_at, ended_at) = (NOW.plus(MINUTE), NOW.plus(2 * MINUTE));
    let round = begun(&stage, &mut connection, 10).await;
    let mut part = claimed(&stage, &round, &ONE, &[], begun_at).await.unwrap();
    part.exceptions.set(subject, VerdictKind::Missing);
    let mut missing = verdict(subject, None, VerdictKind::Missing);
    missing.checked_at = begun_at;
    verifications::upsert(&mut connection, keys, &missing)
        .await
        .unwrap();
    assert!(handed_in(&stage, &round, &part, ended_at).await);
    assert_eq!(of(&mut connection, 5).await, Some(VerdictKind::Missing));
    assert_eq!(of(&mut connection, 6).await, Some(VerdictKind::Valid));
    assert_eq!(
        of(&mut connection, 7).await,
        Some(VerdictKind::Valid),
        "looked at since"
    );
    assert_eq!(of(&mut connection, 11).await, None, "not covered");
    let counts = records_view::verdict_counts(&mut connection, keys);
    let expected = [(VerdictKind::Valid, 9), (VerdictKind::Missing, 1)];
    assert_eq!(counts.await.unwrap(), expected.into());

    stage.sql("DELETE FROM verifications").await;
    assert_eq!(
        of(&mut connection, 5).await,
        Some(VerdictKind::Missing),
        "what was deleted is not valid"
    );
    let bad = records_view::verified(&mut connection, keys, &[VerdictKind::Missing], None, 9);
    assert_eq!(bad.await.unwrap().rows.len(), 1);
    let valid = records_view::verified(&mut connection, keys, &[VerdictKind::Valid], None, 4);
    let valid = valid.await.unwrap();
    let uids: Vec<String> = valid
        .rows
        .iter()
        .map(|line| line.subject.to_string())
        .collect();
    assert_eq!(uids, ["10", "9", "8", "7"]);
    // A button has looked since.
    let mut newer = verdict(subject, None, VerdictKind::Valid);
    newer.checked_at = ended_at;
    verifications::upsert(&mut connection, keys, &newer)
        .await
        .unwrap();
    assert_eq!(of(&mut connection, 5).await, Some(VerdictKind::Valid));
    // A part that somebody wrote says nothing; the row of before does.
    stage.sql("UPDATE sweep_parts SET exceptions = ''").await;
    assert_eq!(of(&mut connection, 6).await, None);
    assert_eq!(of(&mut connection, 5).await, Some(VerdictKind::Valid));
}

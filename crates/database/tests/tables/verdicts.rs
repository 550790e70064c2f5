use database::operations_alarms::{self, AlarmKind};
use database::records_view;
use database::sweep_rounds::{self, RoundKind, SweepRound};
use database::verifications::{self, Source, Subject, VerdictCounts, VerdictKind, Verification};
use record::B256;
use record::ids::{RecordId, Uid};

use crate::stage::{MINUTE, NOW, Stage};

pub fn verdict(
    subject: Subject,
    record_id: Option<RecordId>,
    verdict: VerdictKind,
) -> Verification {
    Verification {
        subject,
        uid: subject.as_uid(),
        record_id,
        verdict,
        fields: vec!["email".to_owned(), "phone".to_owned()],
        proof_expected: Some(B256::repeat_byte(1)),
        proof_found: None,
        source: Source::Sweep,
        round_id: Some(3),
        checked_at: NOW,
    }
}

/// One over the UIDs from 1 to this one.
pub fn round(last_uid: u64) -> SweepRound {
    SweepRound {
        id: 0,
        kind: RoundKind::Shared,
        block_number: 77,
        block_hash: B256::repeat_byte(7),
        last_uid,
        started_at: NOW,
        finished_at: None,
        total: last_uid,
        checked: 0,
        bad: 0,
        verdicts: VerdictCounts::new(),
        problem: None,
    }
}

#[test]
fn a_planted_id_is_not_taken_for_a_uid() {
    let uid = Uid::new(5).unwrap();
    assert_eq!(Subject::uid(uid).as_uid(), Some(uid));
    let planted = RecordId::from_bytes(*Subject::uid(uid).as_bytes());
    assert_ne!(Subject::row(planted), Subject::uid(uid));
    assert_eq!(Subject::row(planted).as_uid(), None);
    for subject in [
        Subject::uid(uid),
        Subject::row(RecordId::random(&mut rand::rng())),
    ] {
        assert_eq!(subject.to_string().parse::<Subject>().unwrap(), subject);
    }
}

#[tokio::test]
async fn the_newest_verdict_stands_and_takes_the_place_of_the_rows_own() {
    let stage = Stage::new().await;
    let mut connection = stage.connection().await;
    let id = RecordId::random(&mut rand::rng());
    let pending = verdict(Subject::row(id), Some(id), VerdictKind::Pending);
    verifications::upsert(&mut connection, &stage.keys, &pending)
        .await
        .unwrap();
    let loaded = verifications::load(&mut connection, &stage.keys, pending.subject)
        .await
        .unwrap();
    assert_eq!(loaded, Some(pending.clone()));

    let subject = Subject::uid(Uid::new(5).unwrap());
    for kind in VerdictKind::ALL {
        let mut newer = verdict(subject, Some(id), *kind);
        newer
            .fields
            .truncate(usize::from(*kind == VerdictKind::Altered));
        newer.proof_found = Some(B256::repeat_byte(2));
        verifications::upsert(&mut connection, &stage.keys, &newer)
            .await
            .unwrap();
        let loaded = verifications::load(&mut connection, &stage.keys, subject)
            .await
            .unwrap();
        assert_eq!(loaded, Some(newer));
    }
    let old = verifications::load(&mut connection, &stage.keys, pending.subject)
        .await
        .unwrap();
    assert_eq!(old, None, "once the chain knows it, the UID is the subject");
    let counts = records_view::verdict_counts(&mut connection, &stage.keys)
        .await
        .unwrap();
    assert_eq!(
        counts.into_iter().collect::<Vec<_>>(),
        [(VerdictKind::Unverifiable, 1)]
    );

    // A forged row that was taken out again leaves a verdict about nothing.
    let forged = verdict(Subject::row(id), Some(id), VerdictKind::Forged);
    verifications::upsert(&mut connection, &stage.keys, &forged)
        .await
        .unwrap();
    let orphans = verifications::without_subject(&mut connection, 10)
        .await
        .unwrap();
    assert_eq!(orphans, [forged.subject]);
    verifications::remove(&mut connection, forged.subject)
        .await
        .unwrap();
    assert!(
        verifications::without_subject(&mut connection, 10)
            .await
            .unwrap()
            .is_empty()
    );
}

#[tokio::test]
async fn a_round_tells_its_progress() {
    let stage = Stage::new().await;
    let mut connection = stage.connection().await;
    let newest = sweep_rounds::newest(&mut connection, &stage.keys).await;
    assert_eq!(newest.unwrap(), []);
    let mut first = sweep_rounds::start(&mut connection, &stage.keys, &round(10))
        .await
        .unwrap();
    first.checked = 10;
    first.bad = 2;
    first.verdicts = [(VerdictKind::Valid, 8), (VerdictKind::Altered, 2)].into();
    first.finished_at = Some(NOW.plus(MINUTE));
    assert!(
        sweep_rounds::finish(&mut connection, &stage.keys, &first)
            .await
            .unwrap()
    );
    let again = sweep_rounds::finish(&mut connection, &stage.keys, &first).await;
    assert!(!again.unwrap(), "who comes second ends nothing");
    let mut second = sweep_rounds::start(&mut connection, &stage.keys, &round(10))
        .await
        .unwrap();
    second.problem = Some("chain_unreachable".to_owned());
    second.finished_at = Some(NOW.plus(MINUTE));
    sweep_rounds::put(&mut connection, &stage.keys, &second)
        .await
        .unwrap();
    // Rows that somebody else wrote hide none of ours, however many.
    for id in 0..30 {
        sqlx::query(
            "INSERT INTO sweep_rounds SELECT ?, kind, block_number, block_hash, last_uid, started_at, finished_at, total,
                                             checked, bad, verdicts, problem, mac
             FROM sweep_rounds ORDER BY id LIMIT 1",
        )
        .bind(u64::MAX - id)
        .execute(&mut *connection)
        .await
        .unwrap();
    }
    let newest = sweep_rounds::newest(&mut connection, &stage.keys).await;
    assert_eq!(newest.unwrap(), [second.clone(), first]);
}

#[tokio::test]
async fn an_alarm_lasts_until_it_is_cleared() {
    let stage = Stage::new().await;
    let mut connection = stage.connection().await;
    for minute in 0..3_u32 {
        operations_alarms::raise(
            &mut connection,
            AlarmKind::ChainUnreachable,
            NOW.plus(minute * MINUTE),
        )
        .await
        .unwrap();
    }
    operations_alarms::raise(&mut connection, AlarmKind::RowTampered, NOW.plus(MINUTE))
        .await
        .unwrap();
    stage
        .sql("INSERT INTO operations_alarms VALUES ('what_is_this', 0, 0)")
        .await;
    let alarms = operations_alarms::all(&mut connection).await.unwrap();
    let told: Vec<_> = alarms
        .iter()
        .map(|alarm| (alarm.kind, alarm.since, alarm.last_seen_at))
        .collect();
    assert_eq!(
        told,
        [
            (AlarmKind::ChainUnreachable, NOW, NOW.plus(2 * MINUTE)),
            (AlarmKind::RowTampered, NOW.plus(MINUTE), NOW.plus(MINUTE)),
        ]
    );
    assert!(
        operations_alarms::clear(&mut connection, AlarmKind::ChainUnreachable)
            .await
            .unwrap()
    );
    assert!(
        !operations_alarms::clear(&mut connection, AlarmKind::ChainUnreachable)
            .await
            .unwrap()
    );
}

#[tokio::test]
async fn an_alarm_that_a_clock_far_ahead_noticed_has_lasted_since_now() {
    let stage = Stage::new().await;
    let mut connection = stage.connection().await;
    for (at, since) in [
        (NOW.plus(60 * MINUTE), NOW.plus(60 * MINUTE)),
        (NOW, NOW),
        // Another process whose clock is a little behind changes nothing.
        (NOW.minus(MINUTE), NOW),
    ] {
        let kind = AlarmKind::ClockOff;
        operations_alarms::raise(&mut connection, kind, at)
            .await
            .unwrap();
        let alarms = operations_alarms::all(&mut connection).await.unwrap();
        assert_eq!(alarms[0].since, since);
    }
}

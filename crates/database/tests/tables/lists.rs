use std::collections::BTreeSet;

use database::records::RecordState;
use database::records_view::{self, Cursor, Search};
use database::verifications::{self, Subject, VerdictKind};
use database::{incident_findings, incidents, index, page_before, records};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use record::ids::{RecordId, Uid};
use record::time::UnixMillis;

use crate::backups::anchored;
use crate::stage::{NOW, PERSON, Stage, wallet};
use crate::verdicts::verdict;

/// Many records share a millisecond, so that the id has to decide.
fn rows() -> impl Strategy<Value = (Vec<(u64, bool)>, u32)> {
    (
        prop::collection::vec((0..4_u64, any::<bool>()), 0..40),
        1..9_u32,
    )
}

async fn fill(stage: &Stage, rows: &[(u64, bool)]) -> Vec<(UnixMillis, RecordId, bool)> {
    let mut connection = stage.connection().await;
    stage.sql("DELETE FROM records").await;
    let mut entered = Vec::new();
    for (millis, declined) in rows {
        let now = UnixMillis(NOW.0 + millis);
        let new = stage.new_record("a@example.org", &wallet());
        records::insert(&mut connection, &stage.front, &new, now)
            .await
            .unwrap();
        if *declined {
            let (from, to) = (RecordState::AwaitingConsent, RecordState::Declined);
            records::change_state(&mut connection, &stage.front, new.id, from, to, now)
                .await
                .unwrap();
        }
        entered.push((now, new.id, *declined));
    }
    entered.sort();
    entered.reverse();
    entered
}

async fn all_pages(stage: &Stage, state: Option<RecordState>, limit: u32) -> Vec<RecordId> {
    let mut connection = stage.connection().await;
    let mut listed = Vec::new();
    let mut after: Option<Cursor> = None;
    loop {
        let page = records_view::list(&mut connection, &stage.front, state, after, limit)
            .await
            .unwrap();
        assert!(page.rows.len() <= usize::try_from(limit).unwrap());
        listed.extend(page.rows.iter().map(|row| row.id));
        let Some(next) = page.next else { return listed };
        after = Some(next.to_string().parse().unwrap());
    }
}

/// From the oldest record to the newest.
async fn all_pages_backwards(
    stage: &Stage,
    state: Option<RecordState>,
    limit: u32,
) -> Vec<RecordId> {
    let mut connection = stage.connection().await;
    let newest_first = all_pages(stage, state, limit).await;
    let start = records_view::list(&mut connection, &stage.front, state, None, u32::MAX)
        .await
        .unwrap();
    let Some(oldest) = newest_first.last() else {
        return newest_first;
    };
    // A cursor that only the oldest record is behind.
    let last = &start.rows[start.rows.len() - 1];
    assert_eq!(last.id, *oldest);
    let created_at = last.record.as_ref().unwrap().created_at;
    let mut before: Cursor = format!("{created_at}-{oldest}").parse().unwrap();
    let mut listed = vec![*oldest];
    loop {
        let (page, is_more) =
            records_view::list_before(&mut connection, &stage.front, state, before, limit)
                .await
                .unwrap();
        listed.extend(page.rows.iter().rev().map(|row| row.id));
        let Some(first) = page.first.filter(|_| is_more) else {
            return listed;
        };
        before = first.to_string().parse().unwrap();
    }
}

#[test]
fn pages_have_no_gaps_and_no_doubles() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let stage = runtime.block_on(Stage::new());
    let config = Config {
        cases: 24,
        failure_persistence: None,
        ..Config::default()
    };
    let tested = TestRunner::new(config).run(&rows(), |(rows, limit)| {
        runtime.block_on(async {
            let entered = fill(&stage, &rows).await;
            let all: Vec<RecordId> = entered.iter().map(|row| row.1).collect();
            prop_assert_eq!(&all_pages(&stage, None, limit).await, &all);
            let mut back = all_pages_backwards(&stage, None, limit).await;
            back.reverse();
            prop_assert_eq!(back, all);
            let declined: Vec<RecordId> = entered
                .iter()
                .filter(|row| row.2)
                .map(|row| row.1)
                .collect();
            prop_assert_eq!(
                all_pages(&stage, Some(RecordState::Declined), limit).await,
                declined
            );
            Ok(())
        })
    });
    tested.unwrap();
    // Before the runtime that its connections belong to.
    drop(stage);
}

#[tokio::test]
async fn a_page_survives_rows_that_come_and_go_in_between() {
    let stage = Stage::new().await;
    let mut connection = stage.connection().await;
    let entered = fill(&stage, &[(0, false); 6]).await;
    let first = records_view::list(&mut connection, &stage.front, None, None, 3)
        .await
        .unwrap();
    stage.enter(&mut connection, UnixMillis(NOW.0 + 50)).await;
    stage
        .sql(&format!(
            "DELETE FROM records WHERE id = UNHEX('{}')",
            entered[2].1
        ))
        .await;
    let second = records_view::list(&mut connection, &stage.front, None, first.next, 9)
        .await
        .unwrap();
    let ids: Vec<RecordId> = second.rows.iter().map(|row| row.id).collect();
    assert_eq!(
        ids,
        entered[3..].iter().map(|row| row.1).collect::<Vec<_>>()
    );
    assert_eq!(second.next, None);
}

#[tokio::test]
async fn a_tampered_row_keeps_its_place_and_its_name() {
    let stage = Stage::new().await;
    let mut connection = stage.connection().await;
    let person = stage.enter(&mut connection, NOW).await;
    stage.enter(&mut connection, NOW).await;
    let id = person.record.id;
    stage
        .sql(&format!(
            "UPDATE records SET state = 'approved' WHERE id = UNHEX('{id}')"
        ))
        .await;
    let page = records_view::list(&mut connection, &stage.front, None, None, 9)
        .await
        .unwrap();
    assert_eq!(page.rows.len(), 2);
    let row = page.rows.iter().find(|row| row.id == id).unwrap();
    assert!(row.record.is_none());
    assert_eq!(row.open_name(&stage.keys).unwrap().as_str(), PERSON[3].1);
    stage.sql("UPDATE records SET state = 'what'").await;
    let page = records_view::list(&mut connection, &stage.front, None, None, 9)
        .await
        .unwrap();
    assert_eq!(
        page.rows.iter().filter(|row| row.record.is_none()).count(),
        2
    );
    assert!(
        records_view::counts(&mut connection)
            .await
            .unwrap()
            .is_empty()
    );
}

#[tokio::test]
async fn records_are_found_by_wallet_and_by_email_in_any_case() {
    let stage = Stage::new().await;
    let mut connection = stage.connection().await;
    let owner = wallet();
    let new = stage.new_record("Ann@Example.org", &owner);
    records::insert(&mut connection, &stage.front, &new, NOW)
        .await
        .unwrap();
    stage.enter(&mut connection, NOW).await;
    for search in [
        Search::Wallet(index::wallet(stage.keys.index(), &owner)),
        Search::Email(index::email(stage.keys.index(), "ann@example.ORG ")),
    ] {
        let found = records_view::find(&mut connection, &stage.front, search, 9)
            .await
            .unwrap();
        assert_eq!(found.iter().map(|row| row.id).collect::<Vec<_>>(), [new.id]);
        assert!(
            found[0].open_name(&stage.keys).is_none(),
            "it has no values yet"
        );
    }
    let nobody = Search::Wallet(index::wallet(stage.keys.index(), &wallet()));
    assert!(
        records_view::find(&mut connection, &stage.front, nobody, 9)
            .await
            .unwrap()
            .is_empty()
    );
    let counts = records_view::counts(&mut connection).await.unwrap();
    assert_eq!(
        counts.into_iter().collect::<Vec<_>>(),
        [(RecordState::AwaitingConsent, 2)]
    );
}

#[tokio::test]
async fn the_grid_shows_missing_forged_and_waiting_rows() {
    let stage = Stage::new().await;
    let mut people = Vec::new();
    for number in 1..=4 {
        let (person, _) = anchored(&stage, number).await;
        people.push(person.record.id);
    }
    let mut connection = stage.connection().await;
    for (number, id) in (1..=4).zip(&people) {
        let kind = if number == 2 {
            VerdictKind::Altered
        } else {
            VerdictKind::Valid
        };
        let uid = Subject::uid(Uid::new(number).unwrap());
        verifications::upsert(&mut connection, &stage.keys, &verdict(uid, Some(*id), kind))
            .await
            .unwrap();
    }
    // UID 3 is deleted, and nobody knows its record's id any more.
    stage.sql("DELETE FROM records WHERE uid = 3").await;
    let missing = verdict(
        Subject::uid(Uid::new(3).unwrap()),
        None,
        VerdictKind::Missing,
    );
    verifications::upsert(&mut connection, &stage.keys, &missing)
        .await
        .unwrap();
    let waiting = stage.enter(&mut connection, NOW).await.record.id;
    let pending = verdict(Subject::row(waiting), Some(waiting), VerdictKind::Pending);
    verifications::upsert(&mut connection, &stage.keys, &pending)
        .await
        .unwrap();
    let fresh = stage.enter(&mut connection, NOW).await.record.id;

    let mut shown = Vec::new();
    let mut after = None;
    loop {
        let page = records_view::verified(&mut connection, &stage.keys, &[], after, 2)
            .await
            .unwrap();
        shown.extend(page.rows);
        let Some(next) = page.next else { break };
        after = Some(next);
    }
    let subjects: Vec<String> = shown.iter().map(|line| line.subject.to_string()).collect();
    assert_eq!(
        subjects,
        [
            waiting.to_string(),
            "4".into(),
            "3".into(),
            "2".into(),
            "1".into()
        ]
    );
    let rows: Vec<Option<RecordId>> = shown
        .iter()
        .map(|line| line.row.as_ref().map(|row| row.id))
        .collect();
    assert_eq!(
        rows,
        [
            Some(waiting),
            Some(people[3]),
            None,
            Some(people[1]),
            Some(people[0])
        ]
    );
    assert_eq!(
        shown[3]
            .row
            .as_ref()
            .unwrap()
            .open_name(&stage.keys)
            .unwrap()
            .as_str(),
        PERSON[3].1
    );

    let wanted = [VerdictKind::Altered, VerdictKind::Missing];
    let bad = records_view::verified(&mut connection, &stage.keys, &wanted, None, 9)
        .await
        .unwrap();
    let bad: BTreeSet<String> = bad
        .rows
        .iter()
        .map(|line| line.subject.to_string())
        .collect();
    assert_eq!(bad, ["2".to_owned(), "3".to_owned()].into());

    let unseen = records_view::not_yet_verified(&mut connection, &stage.keys, 50)
        .await
        .unwrap();
    let unseen: Vec<RecordId> = unseen
        .iter()
        .map(|line| line.row.as_ref().unwrap().id)
        .collect();
    assert_eq!(unseen, [fresh]);

    // A verdict that somebody writes stands there as theirs.
    stage
        .sql("UPDATE verifications SET verdict = 'valid' WHERE verdict = 'altered'")
        .await;
    let uid_2 = Subject::uid(Uid::new(2).unwrap());
    let line = records_view::verified_one(&mut connection, &stage.keys, uid_2)
        .await
        .unwrap()
        .unwrap();
    assert!(line.verdict_is_tampered && line.verification.is_none());
    assert_eq!(
        line.row.unwrap().id,
        people[1],
        "found by the UID that the row claims"
    );
    let search = Search::Email(index::email(stage.keys.index(), PERSON[2].1));
    let found = records_view::find_verified(&mut connection, &stage.keys, search, 9)
        .await
        .unwrap();
    assert_eq!(found.len(), 5);
    assert_eq!(
        found
            .iter()
            .filter(|line| line.verification.is_none())
            .count(),
        2
    );
    let unknown = Subject::uid(Uid::new(77).unwrap());
    assert!(
        records_view::verified_one(&mut connection, &stage.keys, unknown)
            .await
            .unwrap()
            .is_none()
    );
}

#[tokio::test]
async fn previous_leads_to_the_page_before() {
    let stage = Stage::new().await;
    let mut connection = stage.connection().await;
    let keys = &stage.keys;
    let mut incident = 0;
    for uid in 1..=7 {
        let source = verifications::Source::Sweep;
        incident = incidents::open(&mut connection, keys, source, NOW)
            .await
            .unwrap()
            .id;
        let subject = Subject::uid(Uid::new(uid).unwrap());
        let one = verdict(subject, None, VerdictKind::Valid);
        verifications::upsert(&mut connection, keys, &one)
            .await
            .unwrap();
    }
    // Newest first, three to a page: 7 6 5, 4 3 2, 1.
    let back = async |before: u64| {
        let mut connection = stage.connection().await;
        page_before::of_incidents(&mut connection, before, 3)
            .await
            .unwrap()
    };
    assert_eq!(back(incident - 2).await, None, "the second page");
    assert_eq!(back(incident - 5).await, Some(incident - 2), "the third");

    let subject = |uid| Subject::uid(Uid::new(uid).unwrap());
    let back = async |verdict: &[VerdictKind], after| {
        let mut connection = stage.connection().await;
        let found =
            records_view::verified_before(&mut connection, keys, verdict, subject(after), 3);
        found.await.unwrap()
    };
    for verdicts in [&[][..], &[VerdictKind::Valid]] {
        assert_eq!(back(verdicts, 5).await, None);
        assert_eq!(back(verdicts, 2).await, Some(subject(5)));
    }
    assert_eq!(back(&[VerdictKind::Missing], 2).await, None);

    let mut findings = Vec::new();
    for uid in 1..=7 {
        let new = crate::incidents::finding(&stage, incident, uid);
        let found = incident_findings::insert(&mut connection, keys, new, NOW).await;
        findings.push(found.unwrap().id);
    }
    // Oldest first: 1 2 3, 4 5 6, 7.
    let back = async |after| {
        let mut connection = stage.connection().await;
        let found = page_before::of_findings(&mut connection, incident, after, 3);
        found.await.unwrap()
    };
    assert_eq!(back(findings[2]).await, None);
    assert_eq!(back(findings[5]).await, Some(findings[2]));
}

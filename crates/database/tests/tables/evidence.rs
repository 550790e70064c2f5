use database::evidence::{self, Evidence};
use database::sealed::CellProblem;
use futures::TryStreamExt;
use keyring::OpenError;
use record::ids::{RecordId, Uid, Version};

use crate::backups::{anchor, anchored};
use crate::stage::{NOW, PERSON, Stage, signature};

fn uid(number: u64) -> Uid {
    Uid::new(number).unwrap()
}

fn claimed(evidence: &[Evidence]) -> Vec<Option<u64>> {
    evidence.iter().map(|found| found.claimed_uid).collect()
}

#[tokio::test]
async fn one_row_holds_everything_a_verdict_needs() {
    let stage = Stage::new().await;
    let (person, backup) = anchored(&stage, 1).await;
    let mut connection = stage.connection().await;
    let found = evidence::by_uid(&mut connection, uid(1))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(found.record_id, person.record.id);
    assert_eq!(found.entered_at, NOW);
    let key = stage
        .keys
        .unwrap_owner_key(found.owner_key.as_ref().unwrap())
        .unwrap();
    let version = found.version(Version::FIRST).unwrap();
    assert_eq!(*version, backup.sealed());

    let opened = version.open(&key);
    let fields = opened.whole_fields().unwrap();
    assert_eq!(fields.leaves(), person.plain.fields.leaves());
    for (name, value) in PERSON {
        assert_eq!(fields.get(name).unwrap().value(), value);
    }
    let message = opened.whole_message().unwrap();
    assert_eq!(message.wallet, person.plain.wallet);
    assert_eq!(opened.wallet.unwrap(), person.plain.wallet);
    assert_eq!(*opened.relation.unwrap(), *person.plain.relation);
    assert_eq!(opened.anchor.unwrap().unwrap(), anchor(&person, uid(1)).0);
    assert_eq!(opened.signature.unwrap().unwrap(), signature());
}

#[tokio::test]
async fn each_cell_says_for_itself_what_is_wrong() {
    let stage = Stage::new().await;
    let (person, _) = anchored(&stage, 1).await;
    anchored(&stage, 2).await;
    let (one, two) = (
        "(SELECT id FROM records WHERE uid = 1)",
        "(SELECT id FROM records WHERE uid = 2)",
    );
    stage
        .sql(&format!(
            "UPDATE record_versions a JOIN record_versions b ON b.record_id = {two}
             SET a.email = b.email, a.phone = a.age, a.wallet = 'nonsense',
                 a.address = CONCAT(LEFT(a.address, LENGTH(a.address) - 1), CHAR(ORD(RIGHT(a.address, 1)) ^ 1 USING binary))
             WHERE a.record_id = {one}"
        ))
        .await;
    let mut connection = stage.connection().await;
    let found = evidence::by_uid(&mut connection, uid(1))
        .await
        .unwrap()
        .unwrap();
    let opened = found.versions[0].open(&person.key);
    let problem = |name: &str| opened.fields[name].as_ref().map(|_| ()).unwrap_err();
    assert!(opened.fields["name"].is_ok());
    assert!(matches!(
        problem("email"),
        CellProblem::Open(OpenError::OtherKey(_))
    ));
    assert!(matches!(
        problem("phone"),
        CellProblem::Open(OpenError::Elsewhere(header)) if header.name == "age"
    ));
    assert!(matches!(
        problem("address"),
        CellProblem::Open(OpenError::Broken)
    ));
    assert_eq!(opened.wallet, Err(CellProblem::Open(OpenError::Malformed)));
    assert!(opened.whole_fields().is_none());
    assert!(opened.message.unwrap().is_ok());
}

#[tokio::test]
async fn rows_come_in_order_of_uid_and_strangers_apart() {
    let stage = Stage::new().await;
    for number in [3, 1, 2, 4] {
        anchored(&stage, number).await;
    }
    let mut connection = stage.connection().await;
    let mut waiting: Vec<RecordId> = Vec::new();
    for _ in 0..5 {
        waiting.push(stage.enter(&mut connection, NOW).await.record.id);
    }
    waiting.sort();
    stage.sql("UPDATE records SET uid = 0 WHERE uid = 4").await;
    stage
        .sql(
            "INSERT INTO records SELECT REPEAT('z', 16), 99, state, version, draft, wallet_index, email_index,
                                        REPEAT('z', 16), created_by, created_at, updated_at, mac
             FROM records WHERE uid = 1",
        )
        .await;

    let range = evidence::range(&mut connection, uid(1), uid(10))
        .await
        .unwrap();
    assert_eq!(claimed(&range), [Some(1), Some(2), Some(3)]);
    assert!(range.iter().all(|found| found.versions.len() == 1));
    let streamed: Vec<Evidence> = evidence::stream(&mut connection, uid(2), uid(99))
        .try_collect()
        .await
        .unwrap();
    assert_eq!(claimed(&streamed), [Some(2), Some(3), Some(99)]);
    assert!(streamed[2].versions.is_empty() && streamed[2].owner_key.is_none());
    assert!(
        evidence::by_uid(&mut connection, uid(50))
            .await
            .unwrap()
            .is_none()
    );

    let surplus = evidence::surplus(&mut connection, uid(5), None, 10)
        .await
        .unwrap();
    let mut strangers = claimed(&surplus);
    strangers.sort();
    assert_eq!(strangers, [Some(0), Some(99)]);
    let first = evidence::surplus(&mut connection, uid(5), None, 1)
        .await
        .unwrap();
    let second = evidence::surplus(&mut connection, uid(5), Some(first[0].record_id), 10)
        .await
        .unwrap();
    assert_eq!([first, second].concat(), surplus);

    let mut paged = Vec::new();
    let mut after = None;
    loop {
        let page = evidence::without_uid(&mut connection, after, 2)
            .await
            .unwrap();
        let Some(last) = page.last() else { break };
        after = Some(last.record_id);
        paged.extend(page.iter().map(|found| found.record_id));
    }
    assert_eq!(paged, waiting);
    assert_eq!(
        evidence::count_unknown_to_chain(&mut connection, uid(5))
            .await
            .unwrap(),
        7
    );

    let by_id = evidence::by_record(&mut connection, waiting[0])
        .await
        .unwrap()
        .unwrap();
    assert_eq!(by_id.claimed_uid, None);
    let nobody = RecordId::from_bytes([0; 16]);
    assert!(
        evidence::by_record(&mut connection, nobody)
            .await
            .unwrap()
            .is_none()
    );
}

#[tokio::test]
async fn versions_stand_together_and_impossible_ones_are_counted() {
    let stage = Stage::new().await;
    anchored(&stage, 1).await;
    anchored(&stage, 2).await;
    for version in [3, 2, 0] {
        stage
            .sql(&format!(
                "INSERT INTO record_versions
                 SELECT record_id, {version}, v.draft, name, email, phone, age, address, wallet, relation, anchor, wallet_order
                 FROM record_versions v JOIN records r ON r.id = v.record_id WHERE r.uid = 1 AND v.version = 1"
            ))
            .await;
    }
    let mut connection = stage.connection().await;
    let range = evidence::range(&mut connection, uid(1), uid(2))
        .await
        .unwrap();
    let numbers: Vec<u32> = range[0]
        .versions
        .iter()
        .map(|sealed| sealed.values.version.get())
        .collect();
    assert_eq!(numbers, [1, 2, 3]);
    assert_eq!(range[0].stray_versions, 1);
    assert!(range[0].versions[0].consent.is_some());
    assert!(range[0].versions[1].consent.is_none());
    assert_eq!(range[1].versions.len(), 1);
}

use database::MySqlConnection;
use database::anchoring_jobs::{self, JobState};
use database::anchoring_transactions::{self, AnchoringTransaction};
use database::chain_progress::{self, ChainProgress};
use database::key_checks::{self, KeyCheck};
use keyring::{KeyCheckError, KeySet};
use record::B256;
use record::ids::{RecordId, Uid, Version};

use crate::stage::{CLERK, MINUTE, NOW, Stage};

#[tokio::test]
async fn jobs_take_their_turn_and_their_nonces() {
    let stage = Stage::new().await;
    let mut connection = stage.connection().await;
    let mut jobs = Vec::new();
    for _ in 0..5 {
        let id = RecordId::random(&mut rand::rng());
        let job = anchoring_jobs::insert(
            &mut connection,
            &stage.keys,
            id,
            Some(Version::FIRST),
            CLERK,
            NOW,
        )
        .await;
        jobs.push(job.unwrap());
    }
    let twice = anchoring_jobs::insert(
        &mut connection,
        &stage.keys,
        jobs[0].record_id,
        Some(Version::FIRST),
        CLERK,
        NOW,
    )
    .await;
    assert!(twice.unwrap_err().is_duplicate_of("anchoring_jobs_version"));
    let queued = anchoring_jobs::queued(&mut connection, &stage.keys, 0, 3)
        .await
        .unwrap();
    assert_eq!(queued.rows, jobs[..3]);
    let queued = anchoring_jobs::queued(&mut connection, &stage.keys, jobs[2].id, 3)
        .await
        .unwrap();
    assert_eq!(queued.rows, jobs[3..]);

    // Planned out of order: told by nonce.
    for (place, nonce) in [(2, 10), (0, 11), (1, 12)] {
        let mut job = anchoring_jobs::lock(&mut connection, &stage.keys, jobs[place].id)
            .await
            .unwrap()
            .unwrap();
        job.state = [JobState::Planned, JobState::Sent, JobState::Mined][place];
        job.uid = Uid::new(nonce);
        job.nonce = Some(nonce);
        job.chain_timestamp = Some(1_800_000_000);
        job.proof = Some(B256::repeat_byte(1));
        job.transaction_hash = Some(B256::repeat_byte(2));
        job.block_number = Some(77);
        job.attempts = 1;
        job.problem = Some("replaced".to_owned());
        anchoring_jobs::update(&mut connection, &stage.keys, &mut job, NOW.plus(MINUTE))
            .await
            .unwrap();
        jobs[place] = job;
    }
    let flying = anchoring_jobs::in_flight(&mut connection, &stage.keys)
        .await
        .unwrap();
    assert_eq!(
        flying.rows,
        [jobs[2].clone(), jobs[0].clone(), jobs[1].clone()]
    );
    let by_uid = anchoring_jobs::by_uid(&mut connection, &stage.keys, Uid::new(11).unwrap())
        .await
        .unwrap();
    assert_eq!(by_uid.rows, [jobs[0].clone()]);
    let counts = anchoring_jobs::counts(&mut connection).await.unwrap();
    assert_eq!(
        counts.into_iter().collect::<Vec<_>>(),
        [
            (JobState::Queued, 2),
            (JobState::Planned, 1),
            (JobState::Sent, 1),
            (JobState::Mined, 1)
        ]
    );
    let of_record = anchoring_jobs::of_record(&mut connection, &stage.keys, jobs[4].record_id)
        .await
        .unwrap();
    assert_eq!(of_record.rows, [jobs[4].clone()]);
    let waiting = anchoring_jobs::in_state(
        &mut connection,
        &stage.keys,
        JobState::Queued,
        jobs[3].id,
        10,
    )
    .await;
    assert_eq!(waiting.unwrap().rows, [jobs[4].clone()]);
}

#[tokio::test]
async fn planted_jobs_hold_nobody_up() {
    let stage = Stage::new().await;
    let mut connection = stage.connection().await;
    let insert = "INSERT INTO anchoring_jobs (record_id, version, state, approved_by, approved_at, attempts, updated_at, mac)
                  VALUES (UNHEX(REPLACE(UUID(), '-', '')), 1, 'queued', REPEAT('x', 16), 0, 0, 0, REPEAT('m', 36))";
    for _ in 0..150 {
        stage.sql(insert).await;
    }
    let id = RecordId::random(&mut rand::rng());
    let job = anchoring_jobs::insert(
        &mut connection,
        &stage.keys,
        id,
        Some(Version::FIRST),
        CLERK,
        NOW,
    )
    .await
    .unwrap();
    let queued = anchoring_jobs::queued(&mut connection, &stage.keys, 0, 1)
        .await
        .unwrap();
    assert_eq!(queued.rows, [job]);
    assert_eq!(queued.tampered.len(), 150);
}

#[tokio::test]
async fn every_transaction_of_a_job_is_kept() {
    let stage = Stage::new().await;
    let mut connection = stage.connection().await;
    let mut written = Vec::new();
    for fee in 0..3_u8 {
        let transaction = AnchoringTransaction {
            hash: B256::repeat_byte(9 - fee),
            job_id: 4,
            nonce: 12,
            raw: vec![fee; 200],
            created_at: NOW.plus(u32::from(fee) * MINUTE),
        };
        anchoring_transactions::insert(&mut connection, &stage.keys, &transaction)
            .await
            .unwrap();
        written.push(transaction);
    }
    let twice = anchoring_transactions::insert(&mut connection, &stage.keys, &written[0]).await;
    assert!(twice.unwrap_err().is_duplicate_of("PRIMARY"));
    let of_job = anchoring_transactions::of_job(&mut connection, &stage.keys, 4)
        .await
        .unwrap();
    assert_eq!(of_job.rows, written);
    let with_nonce = anchoring_transactions::with_nonce(&mut connection, &stage.keys, 12)
        .await
        .unwrap();
    assert_eq!(with_nonce.rows, written);
    assert!(
        anchoring_transactions::of_job(&mut connection, &stage.keys, 5)
            .await
            .unwrap()
            .rows
            .is_empty()
    );
}

#[tokio::test]
async fn the_newest_block_seen_never_goes_back() {
    let stage = Stage::new().await;
    let mut connection = stage.connection().await;
    let seen = |block_number| ChainProgress {
        reader: "sweep".to_owned(),
        block_number,
        block_hash: B256::with_last_byte(u8::try_from(block_number).unwrap()),
        seen_at: NOW,
    };
    for block in [5, 9, 7] {
        chain_progress::advance(&mut connection, &stage.keys, &seen(block))
            .await
            .unwrap();
    }
    let kept = chain_progress::load(&mut connection, &stage.keys, "sweep")
        .await
        .unwrap();
    assert_eq!(kept, Some(seen(9)));
    assert_eq!(
        chain_progress::load(&mut connection, &stage.keys, "other")
            .await
            .unwrap(),
        None
    );

    stage
        .sql("UPDATE chain_progress SET block_number = 1000000")
        .await;
    assert!(
        chain_progress::load(&mut connection, &stage.keys, "sweep")
            .await
            .unwrap_err()
            .is_tampering()
    );
    chain_progress::advance(&mut connection, &stage.keys, &seen(10))
        .await
        .unwrap();
    assert_eq!(
        chain_progress::load(&mut connection, &stage.keys, "sweep")
            .await
            .unwrap(),
        Some(seen(10))
    );
}

#[tokio::test]
async fn wrong_keys_are_told_from_tampered_rows() {
    let stage = Stage::new().await;
    let mut connection = stage.connection().await;
    assert_eq!(
        key_checks::verify(&mut connection, &stage.keys)
            .await
            .unwrap(),
        KeyCheck::Missing
    );
    for _ in 0..2 {
        key_checks::store(&mut connection, &stage.keys, NOW, &mut rand::rng())
            .await
            .unwrap();
        let told = key_checks::verify(&mut connection, &stage.keys).await;
        assert_eq!(told.unwrap(), KeyCheck::Right);
        let told = key_checks::verify_front(&mut connection, &stage.keys.front()).await;
        assert_eq!(told.unwrap(), KeyCheck::Right);
    }
    // That a version is retired is said by that version alone.
    let planted = async |connection: &mut MySqlConnection| {
        let planted = database::guarded::planted(connection, &stage.keys).await;
        planted
            .unwrap()
            .into_iter()
            .map(|row| row.table)
            .collect::<Vec<_>>()
    };
    let rng = &mut rand::rng();
    key_checks::retire(&mut connection, &stage.keys, 1, NOW, rng)
        .await
        .unwrap();
    assert!(
        key_checks::is_retired(&mut connection, &stage.keys, 1)
            .await
            .unwrap()
    );
    assert!(planted(&mut connection).await.is_empty());
    let forged = sqlx::query("UPDATE key_checks SET retired = cell");
    forged.execute(&mut *connection).await.unwrap();
    assert!(
        !key_checks::is_retired(&mut connection, &stage.keys, 1)
            .await
            .unwrap()
    );
    assert_eq!(planted(&mut connection).await, ["key_checks", "key_checks"]);
    key_checks::employ(&mut connection, 1).await.unwrap();
    let wrong = KeyCheck::Wrong(KeyCheckError::Wrong(1));
    let others = KeySet::generate(&mut rand::rng());
    let others = others.application();
    let told = key_checks::verify(&mut connection, others).await;
    assert_eq!(told.unwrap(), wrong);
    let told = key_checks::verify_front(&mut connection, &others.front()).await;
    assert_eq!(told.unwrap(), wrong);
}

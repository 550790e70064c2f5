//! What an insider with a SQL prompt, or with the keys, brings about: nothing is anchored for it, and the neighbours are.

use anchoring::{Problem, Rejection};
use database::{anchoring_jobs::JobState, record_versions};
use record::ids::Version;

use crate::{
    people::{Person, ids},
    stage::Stage,
};

/// Three approved; `tamper` is done to the second; the others are anchored, the second is rejected for this reason.
async fn rejected(tamper: impl AsyncFnOnce(&Stage, &[Person]), expected: Rejection) {
    let stage = Stage::without_blocks().await;
    let mut people = stage.all_approved(3).await;
    tamper(&stage, &people).await;
    let process = stage.start();
    stage
        .until_all_are(&[people[1].id], JobState::Rejected)
        .await;
    let job = stage.job(people[1].id).await;
    assert_eq!(
        job.problem.as_deref().and_then(Rejection::from_code),
        Some(expected)
    );
    assert_eq!((job.proof, job.nonce), (None, None));
    people.remove(1);
    stage
        .mine_until_all_are(&ids(&people), JobState::Anchored)
        .await;
    stage.assert_anchored_once(&people).await;
    process.stop().await;
}

#[tokio::test]
async fn a_forged_field_sealed_with_the_real_key() {
    let forge = async |stage: &Stage, people: &[Person]| stage.forge_email(&people[1]).await;
    rejected(forge, Rejection::ConsentInvalid).await;
}

#[tokio::test]
async fn another_wallet_sealed_with_the_real_key() {
    let forge = async |stage: &Stage, people: &[Person]| {
        let person = &people[1];
        let mut plain = crate::people::plain(
            Version::FIRST,
            "Person 1",
            "person.1@example.org",
            &people[0].wallet,
        );
        plain.fields = person.plain.fields.clone();
        let values = plain.seal(&person.key, &mut rand::rng()).unwrap();
        let mut connection = stage.connection().await;
        record_versions::put(&mut connection, &values)
            .await
            .unwrap();
    };
    rejected(forge, Rejection::ConsentInvalid).await;
}

#[tokio::test]
async fn a_cell_of_another_record() {
    let swap = async |stage: &Stage, people: &[Person]| {
        let sql = format!(
            "UPDATE record_versions mine, record_versions theirs SET mine.email = theirs.email
             WHERE mine.record_id = x'{}' AND theirs.record_id = x'{}'",
            people[1].id, people[0].id,
        );
        assert_eq!(stage.sql(&sql).await, 1);
    };
    rejected(swap, Rejection::RowUnreadable).await;
}

#[tokio::test]
async fn a_row_that_is_gone() {
    let delete = async |stage: &Stage, people: &[Person]| {
        stage
            .sql(&format!(
                "DELETE FROM record_versions WHERE record_id = x'{}'",
                people[1].id
            ))
            .await;
    };
    rejected(delete, Rejection::RowMissing).await;
}

#[tokio::test]
async fn a_record_whose_state_was_changed_by_hand() {
    let change = async |stage: &Stage, people: &[Person]| {
        let sql = format!(
            "UPDATE records SET created_at = 1 WHERE id = x'{}'",
            people[1].id
        );
        stage.sql(&sql).await;
    };
    rejected(change, Rejection::RowUnreadable).await;
}

#[tokio::test]
async fn a_consent_filed_under_another_nonce() {
    let refile = async |stage: &Stage, people: &[Person]| {
        let sql = format!(
            "UPDATE consents SET nonce_index = REPEAT('n', 32) WHERE record_id = x'{}'",
            people[1].id
        );
        stage.sql(&sql).await;
    };
    rejected(refile, Rejection::NonceReused).await;
}

/// The proof covers it as little as the relation; the verdict wants both.
#[tokio::test]
async fn a_consent_that_came_at_another_time() {
    let move_on = async |stage: &Stage, people: &[Person]| {
        stage
            .set("consents", "received_at = received_at + 1", &people[1])
            .await;
    };
    rejected(move_on, Rejection::RowUnreadable).await;
}

#[tokio::test]
async fn a_relation_that_does_not_open() {
    let reverse = async |stage: &Stage, people: &[Person]| {
        stage
            .set(
                "record_versions",
                "relation = REVERSE(relation)",
                &people[1],
            )
            .await;
    };
    rejected(reverse, Rejection::RowUnreadable).await;
}

#[tokio::test]
async fn a_column_that_holds_nothing() {
    let empty = async |stage: &Stage, people: &[Person]| {
        stage.let_emails_be_null().await;
        stage
            .set("record_versions", "email = NULL", &people[1])
            .await;
    };
    rejected(empty, Rejection::RowUnreadable).await;
}

#[tokio::test]
async fn a_consent_that_has_expired() {
    let stage = Stage::without_blocks().await;
    let late = stage.consented_within("Late Lucy", -60).await;
    stage.approve(late.id).await;
    let people = stage.all_approved(1).await;
    let process = stage.start();
    stage.until_all_are(&[late.id], JobState::Rejected).await;
    assert_eq!(
        stage.job(late.id).await.problem.as_deref(),
        Some("consent_expired")
    );
    stage
        .mine_until_all_are(&ids(&people), JobState::Anchored)
        .await;
    stage.assert_anchored_once(&people).await;
    process.stop().await;
}

#[tokio::test]
async fn planted_jobs_hold_nobody_up() {
    let stage = Stage::without_blocks().await;
    for (state, nonce) in [
        ("queued", "NULL"),
        ("planned", "0"),
        ("sent", "1"),
        ("mined", "2"),
    ] {
        let sql = format!(
            "INSERT INTO anchoring_jobs (record_id, version, state, approved_by, approved_at, uid, nonce,
                                         chain_timestamp, proof, attempts, updated_at, mac)
             VALUES (RANDOM_BYTES(16), 1, '{state}', REPEAT('x', 16), 0, 1, {nonce}, 1, REPEAT('p', 32), 0, 0,
                     REPEAT('m', 36))"
        );
        stage.sql(&sql).await;
    }
    let people = stage.all_approved(2).await;
    let mut process = stage.start();
    stage
        .mine_until_all_are(&ids(&people), JobState::Anchored)
        .await;
    stage.assert_anchored_once(&people).await;
    process.until_problem(Problem::RowTampered).await;
    process.stop().await;
}

#[tokio::test]
async fn rows_put_back_to_an_older_state_are_not_anchored_twice() {
    let stage = Stage::without_blocks().await;
    let people = stage.all_approved(2).await;
    for table in ["anchoring_jobs", "records", "record_versions"] {
        stage
            .sql(&format!("CREATE TABLE old_{table} SELECT * FROM {table}"))
            .await;
    }
    let process = stage.start();
    stage
        .mine_until_all_are(&ids(&people), JobState::Anchored)
        .await;
    stage.assert_anchored_once(&people).await;
    // All of it with the MACs of the time when it was true.
    for table in ["anchoring_jobs", "records", "record_versions"] {
        stage
            .sql(&format!("REPLACE INTO {table} SELECT * FROM old_{table}"))
            .await;
    }
    stage.until_all_are(&ids(&people), JobState::Rejected).await;
    assert_eq!(
        stage.job(people[0].id).await.problem.as_deref(),
        Some("rolled_back")
    );
    stage.chain.mine(5).await.unwrap();
    assert_eq!(stage.next_uid().await.get(), 3);
    process.stop().await;
}

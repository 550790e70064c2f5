use database::record_events::RecordEventKind::{Entered, LinkCreated, LinkSent};
use database::records::RecordState;
use database::{index, key_checks};
use enrolment::{EnrolmentError, Entry, OWN_WALLET, Sending, desk_code};
use record::Address;
use record::ids::{Draft, SubmissionId, Version};

use crate::stage::{CLERK, EMAIL, LINK_LIFETIME, NAME, Stage, secret};

#[tokio::test]
async fn a_record_is_sealed_found_again_and_waits_for_its_owner() {
    let stage = Stage::new().await;
    let (id, _) = stage.entered().await;

    let record = stage.record(id).await;
    assert_eq!(record.state, RecordState::AwaitingConsent);
    assert_eq!(
        (record.version, record.draft),
        (Version::FIRST, Draft::FIRST)
    );
    assert_eq!(record.created_by, CLERK);
    assert_eq!(record.email_index, index::email(stage.keys.index(), EMAIL));
    let plain = stage.plain(id).await;
    assert_eq!(plain.fields.get("name").unwrap().value(), NAME);
    assert_eq!(plain.fields.get("age").unwrap().value(), "34");
    assert_eq!(plain.wallet, Address::repeat_byte(0xa5));
    assert_eq!(plain.relation.as_str(), OWN_WALLET);
}

#[tokio::test]
async fn the_link_holds_the_owners_key_for_who_knows_its_address() {
    let stage = Stage::new().await;
    let (id, fresh) = stage.entered().await;

    assert!(fresh.address.starts_with("https://consent.example/c/"));
    let link = stage.link(&fresh).await;
    assert_eq!((link.id, link.record_id), (fresh.id, id));
    let now = stage.clock.now();
    assert!(link.is_open(now) && !link.is_open(now.plus(LINK_LIFETIME)));
    let key = secret(&fresh)
        .unwrap(&link.wrapped_key, link.id, id)
        .unwrap();
    assert_eq!(key.key_id(), stage.key(id).await.key_id());
}

#[tokio::test]
async fn the_desk_code_is_six_digits_and_staff_can_read_it_again() {
    let stage = Stage::new().await;
    let (_, fresh) = stage.entered().await;
    let code = fresh.desk_code.as_str();
    assert!(code.len() == 6 && code.bytes().all(|digit| digit.is_ascii_digit()));
    let link = stage.link(&fresh).await;
    let mut connection = stage.connection().await;
    let read = desk_code(&mut connection, &stage.keys, &link)
        .await
        .unwrap();
    assert_eq!(read.as_str(), code);
}

#[tokio::test]
async fn a_mail_waits_in_the_outbox_only_when_asked_for() {
    let stage = Stage::new().await;
    let (at_the_desk, _) = stage.entered().await;
    assert_eq!(stage.count("SELECT COUNT(*) FROM outbox").await, 0);
    assert_eq!(stage.history(at_the_desk).await, [Entered, LinkCreated]);

    let submission = SubmissionId::random(&mut rand::rng());
    let Entry::New(record, _) = stage.enter(submission, Sending::ByMail).await else {
        panic!("a fresh submission")
    };
    let waiting = "SELECT COUNT(*) FROM outbox WHERE kind = 'consent_link' AND state = 'waiting'";
    assert_eq!(stage.count(waiting).await, 1);
    assert_eq!(
        stage.history(record.id).await,
        [Entered, LinkCreated, LinkSent]
    );
}

#[tokio::test]
async fn a_form_sent_twice_enters_one_record() {
    let stage = Stage::new().await;
    let submission = SubmissionId::random(&mut rand::rng());
    let (first, second) = tokio::join!(
        stage.enter(submission, Sending::ByMail),
        stage.enter(submission, Sending::ByMail)
    );
    let id = |entry: &Entry| match entry {
        Entry::New(record, _) | Entry::Before(record) => record.id,
    };
    assert_eq!(id(&first), id(&second));
    let new = [&first, &second].map(|entry| matches!(entry, Entry::New(..)));
    assert!(new[0] != new[1], "one of them made it");
    for table in [
        "SELECT COUNT(*) FROM records",
        "SELECT COUNT(*) FROM owner_keys",
        "SELECT COUNT(*) FROM consent_links",
        "SELECT COUNT(*) FROM outbox",
    ] {
        assert_eq!(stage.count(table).await, 1, "{table}");
    }
}

#[tokio::test]
async fn nothing_is_left_of_an_entry_that_was_not_committed() {
    let stage = Stage::new().await;
    let mut transaction = stage.pool.begin().await.unwrap();
    let entered = enrolment::enter(
        &mut transaction,
        &stage.office(),
        &crate::stage::details(EMAIL),
        SubmissionId::random(&mut rand::rng()),
        Sending::ByMail,
        &mut crate::stage::rng(),
    )
    .await;
    assert!(entered.is_ok());
    transaction.rollback().await.unwrap();
    for table in [
        "SELECT COUNT(*) FROM records",
        "SELECT COUNT(*) FROM record_versions",
        "SELECT COUNT(*) FROM record_events",
        "SELECT COUNT(*) FROM outbox",
    ] {
        assert_eq!(stage.count(table).await, 0, "{table}");
    }
}

/// A host that is behind with its key file: the version that it wraps by was destroyed elsewhere.
#[tokio::test]
async fn nobody_is_entered_under_a_key_that_is_retired() {
    let stage = Stage::new().await;
    let mut connection = stage.connection().await;
    let (keys, now, rng) = (&stage.keys, stage.clock.now(), &mut rand::rng());
    key_checks::store(&mut connection, keys, now, rng)
        .await
        .unwrap();

    // Who retires it waits for those who are just entering, and then sees what they wrapped.
    let mut transaction = stage.pool.begin().await.unwrap();
    let submission = || SubmissionId::random(&mut rand::rng());
    let entering = stage.enter_in(&mut transaction, submission(), Sending::AtTheDesk);
    entering.await.unwrap();
    let mut other = stage.connection().await;
    let retiring = async {
        key_checks::retire(&mut other, keys, 1, now, &mut rand::rng())
            .await
            .unwrap();
        sqlx::query_scalar::<_, i64>("SELECT COUNT(*) FROM owner_keys")
            .fetch_one(&mut *other)
            .await
            .unwrap()
    };
    let committing = async {
        tokio::time::sleep(std::time::Duration::from_millis(300)).await;
        transaction.commit().await.unwrap();
    };
    let (seen, ()) = tokio::join!(retiring, committing);
    assert_eq!(seen, 1);

    let mut transaction = stage.pool.begin().await.unwrap();
    let entering = stage.enter_in(&mut transaction, submission(), Sending::AtTheDesk);
    let refused = entering.await.err().unwrap();
    assert!(
        matches!(refused, EnrolmentError::KeysBehind(1)),
        "{refused}"
    );
    transaction.rollback().await.unwrap();

    // What somebody else wrote there keeps nobody out.
    sqlx::query("UPDATE key_checks SET retired = SUBSTR(retired, 2)")
        .execute(&mut *connection)
        .await
        .unwrap();
    stage.entered().await;
    key_checks::employ(&mut connection, 1).await.unwrap();
    stage.entered().await;
}

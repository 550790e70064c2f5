use database::outbox::{self, MailState};

use crate::{Desk, consent_given, event};

#[tokio::test]
async fn one_event_has_one_mail() {
    let desk = Desk::new().await;
    assert!(
        desk.enqueue(event("1"), "first@example.org", &consent_given())
            .await
    );
    assert!(
        !desk
            .enqueue(event("1"), "second@example.org", &consent_given())
            .await
    );
    assert!(
        desk.enqueue(event("2"), "first@example.org", &consent_given())
            .await
    );
    let first = desk
        .row(event("1"))
        .await
        .open_recipient(&desk.front)
        .unwrap()
        .unwrap();
    assert_eq!(first.as_str(), "first@example.org");
}

#[tokio::test]
async fn what_is_rolled_back_is_not_told_and_a_repetition_does_not_spoil_the_transaction() {
    let desk = Desk::new().await;
    let (mail, now) = (consent_given(), desk.clock.now());
    let mut transaction = desk.pool.begin().await.unwrap();
    let told = notification::enqueue(
        &mut transaction,
        &desk.front,
        now,
        event("1"),
        "a@example.org",
        &mail,
    );
    assert!(told.await.unwrap());
    transaction.rollback().await.unwrap();

    let mut transaction = desk.pool.begin().await.unwrap();
    for (number, fresh) in [("1", true), ("1", false), ("2", true)] {
        let told = notification::enqueue(
            &mut transaction,
            &desk.front,
            now,
            event(number),
            "a@example.org",
            &mail,
        );
        assert_eq!(told.await.unwrap(), fresh);
    }
    transaction.commit().await.unwrap();
    let mut connection = desk.pool.acquire().await.unwrap();
    assert_eq!(
        outbox::count(&mut connection, MailState::Waiting)
            .await
            .unwrap(),
        2
    );
}

#[tokio::test]
async fn two_who_tell_one_event_at_once_make_one_mail() {
    let desk = Desk::new().await;
    let mail = consent_given();
    let tellers = (0..8).map(|_| desk.enqueue(event("1"), "a@example.org", &mail));
    let told: Vec<bool> = futures::future::join_all(tellers).await;
    assert_eq!(told.iter().filter(|fresh| **fresh).count(), 1);
}

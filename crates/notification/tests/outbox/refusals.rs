use database::operations_alarms::{self, AlarmKind};
use database::outbox::{self, MailState};
use notification::Policy;

use crate::peer::{POLITE, Peer, Script};
use crate::{Desk, breach_found, consent_given, event, quick};

#[tokio::test]
async fn a_refused_recipient_is_given_up_at_once_and_the_next_mail_goes_out() {
    let desk = Desk::new().await;
    let peer = Peer::start(Script {
        recipient: "550 <owner@example.org> is unknown here",
        ..POLITE
    })
    .await;
    desk.enqueue(event("1"), "owner@example.org", &consent_given())
        .await;
    let worker = desk.worker(&peer.url);
    let row = desk.wait_for(event("1"), MailState::GivenUp).await;
    assert_eq!(row.attempts, 1);
    assert!(desk.has_alarm(AlarmKind::MailUndelivered).await);
    // Not the server's words: they hold the address.
    assert_eq!(row.problem.as_deref(), Some("refused_550"));
    assert!(row.recipient.is_none() && row.payload.is_none());

    peer.change(POLITE);
    desk.enqueue(event("2"), "desk@example.org", &consent_given())
        .await;
    desk.wait_for(event("2"), MailState::Sent).await;
    worker.stop().await;
    assert_eq!(peer.taken().len(), 1);
    // Another mail that goes out is no comfort.
    assert!(desk.has_alarm(AlarmKind::MailUndelivered).await);

    let mut connection = desk.pool.acquire().await.unwrap();
    outbox::mark_seen(&mut connection, &desk.front, row.id)
        .await
        .unwrap();
    notification::settle_alarm(&mut connection, desk.clock.now())
        .await
        .unwrap();
    assert!(!desk.has_alarm(AlarmKind::MailUndelivered).await);
}

#[tokio::test]
async fn an_officers_mail_that_is_refused_is_tried_again_until_it_goes_out() {
    let desk = Desk::new().await;
    let peer = Peer::start(Script {
        recipient: "550 unknown here",
        ..POLITE
    })
    .await;
    desk.enqueue(event("1"), "officer@example.org", &breach_found())
        .await;
    let impatient = Policy {
        attempts: 1,
        ..quick()
    };
    let worker = desk.worker_with(&peer.url, impatient);
    devstack::wait_until("a third attempt", crate::SOON, || async {
        Ok((desk.row(event("1")).await.attempts >= 3).then_some(()))
    })
    .await
    .unwrap();
    let row = desk.row(event("1")).await;
    assert_eq!(row.state, MailState::Waiting);
    assert!(row.recipient.is_some() && row.payload.is_some());
    assert!(desk.has_alarm(AlarmKind::MailUndelivered).await);

    peer.change(POLITE);
    desk.wait_for(event("1"), MailState::Sent).await;
    devstack::wait_until("the alarm to end", crate::SOON, || async {
        Ok((!desk.has_alarm(AlarmKind::MailUndelivered).await).then_some(()))
    })
    .await
    .unwrap();
    worker.stop().await;
    assert_eq!(peer.taken().len(), 1);
}

#[tokio::test]
async fn an_officers_waiting_mail_goes_to_the_address_that_is_set_now() {
    let desk = Desk::new().await;
    let peer = Peer::start(POLITE).await;
    for (number, mail) in [("1", breach_found()), ("2", consent_given())] {
        desk.enqueue(event(number), "wrong@example.org", &mail)
            .await;
    }
    let mut connection = desk.pool.acquire().await.unwrap();
    let (officer, now) = ("officer@example.org", desk.clock.now());
    let changed =
        notification::readdress_to_officer(&mut connection, &desk.front, officer, now).await;
    assert_eq!(changed.unwrap(), 1);
    let worker = desk.worker(&peer.url);
    for number in ["1", "2"] {
        desk.wait_for(event(number), MailState::Sent).await;
    }
    worker.stop().await;
    let taken = peer.taken();
    let to = |address: &str| taken.iter().filter(|mail| mail.contains(address)).count();
    assert_eq!(
        (to("To: officer@example.org"), to("To: wrong@example.org")),
        (1, 1)
    );
}

#[tokio::test]
async fn an_alarm_that_somebody_took_away_is_raised_again() {
    let desk = Desk::new().await;
    let peer = Peer::start(Script {
        recipient: "550 unknown here",
        ..POLITE
    })
    .await;
    desk.enqueue(event("1"), "owner@example.org", &consent_given())
        .await;
    let worker = desk.worker(&peer.url);
    desk.wait_for(event("1"), MailState::GivenUp).await;
    worker.stop().await;
    let mut connection = desk.pool.acquire().await.unwrap();
    operations_alarms::clear(&mut connection, AlarmKind::MailUndelivered)
        .await
        .unwrap();
    let worker = desk.worker(&peer.url);
    devstack::wait_until("the alarm", crate::SOON, || async {
        Ok(desk
            .has_alarm(AlarmKind::MailUndelivered)
            .await
            .then_some(()))
    })
    .await
    .unwrap();
    worker.stop().await;
}

#[tokio::test]
async fn a_mail_put_off_is_tried_again() {
    let desk = Desk::new().await;
    let peer = Peer::start(Script {
        recipient: "450 come back later",
        ..POLITE
    })
    .await;
    desk.enqueue(event("1"), "owner@example.org", &consent_given())
        .await;
    let worker = desk.worker(&peer.url);
    devstack::wait_until("a second attempt", crate::SOON, || async {
        Ok((desk.row(event("1")).await.attempts >= 2).then_some(()))
    })
    .await
    .unwrap();
    let row = desk.row(event("1")).await;
    assert_eq!(row.problem.as_deref(), Some("deferred_450"));
    peer.change(POLITE);
    desk.wait_for(event("1"), MailState::Sent).await;
    worker.stop().await;
    assert_eq!(peer.taken().len(), 1);
}

#[tokio::test]
async fn a_server_that_lets_nobody_in_is_never_taken_for_a_refusal_of_the_mail() {
    let desk = Desk::new().await;
    for (number, greeting, problem) in [
        ("1", "554 no service", "server_refused_554"),
        ("2", "421 too busy", "server_refused_421"),
    ] {
        let peer = Peer::start(Script { greeting, ..POLITE }).await;
        desk.enqueue(event(number), "owner@example.org", &consent_given())
            .await;
        let worker = desk.worker(&peer.url);
        devstack::wait_until("three attempts", crate::SOON, || async {
            Ok((desk.row(event(number)).await.attempts >= 3).then_some(()))
        })
        .await
        .unwrap();
        let row = desk.row(event(number)).await;
        assert_eq!(
            (row.state, row.problem.as_deref()),
            (MailState::Waiting, Some(problem))
        );
        peer.change(POLITE);
        desk.wait_for(event(number), MailState::Sent).await;
        worker.stop().await;
    }
}

#[tokio::test]
async fn refused_credentials_are_the_servers_trouble() {
    let desk = Desk::new().await;
    let peer = Peer::start(POLITE).await;
    let mut url = peer.url.clone();
    url.set_username("sealwatch").unwrap();
    url.set_password(Some("hunter2")).unwrap();
    desk.enqueue(event("1"), "owner@example.org", &consent_given())
        .await;
    // The peer offers no way to sign in, so nothing may go out without it.
    let worker = desk.worker(&url);
    devstack::wait_until("the alarm", crate::SOON, || async {
        let mut connection = desk.pool.acquire().await?;
        let alarms = operations_alarms::all(&mut connection).await?;
        Ok(alarms
            .iter()
            .any(|alarm| alarm.kind == AlarmKind::MailFailing)
            .then_some(()))
    })
    .await
    .unwrap();
    assert_eq!(desk.row(event("1")).await.state, MailState::Waiting);
    worker.stop().await;
    assert_eq!(peer.taken(), Vec::<String>::new());
}

#[tokio::test]
async fn a_mail_is_given_up_after_its_last_attempt() {
    let desk = Desk::new().await;
    let peer = Peer::start(Script {
        data: "451 not now",
        ..POLITE
    })
    .await;
    desk.enqueue(event("1"), "owner@example.org", &consent_given())
        .await;
    let stubborn = Policy {
        attempts: 3,
        ..quick()
    };
    let worker = desk.worker_with(&peer.url, stubborn);
    let row = desk.wait_for(event("1"), MailState::GivenUp).await;
    assert_eq!(
        (row.attempts, row.problem.as_deref()),
        (3, Some("deferred_451"))
    );
    worker.stop().await;
    assert_eq!(peer.taken().len(), 3);
}

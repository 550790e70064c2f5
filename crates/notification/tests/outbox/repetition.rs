use std::time::Duration;

use database::outbox::MailState;
use notification::Policy;

use crate::peer::{POLITE, Peer, Script};
use crate::{Desk, SOON, consent_given, event, quick};

/// The mail is with the server, and the line goes dead before its answer: nobody can know.
const DIES_AFTER_DATA: Script = Script { data: "", ..POLITE };

#[tokio::test]
async fn a_mail_whose_fate_is_unknown_is_repeated_byte_for_byte() {
    let desk = Desk::new().await;
    let peer = Peer::start(DIES_AFTER_DATA).await;
    desk.enqueue(event("1"), "owner@example.org", &consent_given())
        .await;
    let worker = desk.worker(&peer.url);
    devstack::wait_until("the first copy", SOON, || async {
        Ok((!peer.taken().is_empty()).then_some(()))
    })
    .await
    .unwrap();
    peer.change(POLITE);
    desk.wait_for(event("1"), MailState::Sent).await;
    worker.stop().await;
    let taken = peer.taken();
    assert!(taken.len() >= 2);
    assert!(taken.iter().all(|mail| *mail == taken[0]), "{taken:?}");
    assert!(taken[0].contains(&format!(
        "Message-ID: <{}@example.org>",
        hex::encode(event("1").as_bytes())
    )));
}

#[tokio::test]
async fn a_worker_killed_between_acceptance_and_commit_leaves_the_mail_to_the_next_one() {
    let desk = Desk::new().await;
    let peer = Peer::start(POLITE).await;
    desk.enqueue(event("1"), "owner@example.org", &consent_given())
        .await;
    let policy = Policy {
        hold: Duration::from_millis(500),
        ..quick()
    };
    // Killed the moment the server has it: its outcome is never written, or just before it would be.
    let worker = desk.worker_with(&peer.url, policy);
    while peer.taken().is_empty() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    worker.task.abort();
    worker.task.await.ok();

    let next = desk.worker_with(&peer.url, policy);
    let sent = desk.wait_for(event("1"), MailState::Sent).await;
    next.stop().await;
    let taken = peer.taken();
    // One copy when the kill came too late to hurt, two equal ones when not; never two different ones.
    assert_eq!(taken.len(), usize::try_from(sent.attempts).unwrap());
    assert!(taken.iter().all(|mail| *mail == taken[0]), "{taken:?}");
}

#[tokio::test]
async fn a_sent_mail_is_never_sent_again() {
    let desk = Desk::new().await;
    let peer = Peer::start(POLITE).await;
    desk.enqueue(event("1"), "owner@example.org", &consent_given())
        .await;
    let worker = desk.worker(&peer.url);
    desk.wait_for(event("1"), MailState::Sent).await;
    assert!(
        !desk
            .enqueue(event("1"), "owner@example.org", &consent_given())
            .await
    );
    desk.enqueue(event("2"), "owner@example.org", &consent_given())
        .await;
    desk.wait_for(event("2"), MailState::Sent).await;
    worker.stop().await;
    assert_eq!(peer.taken().len(), 2);
}

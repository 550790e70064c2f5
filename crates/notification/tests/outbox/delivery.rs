use database::operations_alarms::{self, AlarmKind};
use database::outbox::MailState;
use devstack::{Inbox, InboxOptions};

use crate::{Desk, SOON, consent_given, event};

#[tokio::test]
async fn a_mail_arrives_and_leaves_nothing_readable_behind() {
    let (desk, inbox) = (Desk::new().await, Inbox::shared().await.unwrap());
    let address = desk.address("desk");
    assert!(desk.enqueue(event("1"), &address, &consent_given()).await);
    let waiting = desk.row(event("1")).await;
    let sealed = waiting.recipient.unwrap();
    assert!(!sealed.windows(4).any(|bytes| bytes == b"desk"));

    let worker = desk.worker(inbox.smtp_url());
    let mail = inbox
        .wait_for(SOON, |mail| mail.is_to(&address))
        .await
        .unwrap();
    assert_eq!(mail.subject, "A data owner has signed");
    assert_eq!(mail.from[0].address, "no-reply@example.org");
    assert_eq!(mail.headers["auto-submitted"], "auto-generated");

    let sent = desk.wait_for(event("1"), MailState::Sent).await;
    assert!(sent.recipient.is_none() && sent.payload.is_none() && sent.sent_at.is_some());
    assert_eq!(sent.attempts, 1);
    worker.stop().await;
}

#[tokio::test]
async fn several_workers_send_each_mail_once() {
    let (desk, inbox) = (Desk::new().await, Inbox::shared().await.unwrap());
    let address = |number: u32| desk.address(&format!("n{number}"));
    for number in 0..30 {
        desk.enqueue(
            event(&number.to_string()),
            &address(number),
            &consent_given(),
        )
        .await;
    }
    let workers: Vec<_> = (0..4).map(|_| desk.worker(inbox.smtp_url())).collect();
    for number in 0..30 {
        desk.wait_for(event(&number.to_string()), MailState::Sent)
            .await;
    }
    for worker in workers {
        worker.stop().await;
    }
    let mails = inbox.messages().await.unwrap();
    for number in 0..30 {
        let copies = mails.iter().filter(|mail| mail.is_to(&address(number)));
        assert_eq!(copies.count(), 1, "{number}");
    }
}

#[tokio::test]
async fn a_mail_waits_for_a_server_that_is_down_and_arrives_once() {
    let desk = Desk::new().await;
    let mut inbox = Inbox::start(&InboxOptions::default()).await.unwrap();
    inbox.stop().await.unwrap();
    let worker = desk.worker(inbox.smtp_url());
    desk.enqueue(event("1"), "officer@example.org", &consent_given())
        .await;
    devstack::wait_until("the alarm", SOON, || async {
        let mut connection = desk.pool.acquire().await?;
        let alarms = operations_alarms::all(&mut connection).await?;
        Ok(alarms
            .iter()
            .any(|alarm| alarm.kind == AlarmKind::MailFailing)
            .then_some(()))
    })
    .await
    .unwrap();
    let failing = desk.row(event("1")).await;
    assert_eq!(failing.state, MailState::Waiting);
    assert_eq!(failing.problem.as_deref(), Some("unreachable"));

    inbox.resume().await.unwrap();
    let sent = desk.wait_for(event("1"), MailState::Sent).await;
    assert!(sent.attempts >= 3, "{}", sent.attempts);
    assert_eq!(sent.problem, None);
    worker.stop().await;
    assert_eq!(inbox.messages().await.unwrap().len(), 1);
    let mut connection = desk.pool.acquire().await.unwrap();
    assert_eq!(operations_alarms::all(&mut connection).await.unwrap(), []);
}

#[tokio::test]
async fn a_worker_that_is_told_to_stop_stops() {
    let (desk, inbox) = (Desk::new().await, Inbox::shared().await.unwrap());
    let patient = notification::Policy {
        poll: std::time::Duration::from_secs(3600),
        ..notification::Policy::default()
    };
    let worker = desk.worker_with(inbox.smtp_url(), patient);
    tokio::time::timeout(SOON, worker.stop()).await.unwrap();
}

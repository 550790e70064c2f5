use database::operations_alarms::AlarmKind;
use database::outbox::{self, MailState};
use devstack::Inbox;
use keyring::{KeySet, SealedError};
use notification::LinkMail;
use record::time::UnixMillis;

use crate::peer::{POLITE, Peer};
use crate::{Desk, consent_given, event};

const URL: &str = "https://consent.example.org/c/secret";

fn mails() -> [LinkMail; 3] {
    let (first_name, controller) = ("Zoë".to_owned(), "Städtische Klinik".to_owned());
    let expires_at = UnixMillis(1_795_270_500_000);
    [
        LinkMail::ConsentLink {
            first_name: first_name.clone(),
            controller: controller.clone(),
            url: URL.to_owned(),
            expires_at,
            corrects: false,
            asks_again: false,
            withdrawal_url: None,
        },
        LinkMail::StaffLink {
            first_name: first_name.clone(),
            controller: controller.clone(),
            contact: "records@klinik.example".to_owned(),
            url: URL.to_owned(),
            expires_at,
            is_reset: false,
        },
        LinkMail::CopyReady {
            first_name,
            controller,
            contact: "records@klinik.example".to_owned(),
            url: URL.to_owned(),
            expires_at,
            withdrawal_url: "https://consent.example.org/w/abc".to_owned(),
        },
    ]
}

#[tokio::test]
async fn a_mail_with_a_link_opens_with_the_application_keys_alone_and_arrives() {
    let (desk, inbox) = (Desk::new().await, Inbox::shared().await.unwrap());
    let address = desk.address("owner");
    for mail in mails() {
        let event = event(mail.kind());
        desk.enqueue_link(event, &address, &mail).await;
        let row = desk.row(event).await;
        let broken = Some(SealedError::Broken);
        assert_eq!(row.open_payload(&desk.front).err(), broken);
        assert_eq!(row.open_recipient(&desk.front).err(), broken);
        let payload = row.open_link_payload(&desk.keys).unwrap().unwrap();
        let payload = String::from_utf8(payload.to_vec()).unwrap();
        assert!(payload.contains(URL));
    }
    let worker = desk.worker(inbox.smtp_url());
    for mail in mails() {
        let sent = desk.wait_for(event(mail.kind()), MailState::Sent).await;
        assert!(sent.recipient.is_none() && sent.payload.is_none());
    }
    worker.stop().await;
    let arrived = inbox.messages_to(&address).await.unwrap();
    assert_eq!(arrived.len(), mails().len());
    assert!(arrived.iter().all(|mail| mail.text.contains(URL)));
}

#[tokio::test]
async fn who_holds_the_front_keys_has_no_link_sent_to_themselves() {
    let (desk, inbox) = (Desk::new().await, Inbox::shared().await.unwrap());
    let [mail, ..] = mails();
    let (event, thief) = (event("1"), desk.address("thief"));
    desk.enqueue_link(event, &desk.address("owner"), &mail)
        .await;
    // With a MAC that holds.
    let mut row = desk.row(event).await;
    let (context, aad) = ("outbox.recipient", row.id.as_bytes());
    let sealed = desk
        .front
        .seal(context, aad, thief.as_bytes(), &mut rand::rng());
    row.recipient = Some(sealed);
    let mut connection = desk.pool.acquire().await.unwrap();
    sqlx::query("DELETE FROM outbox")
        .execute(&mut *connection)
        .await
        .unwrap();
    let written = outbox::enqueue(&mut connection, &desk.front, &row).await;
    assert!(written.unwrap());

    let worker = desk.worker(inbox.smtp_url());
    let row = desk.wait_for(event, MailState::GivenUp).await;
    worker.stop().await;
    assert_eq!(row.problem.as_deref(), Some("unreadable"));
    assert!(inbox.messages_to(&thief).await.unwrap().is_empty());
    assert!(desk.has_alarm(AlarmKind::MailUndelivered).await);
}

/// As they lie there when a key was destroyed before the mail server took them.
#[tokio::test]
async fn what_a_destroyed_key_sealed_is_given_up_and_the_other_mails_go_out() {
    let rng = &mut rand::rng();
    let set = KeySet::generate(rng);
    let desk = Desk::with(set.application().clone()).await;
    let peer = Peer::start(POLITE).await;
    let [first, second, _] = mails();
    let (old, new, other) = (event("old"), event("new"), event("other"));
    desk.enqueue_link(old, "owner@example.org", &first).await;
    desk.enqueue(other, "desk@example.org", &consent_given())
        .await;
    let (set, _) = set.with_another_key(rng).unwrap();
    let (set, _) = set.using_newest().unwrap();
    desk.keys.follow(set.application()).unwrap();
    desk.enqueue_link(new, "owner@example.org", &second).await;
    let set = set.without_unwrapping(1).unwrap();
    desk.keys.follow(set.application()).unwrap();

    let worker = desk.worker(&peer.url);
    let row = desk.wait_for(old, MailState::GivenUp).await;
    for event in [new, other] {
        desk.wait_for(event, MailState::Sent).await;
    }
    worker.stop().await;
    assert_eq!(row.problem.as_deref(), Some("unreadable"));
    assert!(row.recipient.is_none() && row.payload.is_none());
    assert!(desk.has_alarm(AlarmKind::MailUndelivered).await);
    assert_eq!(peer.taken().len(), 2);
}

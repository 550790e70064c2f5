use std::collections::BTreeMap;

use database::RowError;
use database::outbox::{self, Mail, MailState, NewMail};
use keyring::SealedError;
use rand::SeedableRng;
use rand::rngs::StdRng;
use record::ids::MailId;
use record::time::UnixMillis;

use crate::stage::{MINUTE, NOW, PERSON, Stage};

const PAYLOAD: &[u8] = b"{\"first_name\":\"Nadia\"}";

pub fn mail(stage: &Stage, event: u8, now: UnixMillis) -> Mail {
    let new = new_mail(event, "consent_received");
    Mail::seal(&stage.front, &new, &mut rand::rng(), now)
}

fn new_mail(event: u8, kind: &str) -> NewMail<'_> {
    NewMail {
        id: MailId::random(&mut rand::rng()),
        event_key: [event; 32],
        kind,
        recipient: PERSON[2].1,
        payload: PAYLOAD,
    }
}

#[tokio::test]
async fn the_front_keys_move_a_mail_with_a_link_and_do_not_open_it() {
    let stage = Stage::new().await;
    let (mut connection, front, keys) = (stage.connection().await, &stage.front, &stage.keys);
    let new = new_mail(1, "consent_link");
    let mail = Mail::seal_link(keys, &new, &mut rand::rng(), NOW);
    outbox::enqueue(&mut connection, front, &mail)
        .await
        .unwrap();
    outbox::enqueue(&mut connection, front, &self::mail(&stage, 2, NOW))
        .await
        .unwrap();
    let claimed = outbox::claim_due(&mut connection, front, 10, MINUTE, NOW).await;
    let mut claimed = claimed.unwrap().rows;
    claimed.sort_by_key(|mail| mail.event_key);
    let [link, other] = claimed.try_into().ok().unwrap();

    assert_eq!(link.open_recipient(front).err(), Some(SealedError::Broken));
    assert_eq!(link.open_payload(front).err(), Some(SealedError::Broken));
    let to = link.open_link_recipient(keys).unwrap().unwrap();
    assert_eq!(*to, PERSON[2].1);
    let payload = link.open_link_payload(keys).unwrap().unwrap();
    assert_eq!(payload.as_slice(), PAYLOAD);

    assert!(other.open_payload(front).is_ok());
    assert_eq!(
        other.open_link_payload(keys).err(),
        Some(SealedError::Broken)
    );
    for mail in [&link, &other] {
        outbox::mark_sent(&mut connection, front, mail, NOW)
            .await
            .unwrap();
    }
    let sent = outbox::by_event_key(&mut connection, front, &[1; 32]).await;
    let sent = sent.unwrap().unwrap();
    assert!(sent.open_link_payload(keys).unwrap().is_none());
}

#[tokio::test]
async fn one_event_makes_one_mail() {
    let stage = Stage::new().await;
    let writers = (0..6).map(|_| async {
        let mut connection = stage.connection().await;
        outbox::enqueue(&mut connection, &stage.front, &mail(&stage, 1, NOW))
            .await
            .unwrap()
    });
    let written = futures::future::join_all(writers).await;
    assert_eq!(written.iter().filter(|new| **new).count(), 1);
}

#[tokio::test]
async fn a_mail_is_claimed_tried_again_and_wiped_when_sent() {
    let stage = Stage::new().await;
    let mut connection = stage.connection().await;
    let front = &stage.front;
    outbox::enqueue(&mut connection, front, &mail(&stage, 1, NOW))
        .await
        .unwrap();

    let early = outbox::claim_due(&mut connection, front, 10, MINUTE, NOW.minus(MINUTE))
        .await
        .unwrap();
    assert!(early.rows.is_empty());
    let claimed = outbox::claim_due(&mut connection, front, 10, MINUTE, NOW)
        .await
        .unwrap()
        .rows;
    assert_eq!(
        *claimed[0].open_recipient(front).unwrap().unwrap(),
        PERSON[2].1
    );
    assert_eq!(
        claimed[0].open_payload(front).unwrap().unwrap().as_slice(),
        PAYLOAD
    );
    assert_eq!(claimed[0].attempts, 1);
    let held = outbox::claim_due(&mut connection, front, 10, MINUTE, NOW)
        .await
        .unwrap();
    assert!(held.rows.is_empty());

    // The first sender hangs; a second one takes over, and the first can't end what is not its own any more.
    let again = outbox::claim_due(&mut connection, front, 10, MINUTE, NOW.plus(MINUTE))
        .await
        .unwrap()
        .rows;
    assert_eq!(again[0].attempts, 2);
    let late = outbox::mark_sent(&mut connection, front, &claimed[0], NOW).await;
    assert!(matches!(late, Err(RowError::Changed { .. })));

    let next = NOW.plus(10 * MINUTE);
    outbox::retry_at(&mut connection, front, &again[0], "smtp_unreachable", next)
        .await
        .unwrap();
    let before = outbox::claim_due(&mut connection, front, 10, MINUTE, NOW.plus(9 * MINUTE))
        .await
        .unwrap();
    assert!(before.rows.is_empty());
    let third = outbox::claim_due(&mut connection, front, 10, MINUTE, next)
        .await
        .unwrap()
        .rows;
    assert_eq!(third[0].problem.as_deref(), Some("smtp_unreachable"));
    outbox::mark_sent(&mut connection, front, &third[0], next)
        .await
        .unwrap();
    let sent = outbox::by_event_key(&mut connection, front, &[1; 32])
        .await
        .unwrap()
        .unwrap();
    assert_eq!((sent.state, sent.sent_at), (MailState::Sent, Some(next)));
    assert!(
        sent.open_recipient(front).unwrap().is_none()
            && sent.open_payload(front).unwrap().is_none()
    );

    outbox::enqueue(&mut connection, front, &mail(&stage, 2, next))
        .await
        .unwrap();
    let doomed = outbox::claim_due(&mut connection, front, 10, MINUTE, next)
        .await
        .unwrap()
        .rows;
    outbox::give_up(&mut connection, front, &doomed[0], "refused_by_server")
        .await
        .unwrap();
    let given_up = outbox::by_event_key(&mut connection, front, &[2; 32])
        .await
        .unwrap()
        .unwrap();
    assert_eq!(given_up.state, MailState::GivenUp);
    assert!(given_up.recipient.is_none());
    assert_eq!(
        outbox::count(&mut connection, MailState::GivenUp)
            .await
            .unwrap(),
        1
    );
    assert!(
        !outbox::enqueue(&mut connection, front, &mail(&stage, 1, next))
            .await
            .unwrap(),
        "sent is sent"
    );
}

#[tokio::test]
async fn claimers_at_once_never_get_one_mail() {
    let stage = Stage::new().await;
    let mut connection = stage.connection().await;
    for event in 0..120 {
        outbox::enqueue(&mut connection, &stage.front, &mail(&stage, event, NOW))
            .await
            .unwrap();
    }
    let claimers = (0..12).map(|_| async {
        let mut mine = Vec::new();
        loop {
            let mut connection = stage.connection().await;
            let claimed = outbox::claim_due(&mut connection, &stage.front, 7, MINUTE, NOW)
                .await
                .unwrap();
            assert!(claimed.tampered.is_empty());
            if claimed.rows.is_empty() {
                return mine;
            }
            mine.extend(claimed.rows.into_iter().map(|mail| mail.id));
        }
    });
    let mut times = BTreeMap::new();
    for id in futures::future::join_all(claimers)
        .await
        .into_iter()
        .flatten()
    {
        *times.entry(id).or_insert(0) += 1;
    }
    // One that finds all rows locked by others stops early: the rest is due again for the next.
    assert!(times.values().all(|count| *count == 1));
    let rest = outbox::claim_due(&mut connection, &stage.front, 200, MINUTE, NOW)
        .await
        .unwrap();
    assert_eq!(times.len() + rest.rows.len(), 120);
}

#[tokio::test]
async fn a_planted_mail_is_refused_once_and_never_sent() {
    let stage = Stage::new().await;
    let mut connection = stage.connection().await;
    outbox::enqueue(&mut connection, &stage.front, &mail(&stage, 1, NOW))
        .await
        .unwrap();
    stage
        .sql(
            "INSERT INTO outbox SELECT REPEAT('p', 16), REPEAT('p', 32), kind, recipient, payload, state, 0,
                                       next_attempt_at, created_at, NULL, NULL, mac FROM outbox",
        )
        .await;
    let claimed = outbox::claim_due(&mut connection, &stage.front, 10, MINUTE, NOW)
        .await
        .unwrap();
    assert_eq!(claimed.rows.len(), 1);
    assert_eq!(claimed.tampered.len(), 1);
    assert_eq!(
        outbox::count(&mut connection, MailState::Refused)
            .await
            .unwrap(),
        1
    );
    let later = outbox::claim_due(&mut connection, &stage.front, 10, MINUTE, NOW.plus(MINUTE))
        .await
        .unwrap();
    assert_eq!((later.rows.len(), later.tampered.len()), (1, 0));
}

/// Claims the one mail that is due.
async fn claim(stage: &Stage, now: UnixMillis) -> Mail {
    let mut connection = stage.connection().await;
    let claimed = outbox::claim_due(&mut connection, &stage.front, 1, MINUTE, now).await;
    claimed.unwrap().rows.remove(0)
}

#[tokio::test]
async fn a_mail_given_up_stands_until_somebody_has_seen_to_it() {
    let stage = Stage::new().await;
    let mut connection = stage.connection().await;
    let front = &stage.front;
    let row = mail(&stage, 1, NOW);
    outbox::enqueue(&mut connection, front, &row).await.unwrap();
    assert!(!outbox::any_undelivered(&mut connection).await.unwrap());
    let seen = outbox::mark_seen(&mut connection, front, row.id).await;
    assert!(matches!(seen, Err(RowError::Changed { .. })), "it waits");

    let claimed = claim(&stage, NOW).await;
    outbox::give_up(&mut connection, front, &claimed, "refused_550")
        .await
        .unwrap();
    assert!(outbox::any_undelivered(&mut connection).await.unwrap());
    let list = outbox::undelivered(&mut connection, front, 10)
        .await
        .unwrap();
    assert_eq!(
        (list.rows[0].id, list.rows[0].is_put_off()),
        (row.id, false)
    );

    outbox::mark_seen(&mut connection, front, row.id)
        .await
        .unwrap();
    assert!(!outbox::any_undelivered(&mut connection).await.unwrap());
    let list = outbox::undelivered(&mut connection, front, 10)
        .await
        .unwrap();
    assert!(list.rows.is_empty() && list.tampered.is_empty());
    let again = outbox::mark_seen(&mut connection, front, row.id).await;
    assert!(matches!(again, Err(RowError::Changed { .. })));
}

#[tokio::test]
async fn a_mail_put_off_keeps_its_content_and_follows_its_reader() {
    let stage = Stage::new().await;
    let mut connection = stage.connection().await;
    let front = &stage.front;
    for event in 1..=2 {
        let mail = mail(&stage, event, NOW);
        outbox::enqueue(&mut connection, front, &mail)
            .await
            .unwrap();
    }
    let claimed = claim(&stage, NOW).await;
    let later = NOW.plus(MINUTE * 60);
    outbox::put_off(&mut connection, front, &claimed, "refused_550", later)
        .await
        .unwrap();
    let list = outbox::undelivered(&mut connection, front, 10)
        .await
        .unwrap();
    assert_eq!(list.rows.len(), 1);
    assert!(list.rows[0].is_put_off());
    assert!(outbox::any_undelivered(&mut connection).await.unwrap());

    let mut rng = StdRng::from_rng(&mut rand::rng());
    let kinds = ["breach_found"];
    let changed = outbox::readdress(&mut connection, front, &kinds, "a@b.example", &mut rng, NOW);
    assert_eq!(changed.await.unwrap(), 0, "other kinds stay");
    let kinds = ["consent_received"];
    for (to, count) in [(PERSON[2].1, 0), ("a@b.example", 2), ("a@b.example", 0)] {
        let changed = outbox::readdress(&mut connection, front, &kinds, to, &mut rng, NOW).await;
        assert_eq!(changed.unwrap(), count, "{to}");
    }
    let due = outbox::claim_due(&mut connection, front, 10, MINUTE, NOW)
        .await
        .unwrap();
    assert_eq!(due.rows.len(), 2);
    for mail in due.rows {
        assert_eq!(*mail.open_recipient(front).unwrap().unwrap(), "a@b.example");
    }
}

#[tokio::test]
async fn a_withdrawn_mail_holds_nothing_and_is_never_sent() {
    let stage = Stage::new().await;
    let mut connection = stage.connection().await;
    let front = &stage.front;
    let mail = mail(&stage, 1, NOW);
    outbox::enqueue(&mut connection, front, &mail)
        .await
        .unwrap();
    // One that a worker has in hand is withdrawn as well.
    let claimed = claim(&stage, NOW).await;
    assert!(
        outbox::withdraw(&mut connection, front, &[1; 32])
            .await
            .unwrap()
    );
    let outcome = outbox::retry_at(&mut connection, front, &claimed, "unreachable", NOW).await;
    assert!(matches!(outcome, Err(RowError::Changed { .. })));

    let row = outbox::by_event_key(&mut connection, front, &[1; 32])
        .await
        .unwrap()
        .unwrap();
    assert_eq!(row.state, MailState::Withdrawn);
    assert!(row.recipient.is_none() && row.payload.is_none());
    let later = NOW.plus(MINUTE * 60);
    let due = outbox::claim_due(&mut connection, front, 10, MINUTE, later)
        .await
        .unwrap();
    assert!(due.rows.is_empty() && due.tampered.is_empty());
    assert!(
        !outbox::withdraw(&mut connection, front, &[1; 32])
            .await
            .unwrap()
    );
    assert!(
        !outbox::withdraw(&mut connection, front, &[9; 32])
            .await
            .unwrap()
    );
}

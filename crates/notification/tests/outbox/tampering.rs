use database::operations_alarms::{self, AlarmKind};
use database::outbox::{self, MailState};
use devstack::Inbox;
use sqlx::AssertSqlSafe;

use crate::{Desk, SOON, consent_given, event};

/// What an attacker with the right to write any SQL may try.
const ATTEMPTS: [&str; 4] = [
    // Another's mail, to the attacker's address.
    "UPDATE outbox AS victim, outbox AS own SET victim.recipient = own.recipient
     WHERE victim.event_key = UNHEX('{victim}') AND own.event_key <> victim.event_key",
    // Another's words to a victim.
    "UPDATE outbox AS victim, outbox AS own SET victim.payload = own.payload
     WHERE victim.event_key = UNHEX('{victim}') AND own.event_key <> victim.event_key",
    "UPDATE outbox SET kind = 'restored' WHERE event_key = UNHEX('{victim}')",
    "UPDATE outbox SET mac = REPEAT('x', 36) WHERE event_key = UNHEX('{victim}')",
];

#[tokio::test]
async fn a_planted_or_changed_mail_is_not_sent_but_marked_and_told() {
    for attempt in ATTEMPTS {
        let (desk, inbox) = (Desk::new().await, Inbox::shared().await.unwrap());
        desk.enqueue(event("victim"), &desk.address("victim"), &consent_given())
            .await;
        desk.enqueue(event("own"), &desk.address("own"), &consent_given())
            .await;
        let mut connection = desk.pool.acquire().await.unwrap();
        let sql = attempt.replace("{victim}", &hex::encode(event("victim").as_bytes()));
        let changed = sqlx::query(AssertSqlSafe(sql))
            .execute(&mut *connection)
            .await
            .unwrap();
        assert_eq!(changed.rows_affected(), 1);

        let worker = desk.worker(inbox.smtp_url());
        devstack::wait_until("the refusal", SOON, || async {
            let mut connection = desk.pool.acquire().await?;
            let refused = outbox::count(&mut connection, MailState::Refused).await?;
            Ok((refused == 1).then_some(()))
        })
        .await
        .unwrap();
        desk.wait_for(event("own"), MailState::Sent).await;
        worker.stop().await;
        for (name, count) in [("own", 1), ("victim", 0)] {
            let mails = inbox.messages_to(&desk.address(name)).await.unwrap();
            assert_eq!(mails.len(), count, "{name}: {attempt}");
        }
        let alarms = operations_alarms::all(&mut connection).await.unwrap();
        assert!(
            alarms
                .iter()
                .any(|alarm| alarm.kind == AlarmKind::RowTampered),
            "{attempt}"
        );
    }
}

#[tokio::test]
async fn a_sent_mail_can_not_be_sent_again_by_sql() {
    let (desk, inbox) = (Desk::new().await, Inbox::shared().await.unwrap());
    let worker = desk.worker(inbox.smtp_url());
    let address = desk.address("owner");
    desk.enqueue(event("1"), &address, &consent_given()).await;
    desk.wait_for(event("1"), MailState::Sent).await;
    let mut connection = desk.pool.acquire().await.unwrap();
    sqlx::query("UPDATE outbox SET state = 'waiting', next_attempt_at = 0")
        .execute(&mut *connection)
        .await
        .unwrap();
    devstack::wait_until("the refusal", SOON, || async {
        let mut connection = desk.pool.acquire().await?;
        Ok((outbox::count(&mut connection, MailState::Refused).await? == 1).then_some(()))
    })
    .await
    .unwrap();
    worker.stop().await;
    assert_eq!(inbox.messages_to(&address).await.unwrap().len(), 1);
}

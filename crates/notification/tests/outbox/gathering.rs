use std::time::Duration;

use database::outbox::MailState;
use notification::{Mail, Policy};
use record::ids::Uid;
use record::time::UnixMillis;

use crate::peer::{POLITE, Peer, Script};
use crate::{Desk, SOON, breach_found, event, quick};

const TO: &str = "officer@example.org";
/// The server has the mail, and its answer never comes.
const DIES_AFTER_DATA: Script = Script { data: "", ..POLITE };

fn restored(incident: u64, uid: u64) -> Mail {
    Mail::Restored {
        incident,
        restored_at: UnixMillis(1_700_000_000_000 + uid),
        uids: vec![Uid::new(uid).unwrap()],
        count: 1,
        url: format!("http://127.0.0.1/incidents/{incident}"),
    }
}

impl Desk {
    /// Due once the worker waits for it no longer than this.
    async fn enqueue_restored(&self, incident: u64, uid: u64, wait: Duration) {
        let mut connection = self.pool.acquire().await.unwrap();
        let now = self.clock.now();
        let (when, event) = ((now, now.plus(wait)), event(&format!("{incident}/{uid}")));
        let mail = restored(incident, uid);
        let told = notification::enqueue_for(&mut connection, &self.front, when, event, TO, &mail);
        assert!(told.await.unwrap());
    }
}

#[tokio::test]
async fn what_waits_about_one_incident_goes_out_as_one_mail() {
    let desk = Desk::new().await;
    let peer = Peer::start(POLITE).await;
    let hour = Duration::from_secs(3600);
    for uid in [9, 7, 8] {
        desk.enqueue_restored(1, uid, hour).await;
    }
    desk.enqueue_restored(2, 5, hour).await;
    desk.enqueue(event("other"), TO, &breach_found()).await;
    desk.enqueue_restored(1, 3, Duration::ZERO).await;
    let worker = desk.worker(&peer.url);
    desk.wait_for(event("1/3"), MailState::Sent).await;
    desk.wait_for(event("other"), MailState::Sent).await;
    worker.stop().await;
    for uid in [7, 8, 9] {
        let row = desk.row(event(&format!("1/{uid}"))).await;
        assert_eq!(row.state, MailState::Withdrawn);
        assert!(row.payload.is_none() && row.recipient.is_none());
    }
    let waits = desk.row(event("2/5")).await;
    assert_eq!((waits.state, waits.attempts), (MailState::Waiting, 0));
    let taken = peer.taken();
    assert_eq!(taken.len(), 2);
    let told = taken.iter().find(|mail| mail.contains("restored")).unwrap();
    assert!(told.contains("4 records restored"), "{told}");
    assert!(told.contains("3, 7, 8, 9"), "{told}");
}

/// Whoever dies in between leaves either single mails or the one, and a mail that may be out is repeated byte for byte.
#[tokio::test]
async fn nothing_is_lost_or_told_otherwise_by_a_worker_that_is_killed() {
    let desk = Desk::new().await;
    let peer = Peer::start(DIES_AFTER_DATA).await;
    desk.enqueue_restored(1, 3, Duration::ZERO).await;
    desk.enqueue_restored(1, 4, Duration::from_secs(3600)).await;
    let policy = Policy {
        hold: Duration::from_millis(500),
        ..quick()
    };
    let worker = desk.worker_with(&peer.url, policy);
    devstack::wait_until("the first copy", SOON, || async {
        Ok((!peer.taken().is_empty()).then_some(()))
    })
    .await
    .unwrap();
    worker.task.abort();
    worker.task.await.ok();
    // What comes now is no part of the mail that may be out.
    desk.enqueue_restored(1, 5, Duration::from_secs(3600)).await;
    peer.change(POLITE);
    let next = desk.worker_with(&peer.url, policy);
    desk.wait_for(event("1/3"), MailState::Sent).await;
    next.stop().await;
    let taken = peer.taken();
    assert!(taken.len() >= 2);
    assert!(taken.iter().all(|mail| *mail == taken[0]), "{taken:?}");
    assert!(taken[0].contains("3, 4"), "{}", taken[0]);
    assert_eq!(desk.row(event("1/4")).await.state, MailState::Withdrawn);
    assert_eq!(desk.row(event("1/5")).await.state, MailState::Waiting);
}

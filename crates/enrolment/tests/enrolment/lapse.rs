use std::time::Duration;

use database::consent_links::{self, LinkState};
use database::record_events::{self, Actor, RecordEventKind};
use database::records::{self, Head, RecordState};
use database::{evidence, record_versions};
use enrolment::Sending;
use record::ids::RecordId;
use sqlx::MySqlConnection;

use crate::stage::{LINK_LIFETIME, Stage};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
const SECOND: Duration = Duration::from_secs(1);

impl Stage {
    /// What is destroyed that nobody has touched for thirty days; how many, and how many are somebody else's.
    async fn lapse(&self) -> (usize, usize) {
        let now = self.clock.now();
        enrolment::lapse(&self.pool, &self.front, now.minus(DAY * 30), now)
            .await
            .unwrap()
    }

    async fn state(&self, id: RecordId) -> RecordState {
        self.record(id).await.state
    }
}

#[tokio::test]
async fn what_nobody_signs_is_destroyed_in_its_time_and_nothing_else() {
    let stage = Stage::new().await;
    let (old, _) = stage.entered().await;
    let (signed, link) = stage.entered().await;
    stage.sign(signed, &link).await;
    stage.clock.advance(LINK_LIFETIME + DAY * 29);
    let (young, _) = stage.entered().await;
    assert_eq!(stage.lapse().await, (0, 0), "not yet");
    stage.clock.advance(DAY + SECOND);
    assert_eq!(stage.lapse().await, (1, 0));
    assert_eq!(stage.lapse().await, (0, 0), "once");

    let gone = stage.record(old).await;
    assert_eq!(gone.state, RecordState::Lapsed);
    assert_eq!((gone.wallet_index, gone.email_index), ([0; 32], [0; 32]));
    let mut connection = stage.connection().await;
    let left = evidence::by_record(&mut connection, old).await.unwrap();
    let left = left.unwrap();
    assert!(left.versions.is_empty() && left.owner_key.is_none());
    let events = record_events::of_record(&mut connection, &stage.front, old).await;
    let last = events.unwrap().rows.pop().unwrap();
    assert_eq!(
        (last.kind, last.actor),
        (RecordEventKind::Lapsed, Actor::System)
    );

    assert_eq!(stage.state(signed).await, RecordState::Consented);
    assert_eq!(stage.state(young).await, RecordState::AwaitingConsent);
    for id in [signed, young] {
        stage.plain(id).await;
    }
}

/// A new link or an answer begins the time anew.
/// Whatever was sealed of a person, or could be looked up by, is gone from every table, mails that wait included.
#[tokio::test]
async fn nothing_of_a_person_is_left_of_a_draft() {
    const SEALED: [&str; 9] = [
        "SELECT COUNT(*) FROM record_versions",
        "SELECT COUNT(*) FROM owner_keys",
        "SELECT COUNT(*) FROM corrections",
        "SELECT COUNT(*) FROM consents",
        "SELECT COUNT(*) FROM retentions",
        "SELECT COUNT(*) FROM consent_links WHERE wrapped_key <> '' OR desk_code <> '' OR offer IS NOT NULL OR predecessor IS NOT NULL",
        "SELECT COUNT(*) FROM access_copies WHERE wrapped_key <> '' OR desk_code <> '' OR content <> ''",
        "SELECT COUNT(*) FROM outbox WHERE recipient IS NOT NULL OR payload IS NOT NULL",
        "SELECT COUNT(*) FROM records WHERE wallet_index <> REPEAT('\\0', 32) OR email_index <> REPEAT('\\0', 32)",
    ];
    let stage = Stage::new().await;
    let (id, _) = stage.entered().await;
    stage.issue(id, Sending::ByMail).await.unwrap();
    stage
        .edit(id, &crate::stage::details("new@home.example"))
        .await
        .unwrap();
    stage.issue(id, Sending::ByMail).await.unwrap();
    let mails = "SELECT COUNT(*) FROM outbox WHERE recipient IS NOT NULL";
    assert!(stage.count(mails).await > 0, "one waits");
    let before: Vec<_> = SEALED[..2].to_vec();
    for sql in before {
        assert_eq!(stage.count(sql).await, 1, "{sql}");
    }
    stage.clock.advance(LINK_LIFETIME + DAY * 31);
    assert_eq!(stage.lapse().await, (1, 0));
    for sql in SEALED {
        assert_eq!(stage.count(sql).await, 0, "{sql}");
    }
    assert_eq!(stage.state(id).await, RecordState::Lapsed);
}

#[tokio::test]
async fn whoever_is_still_at_it_keeps_what_is_there() {
    let stage = Stage::new().await;
    let (linked, _) = stage.entered().await;
    let (asked, link) = stage.entered().await;
    stage.clock.advance(LINK_LIFETIME + DAY * 20);
    stage.issue(linked, Sending::AtTheDesk).await.unwrap();
    let mut connection = stage.connection().await;
    let (front, id) = (&stage.front, stage.link(&link).await.id);
    consent_links::close(&mut connection, front, id, LinkState::Corrected)
        .await
        .unwrap();
    stage.move_to(asked, RecordState::CorrectionRequested).await;
    stage.clock.advance(DAY * 20);
    assert_eq!(stage.lapse().await, (0, 0));
    stage.clock.advance(DAY * 10 + SECOND);
    assert_eq!(stage.lapse().await, (1, 0), "nobody saw to what was asked");
    assert_eq!(stage.state(asked).await, RecordState::Lapsed);
    stage.clock.advance(LINK_LIFETIME);
    assert_eq!(stage.lapse().await, (1, 0));
    assert_eq!(stage.state(linked).await, RecordState::Lapsed);
}

/// Of a correction only the correction goes.
#[tokio::test]
async fn a_record_that_is_anchored_stays_as_its_owner_signed_it() {
    let stage = Stage::new().await;
    let id = stage.anchored(7).await;
    let before = stage.plain(id).await.fields;
    stage.rectify_address(id).await.unwrap();
    assert_eq!(stage.state(id).await, RecordState::AwaitingConsent);
    stage.clock.advance(LINK_LIFETIME + DAY * 30 + SECOND);
    assert_eq!(stage.lapse().await, (1, 0));
    let stands = stage.record(id).await;
    assert_eq!(stands.state, RecordState::Anchored);
    assert_eq!(stands.version.get(), 1);
    assert!(stage.plain(id).await.fields == before);
    assert_eq!(stage.count("SELECT COUNT(*) FROM record_versions").await, 1);
    let events = record_events::of_record(&mut *stage.connection().await, &stage.front, id).await;
    let last = events.unwrap().rows.pop().unwrap();
    let dropped = RecordEventKind::RectificationDropped;
    assert_eq!((last.kind, last.actor), (dropped, Actor::System));
    assert_eq!(stage.lapse().await, (0, 0));
}

/// Who puts the head of a signed record back, or makes one that waits look older, has nothing destroyed by it.
#[tokio::test]
async fn nobody_has_anything_destroyed_by_sql() {
    let stage = Stage::new().await;
    let (signed, link) = stage.entered().await;
    let mut connection = stage.connection().await;
    let head = head(&mut connection, signed).await;
    stage.sign(signed, &link).await;
    stage.clock.advance(LINK_LIFETIME + DAY * 31);
    let (fresh, _) = stage.entered().await;
    records::put(&mut connection, &stage.front, &head.record)
        .await
        .unwrap();
    stage
        .run("UPDATE records SET created_at = 1, updated_at = 1 ORDER BY created_at DESC LIMIT 1")
        .await;
    stage.run("UPDATE consent_links SET expires_at = 1").await;
    assert_eq!(stage.lapse().await, (0, 2));
    for id in [signed, fresh] {
        let version = record::ids::Version::FIRST;
        let values = record_versions::load(&mut connection, id, version).await;
        assert!(values.unwrap().is_some());
        stage.key(id).await;
    }
    assert_eq!(stage.count("SELECT COUNT(*) FROM consents").await, 1);
}

async fn head(connection: &mut MySqlConnection, id: RecordId) -> Head {
    let found = evidence::by_record(connection, id).await.unwrap();
    found.unwrap().head.unwrap()
}

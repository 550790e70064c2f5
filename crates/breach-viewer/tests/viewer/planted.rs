//! Rows that grant access or move work, written by somebody without our keys: they do nothing, and are told.

use std::time::Duration;

use database::outbox::{Mail, NewMail};
use demo::doors::PEOPLE;
use keyring::{FrontKeys, KeySet, LinkSecret};
use record::ids::{MailId, Uid};
use record::time::Clock;
use sqlx::Connection;

use crate::harness::{Answer, Browser, Enrolled, InProcess, LIMIT, Stage, add_staff, sign_up};

const TOLD: &str =
    "Somebody wrote rows behind Sealwatch&#39;s back: of accounts, sessions, links, jobs, mails,";
/// What a further mail about an alarm says.
const MORE: &str = "More of what you had a mail about";
const HOUR: Duration = Duration::from_secs(60 * 60);
/// The MAC of no row.
const MAC: &str = "X'000000011111111111111111111111111111111111111111111111111111111111111111'";
/// What the database holds of a session whose cookie is 32 zero bytes: their SHA-256.
const HASH_OF_ZEROS: &str = "66687aadf862bd776c8fc18b8e9f8e20089714856ee233b3902a591d0d5f2925";

#[tokio::test(flavor = "multi_thread")]
async fn planted_rows_do_nothing_and_are_told() {
    let stage = Stage::with(2).await;
    let officer = stage.officer().await;
    stage.until_all_valid(&officer).await;
    let signed = sign_up(&stage.site, &stage.clerk, &PEOPLE[2..3]).await;
    add_staff(&stage.site, "clerk", "ghost").await;
    assert!(officer.get("/records").await.banner().is_empty());

    plant_rows(&stage, &signed[0]).await;
    let front = KeySet::load(&stage.site.key_dir())
        .unwrap()
        .application()
        .front();
    let link = plant_link(&stage, &front).await;
    plant_mail(&stage, &front).await;

    let is_told = |page: &Answer| page.banner().contains(TOLD);
    let grid = stage.until(&officer, "/records", is_told).await;
    assert!(!grid.banner().contains("Nothing can be verified"));
    the_log_names_them(&stage, &officer).await;
    it_is_mailed_once(&stage).await;
    nobody_signs_in_with_them(&stage).await;
    the_link_opens_nothing(&stage, &link).await;
    nothing_is_sent_and_nothing_anchored(&stage, &signed[0]).await;
    for uid in [1, 2] {
        assert_eq!(officer.verify(uid).await, "Valid", "a neighbour");
    }
    stage.assert_no_breach().await;
    stage.assert_breach_is_found(&officer, 1).await;
    stage.site.stop().await.unwrap();
}

/// The alarm stands already when the second row is planted.
#[tokio::test(flavor = "multi_thread")]
async fn what_more_is_planted_is_mailed_once_the_hour_is_over() {
    let mut stage = Stage::with(2).await;
    let officer = stage.officer().await;
    stage.until_all_valid(&officer).await;
    let viewer = InProcess::start(&mut stage, Clock::adjustable(), &[]).await;
    plant_job(&stage, 7).await;
    let is_told = |mail: &devstack::Mail| mail.text.contains("Somebody wrote rows");
    let first = stage.site.inbox.wait_for(LIMIT, is_told).await.unwrap();
    assert!(!first.text.contains(MORE));
    viewer.clock.advance(2 * HOUR);
    until_seen_again(&stage, &viewer).await;
    plant_job(&stage, 8).await;
    until_seen_again(&stage, &viewer).await;
    assert_eq!(told(&stage, MORE).await, 0, "the hour is not over");
    viewer.clock.advance(HOUR);
    let says_more = |mail: &devstack::Mail| is_told(mail) && mail.text.contains(MORE);
    stage.site.inbox.wait_for(LIMIT, says_more).await.unwrap();
    viewer.clock.advance(3 * HOUR);
    until_seen_again(&stage, &viewer).await;
    assert_eq!(told(&stage, MORE).await, 1);
    let officer = viewer.browser();
    stage.sign_in(&officer, "officer").await;
    for uid in [1, 2] {
        assert_eq!(officer.verify(uid).await, "Valid", "a neighbour");
    }
    viewer.stop().await;
    stage.site.stop().await.unwrap();
}

async fn plant_job(stage: &Stage, version: u32) {
    stage
        .sql(&format!(
            "INSERT INTO anchoring_jobs (record_id, version, state, approved_by, approved_at, attempts, updated_at, mac) \
             SELECT id, {version}, 'queued', created_by, created_at, 0, created_at, {MAC} FROM records WHERE uid = 1"
        ))
        .await;
}

/// Until the viewer has looked for planted rows once from now on, and had the time to tell.
async fn until_seen_again(stage: &Stage, viewer: &InProcess) {
    let now = i64::try_from(viewer.clock.now().0).unwrap();
    let seen =
        "SELECT CAST(last_seen_at AS SIGNED) FROM operations_alarms WHERE kind = 'row_tampered'";
    let later = |seen| seen > now + 5000;
    stage.until_number("a look", seen, later).await;
}

async fn told(stage: &Stage, words: &str) -> usize {
    let mails = stage.site.inbox.messages().await.unwrap();
    let says = |mail: &&devstack::Mail| {
        mail.text.contains("Somebody wrote rows") && mail.text.contains(words)
    };
    mails.iter().filter(says).count()
}

/// An officer under a login whose password the attacker knows, a session of the real officer, and a job.
async fn plant_rows(stage: &Stage, signed: &Enrolled) {
    let mut connection = stage.connect().await;
    let mut act = connection.begin().await.unwrap();
    let record = &signed.record;
    for statement in [
        "CREATE TEMPORARY TABLE ghost AS SELECT * FROM staff ORDER BY created_at DESC LIMIT 1".to_owned(),
        "DELETE FROM staff WHERE id IN (SELECT id FROM ghost)".to_owned(),
        "INSERT INTO staff SELECT RANDOM_BYTES(16), login_index, login, display_name, password_hash, \
         'data_protection_officer', NULL, created_at, mac, NULL, NULL, NULL, NULL, 0 FROM ghost"
            .to_owned(),
        format!(
            "INSERT INTO sessions SELECT X'{HASH_OF_ZEROS}', app, staff_id, created_at, last_seen_at, expires_at, NULL, mac \
             FROM sessions WHERE app = 'viewer' LIMIT 1"
        ),
        format!(
            "INSERT INTO anchoring_jobs (record_id, version, state, approved_by, approved_at, attempts, updated_at, mac) \
             SELECT id, 1, 'queued', created_by, created_at, 0, created_at, {MAC} FROM records WHERE id = X'{record}'"
        ),
    ] {
        let done = sqlx::query(sqlx::AssertSqlSafe(statement.clone()))
            .execute(&mut *act)
            .await
            .unwrap();
        assert_eq!(done.rows_affected(), 1, "{statement}");
    }
    act.commit().await.unwrap();
}

/// A copy of a link, opened again, whose secret the attacker chose; even its hash is the right one.
async fn plant_link(stage: &Stage, front: &FrontKeys) -> String {
    let secret = LinkSecret::generate(&mut rand::rng());
    let hash = hex::encode(front.hash_secret(&secret));
    stage
        .sql(&format!(
            "INSERT INTO consent_links SELECT RANDOM_BYTES(16), record_id, version, draft, X'{hash}', wrapped_key, desk_code, \
             predecessor, offer, 'open', 0, created_by, created_at, expires_at, mac FROM consent_links LIMIT 1"
        ))
        .await;
    format!("/c/{}", &*secret.to_url())
}

/// Sealed with the real keys, and without their MAC.
async fn plant_mail(stage: &Stage, front: &FrontKeys) {
    let told = notification::Mail::Restored {
        incident: 1,
        restored_at: Clock::system().now(),
        uids: vec![Uid::new(1).unwrap()],
        count: 1,
        url: "http://evil.example".to_owned(),
    };
    let new = NewMail {
        id: MailId::random(&mut rand::rng()),
        event_key: [7; 32],
        kind: told.kind(),
        recipient: "victim@example.org",
        payload: &serde_json::to_vec(&told).unwrap(),
    };
    let mail = Mail::seal(front, &new, &mut rand::rng(), Clock::system().now());
    let (recipient, payload) = (mail.recipient.unwrap(), mail.payload.unwrap());
    stage
        .sql(&format!(
            "INSERT INTO outbox VALUES (X'{}', X'{}', 'restored', X'{}', X'{}', 'waiting', 0, 0, 1, NULL, NULL, {MAC})",
            hex::encode(mail.id.as_bytes()),
            hex::encode(new.event_key),
            hex::encode(recipient),
            hex::encode(payload),
        ))
        .await;
}

async fn the_log_names_them(stage: &Stage, officer: &Browser) {
    let tables = [
        "staff",
        "sessions",
        "consent_links",
        "anchoring_jobs",
        "outbox",
    ];
    let line = |table| {
        format!("ALARM: a planted or altered row stands in the database table=\"{table}\" row=")
    };
    let named = |_: &Answer| {
        tables
            .iter()
            .all(|table| stage.site.viewer.log().contains(&line(table)))
    };
    stage.until(officer, "/records", named).await;
}

async fn it_is_mailed_once(stage: &Stage) {
    let said = |mail: &devstack::Mail| {
        mail.is_to("officer@nordhaven.example") && mail.text.contains("Somebody wrote rows")
    };
    stage.site.inbox.wait_for(LIMIT, said).await.unwrap();
    // Several rounds have seen the rows by the end of the next one.
    tokio::time::sleep(Duration::from_secs(2)).await;
    let mails = stage.site.inbox.messages().await.unwrap();
    assert_eq!(mails.iter().filter(|mail| said(mail)).count(), 1);
}

async fn nobody_signs_in_with_them(stage: &Stage) {
    let browser = stage.browser();
    let answer = stage.sign_in(&browser, "ghost").await;
    assert_eq!(answer.status, 401, "{}", answer.body);
    let cookie = format!("sealwatch-viewer={}", "0".repeat(64));
    for path in ["/records", "/records/1", "/incidents"] {
        let answer = browser.get_with_cookie(path, &cookie).await;
        assert_eq!(answer.status, 401, "{path}");
        assert!(answer.line(1).is_empty());
    }
}

async fn the_link_opens_nothing(stage: &Stage, path: &str) {
    let consent = Browser::at(stage.site.consent.url());
    let account = format!(r#"{{"account":"{}"}}"#, stage.people[0].wallet);
    for answer in [
        consent.get(path).await,
        consent
            .post_json(&format!("{path}/challenge"), &account)
            .await,
    ] {
        assert_eq!(answer.status, 410, "{}", answer.body);
        assert!(!answer.says("data-state=\"identify\"") && !answer.says("MAC"));
    }
}

async fn nothing_is_sent_and_nothing_anchored(stage: &Stage, signed: &Enrolled) {
    let to_victim = stage.site.inbox.messages_to("victim@example.org").await;
    assert!(to_victim.unwrap().is_empty());
    let anchored = "SELECT COUNT(*) FROM records WHERE uid IS NOT NULL";
    assert_eq!(stage.number(anchored).await, 2);
    let untouched = format!(
        "SELECT COUNT(*) FROM anchoring_jobs, records WHERE record_id = X'{}' AND record_id = records.id \
         AND anchoring_jobs.state = 'queued' AND anchoring_jobs.nonce IS NULL AND records.state = 'consented'",
        signed.record
    );
    assert_eq!(stage.number(&untouched).await, 1);
}

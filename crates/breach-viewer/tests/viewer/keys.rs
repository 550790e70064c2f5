//! The keys of another database: nothing opens and no MAC holds, and yet nobody has tampered with anything.

use devstack::{Mail, wait_until};
use keyring::KeySet;
use notification::EventKey;
use record::ids::RecordId;
use record::time::Clock;

use crate::harness::{Answer, LIMIT, Stage};

const WRONG: &str = "Nothing can be verified right now. \
                     The keys are not those that the database was written with";

#[tokio::test(flavor = "multi_thread")]
async fn wrong_keys_accuse_nobody_and_lose_nothing() {
    let mut stage = Stage::with(2).await;
    let officer = stage.officer().await;
    stage.until_all_valid(&officer).await;
    stage.site.entry.stop().await.unwrap();
    stage.site.consent.stop().await.unwrap();
    stage.site.viewer.stop().await.unwrap();
    leave_a_mail(&stage).await;

    start_with_other_keys(&mut stage).await;
    it_says_so_to_those_who_can_not_sign_in(&stage).await;
    // Long enough for several looks at the outbox and rounds of the sweep.
    tokio::time::sleep(std::time::Duration::from_secs(3)).await;
    let waiting = "SELECT COUNT(*) FROM outbox WHERE state = 'waiting'";
    assert_eq!(stage.number(waiting).await, 1, "the mail is genuine");
    let alarms = "SELECT COUNT(*) FROM operations_alarms WHERE kind <> 'keys_wrong'";
    assert_eq!(stage.number(alarms).await, 0);
    stage.assert_no_breach().await;

    let right = stage.site.key_dir();
    stage.use_keys(&right);
    stage.restart_viewer(&[]).await;
    stage.until_all_valid(&officer).await;
    let left = |mail: &Mail| mail.is_to("left@nordhaven.example");
    stage.site.inbox.wait_for(LIMIT, left).await.unwrap();
    stage.assert_no_breach().await;
    stage.assert_breach_is_found(&officer, 1).await;
    stage.site.stop().await.unwrap();
}

async fn leave_a_mail(stage: &Stage) {
    let keys = KeySet::load(&stage.site.key_dir()).unwrap();
    let front = keys.application().front();
    let mail = notification::Mail::CorrectionAsked {
        record: RecordId::from_bytes([1; 16]),
        url: None,
    };
    let mut connection = stage.connect().await;
    let written = notification::enqueue(
        &mut connection,
        &front,
        Clock::system().now(),
        EventKey::of("test", b"1"),
        "left@nordhaven.example",
        &mail,
    );
    assert!(written.await.unwrap());
}

async fn start_with_other_keys(stage: &mut Stage) {
    let directory = stage.site.dir().join("other-keys");
    let other = KeySet::generate(&mut rand::rng());
    other.save(&directory, &mut rand::rng()).unwrap();
    stage.use_keys(&directory);
    stage.site.viewer.spawn().unwrap();
    let browser = stage.browser();
    wait_until("the viewer to listen", LIMIT, || async {
        Ok(browser.try_get("/healthz").await.map(drop))
    })
    .await
    .unwrap();
}

async fn it_says_so_to_those_who_can_not_sign_in(stage: &Stage) {
    let stranger = stage.browser();
    let ready = stranger.get("/readyz").await;
    assert_eq!(ready.status, 503);
    let checks = r#"{"ready":false,"checks":{"database":"ok","keys":"failed"}}"#;
    assert_eq!(ready.body, checks, "the part, and nothing more");
    let is_told = |page: &Answer| page.banner().contains(WRONG);
    stage.until(&stranger, "/sign-in", is_told).await;
    let answer = stage.sign_in(&stranger, "officer").await;
    assert_eq!(answer.status, 401, "{}", answer.body);
}

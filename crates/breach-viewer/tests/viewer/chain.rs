//! A chain that does not answer, or answers nonsense: nothing can be told, and nobody is accused of a breach.

use devstack::Fault;
use serde_json::{Value, json};

use crate::harness::{Answer, Browser, Stage};

const SILENT: &str = "The chain does not answer.";
const ANOTHER: &str = "The endpoint serves another chain than the pinned one.";
const DISAGREES: &str = "The chain&#39;s contracts tell different things.";

#[tokio::test(flavor = "multi_thread")]
async fn nonsense_from_the_chain_is_an_alarm_and_no_breach() {
    let mut options = Stage::options();
    options.proxies = true;
    let stage = Stage::start(2, options).await;
    let officer = stage.officer().await;
    stage.until_all_valid(&officer).await;
    let proxy = stage.site.viewer_proxy.as_ref().unwrap();

    for (method, answer, told) in nonsense() {
        proxy.fault(method, Fault::Answer(answer.clone()));
        let what = format!("{method} answers {answer}");
        assert_eq!(officer.verify(1).await, "Unverifiable", "{what}");
        verify_all_says(&stage, &officer, told).await;
        proxy.heal_all();
    }
    proxy.cut_all();
    the_grid_says_so(&stage, &officer).await;
    strangers_are_told_nothing(&stage, &officer).await;
    no_door_leads_around_it(&stage, &officer).await;
    proxy.heal_all();
    stage.until_all_valid(&officer).await;
    stage.assert_no_breach().await;
    stage.assert_breach_is_found(&officer, 2).await;
    stage.site.stop().await.unwrap();
}

fn nonsense() -> [(&'static str, Value, &'static str); 6] {
    [
        ("eth_chainId", json!("0x1"), ANOTHER),
        ("eth_getCode", json!("0x"), ANOTHER),
        ("eth_call", json!("0x"), ANOTHER),
        ("eth_call", json!(format!("0x{}", "ff".repeat(32))), ANOTHER),
        ("eth_getBlockByNumber", json!(null), DISAGREES),
        ("eth_getBlockByNumber", json!("garbage"), DISAGREES),
    ]
}

async fn verify_all_says(stage: &Stage, officer: &Browser, told: &str) {
    officer.submit("/records/verify-all", &[]).await;
    let words = format!("Not all records could be verified. {told} This is not a breach.");
    let is_told = |page: &Answer| page.section("rounds").contains(&words);
    stage.until(officer, "/records", is_told).await;
}

/// Who is not signed in learns nothing of what operations have to mend.
async fn strangers_are_told_nothing(stage: &Stage, officer: &Browser) {
    assert!(officer.get("/").await.banner().contains(SILENT));
    let stranger = stage.browser();
    for path in ["/sign-in", "/", "/nowhere"] {
        let page = stranger.get(path).await;
        assert!(page.says("Sealwatch Viewer"), "{path}");
        assert!(page.banner().is_empty() && !page.says(SILENT), "{path}");
    }
}

/// Alarms of before stand beside it until a round has ended well.
async fn the_grid_says_so(stage: &Stage, officer: &Browser) {
    let is_told = |page: &Answer| {
        let (banner, badges) = (page.banner(), page.badges());
        banner.contains("Nothing can be verified right now.")
            && banner.contains(SILENT)
            && banner.contains("This is not a breach")
            && badges == ["Unverifiable", "Unverifiable"]
    };
    stage.until(officer, "/records", is_told).await;
    let record = officer.get("/records/1").await;
    assert!(record.says("Nothing can be told right now."));
    // Pages work without the chain, so that somebody is told at all.
    assert_eq!(stage.browser().get("/readyz").await.status, 200);
}

async fn no_door_leads_around_it(stage: &Stage, officer: &Browser) {
    assert_eq!(officer.verify(1).await, "Unverifiable");
    verify_all_says(stage, officer, SILENT).await;
    for answer in [
        officer.get("/records/1/restore").await,
        officer.post("/records/1/restore", &[]).await,
    ] {
        assert_eq!(answer.status, 503);
        assert!(
            answer.says("We can&#39;t reach the chain."),
            "{}",
            answer.body
        );
    }
    let restored = "SELECT COUNT(*) FROM record_events WHERE kind = 'restored'";
    assert_eq!(stage.number(restored).await, 0);
}

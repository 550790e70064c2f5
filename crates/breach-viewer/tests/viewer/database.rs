//! The database goes away in the middle of a round, and comes back.

use devstack::{DatabaseOptions, DatabaseServer};

use crate::harness::{Answer, Browser, Stage};

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_goes_away_is_no_breach() {
    // One record a second, so that there is always a round under way.
    let mut options = Stage::options().setting("breach-viewer", "SWEEP_RATE", "1");
    options.own_database = true;
    let stage = Stage::start(3, options).await;
    let officer = stage.officer().await;
    stage.until_all_valid(&officer).await;
    let in_the_middle = |page: &Answer| page.says("aria-label=\"This round of the sweep\"");
    stage.until(&officer, "/records", in_the_middle).await;

    stage.site.database().stop().await.unwrap();
    it_says_so(&stage, &officer).await;
    let again = DatabaseOptions {
        dir: Some(stage.site.dir().join("database")),
        port: stage.site.database().url().port(),
        durable: false,
        ..DatabaseOptions::default()
    };
    let server = DatabaseServer::start(&again).await.unwrap();
    stage.until_all_valid(&officer).await;
    assert_eq!(stage.browser().get("/readyz").await.status, 200);
    stage.assert_no_breach().await;

    server.freeze().unwrap();
    let ready = stage.browser().get("/readyz").await;
    assert_eq!(ready.status, 503, "a hanging one is told within seconds");
    server.thaw().unwrap();
    stage.until_all_valid(&officer).await;
    stage.assert_no_breach().await;
    stage.assert_breach_is_found(&officer, 3).await;
    stage.site.stop().await.unwrap();
    server.stop().await.unwrap();
}

async fn it_says_so(stage: &Stage, officer: &Browser) {
    let words =
        "Nothing can be verified right now. The database does not answer. This is not a breach";
    let stranger = stage.browser();
    let is_told = |page: &Answer| page.banner().contains(words);
    stage.until(&stranger, "/sign-in", is_told).await;
    let ready = stranger.get("/readyz").await;
    assert_eq!(ready.status, 503);
    let checks = r#"{"ready":false,"checks":{"database":"failed","keys":"failed"}}"#;
    assert_eq!(ready.body, checks, "the parts, and nothing more");
    assert_eq!(stranger.get("/healthz").await.status, 200);
    // Each waits a while for a connection.
    let answers = tokio::join!(
        officer.get("/records"),
        officer.get("/incidents"),
        officer.post("/records/1/verify", &[]),
        officer.post("/records/verify-all", &[]),
        officer.post("/records/1/restore", &[]),
    );
    for answer in <[Answer; 5]>::from(answers) {
        assert_eq!(answer.status, 503);
        assert!(answer.says("We can&#39;t reach the database."));
    }
}

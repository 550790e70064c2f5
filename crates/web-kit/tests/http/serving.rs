use crate::harness::{Options, SLOW_ASKED, TestApp};

#[tokio::test]
async fn health_and_readiness_are_two_things() {
    let app = TestApp::start_with(Options {
        ready: false,
        ..Options::default()
    })
    .await;
    let mut browser = app.browser();
    assert_eq!(browser.get("/healthz").await.status, 200);
    let answer = browser.get("/readyz").await;
    assert_eq!(answer.status, 503);
    assert_eq!(
        answer.body, r#"{"ready":false,"checks":{"chain":"failed","database":"ok"}}"#,
        "names the part, not the cause"
    );
    app.end().await;
}

#[tokio::test]
async fn a_ready_app_says_so() {
    let app = TestApp::start().await;
    let answer = app.browser().get("/readyz").await;
    assert_eq!(answer.status, 200);
    assert_eq!(
        answer.body,
        r#"{"ready":true,"checks":{"chain":"ok","database":"ok"}}"#
    );
    app.end().await;
}

#[tokio::test]
async fn what_is_in_flight_is_finished() {
    let (app, mut browser) = TestApp::with_clerk().await;
    let url = app.url.clone();
    let slow = tokio::spawn(async move { browser.get("/slow").await });
    SLOW_ASKED.notified().await;
    app.end().await;
    let answer = slow.await.unwrap();
    assert_eq!((answer.status, answer.body.as_str()), (200, "finished"));
    assert!(
        reqwest::get(format!("{url}/healthz")).await.is_err(),
        "nobody listens any more"
    );
}

use reqwest::header::SET_COOKIE;

use crate::harness::TestApp;

#[tokio::test]
async fn it_ends_the_session_for_good() {
    let (app, mut browser) = TestApp::with_clerk().await;
    let mut thief = browser.clone();
    let answer = browser.post("/sign-out", &[]).await;
    assert_eq!(answer.status, 200);
    assert!(answer.body.contains("You are signed out."));
    let cleared = answer.headers[SET_COOKIE].to_str().unwrap();
    assert!(
        cleared.starts_with("sealwatch-entry=;") && cleared.contains("Max-Age=0"),
        "{cleared}"
    );
    assert_eq!(answer.headers["clear-site-data"], "\"cache\"");
    assert_eq!(
        thief.get("/").await.status,
        401,
        "a copy of the cookie is worth nothing"
    );
    assert_eq!(app.count("SELECT COUNT(*) FROM sessions").await, 0);
    app.end().await;
}

#[tokio::test]
async fn a_link_to_it_does_nothing() {
    let (app, mut browser) = TestApp::with_clerk().await;
    let answer = browser.get("/sign-out").await;
    assert_eq!((answer.status, answer.location()), (303, "/"));
    assert_eq!(browser.get("/").await.status, 200);
    app.end().await;
}

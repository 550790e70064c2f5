//! A half-filled form survives its session.

use std::time::Duration;

use database::staff::Role;
use reqwest::header::{ACCEPT, ORIGIN};

use crate::harness::{Answer, Browser, PASSWORD, TestApp};

const TYPED: [(&str, &str); 2] = [
    ("name", "Zoë \"Z\" van Dijk"),
    ("note", "two\nlines & <more>"),
];
const SHOWN: [&str; 2] = [
    r#"value="Zoë &#34;Z&#34; van Dijk""#,
    "\ntwo\nlines &#38; &#60;more&#62;</textarea>",
];

/// A clerk whose session ended over a form, which is now in the sign-in page.
async fn over_a_form() -> (TestApp, Browser, Answer) {
    let (app, mut browser) = TestApp::with_clerk().await;
    app.clock.advance(Duration::from_secs(31 * 60));
    let answer = browser.post("/new", &TYPED).await;
    assert_eq!(answer.status, 401);
    assert!(answer.body.contains("what you typed comes back"));
    assert!(!answer.body.contains("van Dijk"), "it is sealed");
    (app, browser, answer)
}

async fn sign_in(browser: &mut Browser, login: &str, kept: &str) -> Answer {
    let form = [("login", login), ("password", PASSWORD), ("kept", kept)];
    browser.post("/sign-in", &form).await
}

fn is_filled_in(page: &Answer) -> bool {
    SHOWN.iter().all(|text| page.body.contains(text))
}

#[tokio::test]
async fn it_comes_back_filled_in_and_is_not_sent() {
    let (app, mut browser, answer) = over_a_form().await;
    let answer = sign_in(&mut browser, "anna", &answer.kept()).await;
    assert_eq!((answer.status, answer.location()), (303, "/new"));
    let page = browser.get("/new").await;
    assert_eq!(page.status, 200);
    assert!(is_filled_in(&page), "{}", page.body);
    assert!(page.body.contains("it has not been sent yet"));
    assert!(!page.body.contains("It is entered."));
    assert!(!is_filled_in(&browser.get("/new").await), "once");
    app.end().await;
}

#[tokio::test]
async fn a_wrong_password_does_not_lose_it() {
    let (app, mut browser, answer) = over_a_form().await;
    let form = [
        ("login", "anna"),
        ("password", "wrong"),
        ("kept", &answer.kept()),
    ];
    let again = browser.post("/sign-in", &form).await;
    assert_eq!(again.status, 401);
    sign_in(&mut browser, "anna", &again.kept()).await;
    assert!(is_filled_in(&browser.get("/new").await));
    app.end().await;
}

#[tokio::test]
async fn nobody_else_gets_it() {
    let (app, mut browser, answer) = over_a_form().await;
    app.add_staff("bert", Role::Clerk).await;
    let answer = sign_in(&mut browser, "bert", &answer.kept()).await;
    assert_eq!((answer.status, answer.location()), (303, "/new"));
    assert!(!is_filled_in(&browser.get("/new").await));
    app.end().await;
}

#[tokio::test]
async fn without_any_session_it_is_kept_as_well() {
    let (app, mut browser) = TestApp::with_clerk().await;
    browser.cookie = None;
    let answer = browser.post("/new", &TYPED).await;
    sign_in(&mut browser, "anna", &answer.kept()).await;
    assert!(is_filled_in(&browser.get("/new").await));
    app.end().await;
}

#[tokio::test]
async fn it_is_kept_for_an_hour() {
    let (app, mut browser, answer) = over_a_form().await;
    app.clock.advance(Duration::from_secs(61 * 60));
    let answer = sign_in(&mut browser, "anna", &answer.kept()).await;
    assert_eq!((answer.status, answer.location()), (303, "/"));
    assert!(!is_filled_in(&browser.get("/new").await));
    app.end().await;
}

#[tokio::test]
async fn what_we_did_not_seal_leads_nowhere() {
    let (app, mut browser, answer) = over_a_form().await;
    let mut forged = answer.kept();
    let last = forged.pop();
    forged.push(if last == Some('0') { '1' } else { '0' });
    for kept in [forged.as_str(), "https://evil.example", "00"] {
        let mut browser = browser.clone();
        let answer = sign_in(&mut browser, "anna", kept).await;
        assert_eq!((answer.status, answer.location()), (303, "/"));
    }
    assert_eq!(browser.get("/").await.status, 401);
    app.end().await;
}

#[tokio::test]
async fn an_action_leads_back_to_its_page_and_is_not_done() {
    let (app, mut browser) = TestApp::with_clerk().await;
    app.clock.advance(Duration::from_secs(31 * 60));
    let answer = browser.post("/things/7/approve", &[]).await;
    assert!(answer.body.contains("so this was not done"));
    let answer = sign_in(&mut browser, "anna", &answer.kept()).await;
    assert_eq!(answer.location(), "/things/7/approve");
    let answer = browser.get("/things/7/approve").await;
    assert_eq!((answer.status, answer.location()), (303, "/things/7"));
    assert!(!browser.get("/things/7").await.body.contains("Approved."));
    app.end().await;
}

#[tokio::test]
async fn a_form_too_long_to_keep_is_told() {
    let (app, mut browser) = TestApp::with_clerk().await;
    browser.cookie = None;
    let long = "x".repeat(20_000);
    let answer = browser.post("/new", &[("name", &long)]).await;
    assert_eq!(answer.status, 401);
    assert!(answer.body.contains("so this was not done"));
    app.end().await;
}

#[tokio::test]
async fn a_script_is_told_in_json() {
    let app = TestApp::start().await;
    let mut browser = app.browser();
    let request = browser
        .client
        .post(format!("{}/new", app.url))
        .header(ORIGIN, app.url.clone())
        .header(ACCEPT, "application/json")
        .form(&TYPED);
    let answer = browser.send(request).await;
    assert_eq!(answer.status, 401);
    assert!(
        answer
            .body
            .starts_with(r#"{"message":"You have been signed out."#)
    );
    app.end().await;
}

#[tokio::test]
async fn a_page_that_refreshes_by_itself_keeps_nobody_signed_in() {
    let (app, mut browser) = TestApp::with_clerk().await;
    for (name, value) in [
        ("sealwatch-by-itself", "1"),
        // A stream of events can't be opened with a header of ours.
        ("accept", "text/event-stream"),
        ("sealwatch-by-itself", "1"),
    ] {
        app.clock.advance(Duration::from_secs(9 * 60));
        let request = browser.client.get(format!("{}/", browser.url));
        let request = request.header(name, value);
        assert_eq!(browser.send(request).await.status, 200);
    }
    app.clock.advance(Duration::from_secs(4 * 60));
    assert_eq!(browser.get("/").await.status, 401, "31 minutes");
    app.end().await;
}

#[tokio::test]
async fn a_page_that_refreshes_by_itself_takes_no_note() {
    let (app, mut browser) = TestApp::with_clerk().await;
    browser.post("/things/7/approve", &[]).await;
    let request = browser.client.get(format!("{}/", browser.url));
    let by_itself = request.header("sealwatch-by-itself", "1");
    assert!(!browser.send(by_itself).await.body.contains("Approved."));
    assert!(browser.get("/").await.body.contains("Approved."));
    app.end().await;
}

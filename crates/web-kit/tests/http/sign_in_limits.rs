use std::time::Duration;

use database::staff::Role;
use reqwest::header::{ORIGIN, RETRY_AFTER};

use crate::harness::{PASSWORD, TestApp};

const FAILURES_MAX: usize = 10;
const WINDOW: Duration = Duration::from_secs(15 * 60);

#[tokio::test]
async fn an_account_waits_after_ten_failures() {
    let app = TestApp::start().await;
    app.add_staff("anna", Role::Clerk).await;
    let mut browser = app.browser();
    for _ in 0..FAILURES_MAX {
        assert_eq!(browser.sign_in("anna", "wrong").await.status, 401);
    }
    let refused = browser.sign_in("ANNA", PASSWORD).await;
    assert_eq!(
        refused.status, 429,
        "also with the right password, however the login is written"
    );
    assert!(refused.body.contains("Wait 15 minutes"));
    app.clock.advance(WINDOW);
    assert_eq!(browser.sign_in("anna", PASSWORD).await.status, 303);
    app.end().await;
}

#[tokio::test]
async fn an_unknown_login_waits_just_the_same() {
    let app = TestApp::start().await;
    let mut browser = app.browser();
    for _ in 0..FAILURES_MAX {
        assert_eq!(browser.sign_in("nobody", "wrong").await.status, 401);
    }
    assert_eq!(browser.sign_in("nobody", "wrong").await.status, 429);
    app.end().await;
}

#[tokio::test]
async fn a_success_forgets_the_failures() {
    let app = TestApp::start().await;
    app.add_staff("anna", Role::Clerk).await;
    let mut browser = app.browser();
    for _ in 1..FAILURES_MAX {
        browser.sign_in("anna", "wrong").await;
    }
    assert_eq!(browser.sign_in("anna", PASSWORD).await.status, 303);
    assert_eq!(app.count("SELECT COUNT(*) FROM sign_in_attempts").await, 0);
    app.end().await;
}

#[tokio::test]
async fn an_address_that_knocks_too_often_waits() {
    let app = TestApp::start().await;
    let mut browser = app.browser();
    let mut statuses = Vec::new();
    for _ in 0..40 {
        // Not a form: refused before any password is hashed, and counted all the same.
        let request = browser
            .client
            .post(format!("{}/sign-in", app.url))
            .header(ORIGIN, app.url.clone())
            .body("x");
        let answer = browser.send(request).await;
        if answer.status == 429 {
            assert!(answer.headers.contains_key(RETRY_AFTER));
            assert!(answer.body.contains("Too many tries"));
        }
        statuses.push(answer.status);
    }
    assert!(
        statuses[..30].iter().all(|status| *status == 400),
        "{statuses:?}"
    );
    assert_eq!(statuses[39], 429);
    let refused = browser.sign_in("anna", PASSWORD).await;
    assert_eq!(refused.status, 429);
    assert!(refused.body.contains("name=\"login\" value=\"anna\""));
    assert!(refused.body.contains("Send it again"));
    assert!(!refused.body.contains(PASSWORD), "it is typed again");
    assert!(refused.body.contains("type=\"password\""));
    assert_eq!(
        browser.get("/sign-in").await.status,
        200,
        "looking at the page is free"
    );
    app.end().await;
}

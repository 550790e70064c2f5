use reqwest::header::{ACCEPT, ORIGIN};

use crate::harness::TestApp;

#[tokio::test]
async fn an_unknown_address_gets_our_page() {
    let app = TestApp::start().await;
    let answer = app.browser().get("/nowhere").await;
    assert_eq!(answer.status, 404);
    assert!(
        answer.body.contains("There is nothing here") && answer.body.contains("Sealwatch Test")
    );
    app.end().await;
}

#[tokio::test]
async fn a_panic_gets_a_page_with_a_number_and_no_more() {
    let app = TestApp::start().await;
    let answer = app.browser().get("/open/panics").await;
    assert_eq!(answer.status, 500);
    let number = answer.headers["x-request-id"].to_str().unwrap();
    assert!(answer.body.contains(number));
    assert!(!answer.body.contains("Anna") && !answer.body.contains("panic"));
    app.end().await;
}

#[tokio::test]
async fn a_script_gets_json() {
    let app = TestApp::start().await;
    let mut browser = app.browser();
    let request = browser
        .client
        .get(format!("{}/nowhere", app.url))
        .header(ACCEPT, "application/json");
    let answer = browser.send(request).await;
    assert_eq!(answer.status, 404);
    assert_eq!(answer.headers["content-type"], "application/json");
    assert!(answer.body.contains(r#""problem":"not_found""#));
    app.end().await;
}

#[tokio::test]
async fn a_wrong_field_comes_back_with_its_problem() {
    let (app, mut browser) = TestApp::with_clerk().await;
    let answer = browser
        .post("/new", &[("name", ""), ("note", "kept")])
        .await;
    assert_eq!(answer.status, 422);
    assert!(answer.body.contains(r#"aria-invalid="true""#));
    assert!(answer.body.contains("One thing needs your attention"));
    assert!(answer.body.contains("kept</textarea>"));
    app.end().await;
}

#[tokio::test]
async fn what_is_not_a_form_or_too_long_is_refused() {
    let (app, mut browser) = TestApp::with_clerk().await;
    let request = browser
        .client
        .post(format!("{}/new", app.url))
        .header(ORIGIN, app.url.clone())
        .header("content-type", "text/plain")
        .body("name=x");
    assert_eq!(browser.send(request).await.status, 400);
    let long = "x".repeat(70_000);
    let answer = browser.post("/new", &[("name", &long)]).await;
    assert_eq!(answer.status, 400);
    assert!(answer.body.contains("too long"));
    app.end().await;
}

#[tokio::test]
async fn a_page_takes_no_unknown_method() {
    let (app, mut browser) = TestApp::with_clerk().await;
    let request = browser
        .client
        .delete(format!("{}/new", app.url))
        .header(ORIGIN, app.url.clone());
    assert_eq!(browser.send(request).await.status, 405);
    app.end().await;
}

#[tokio::test]
async fn without_the_database_pages_say_so() {
    let (app, mut browser) = TestApp::with_clerk().await;
    app.pool.close().await;
    let answer = browser.get("/").await;
    assert_eq!(answer.status, 503);
    assert!(
        answer.body.contains("We can&#39;t reach the database"),
        "{}",
        answer.body
    );
    app.end().await;
}

#[tokio::test]
async fn whoever_is_signed_in_keeps_the_frame_around_an_error() {
    let (app, mut browser) = TestApp::with_clerk().await;
    let answer = browser.post("/new", &[]).await;
    assert_eq!(answer.status, 422);
    let refused = browser.get("/managers").await;
    assert_eq!(refused.status, 403);
    assert!(refused.body.contains("Person anna") && refused.body.contains("Sign out"));
    app.end().await;
}

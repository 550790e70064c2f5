//! Requests that another site made the browser send.

use reqwest::header::ORIGIN;

use crate::harness::{Browser, Options, TestApp};

async fn post(browser: &mut Browser, path: &str, headers: &[(&str, &str)]) -> u16 {
    let mut request = browser
        .client
        .post(format!("{}{path}", browser.url))
        .form(&[("name", "Anna")]);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    browser.send(request).await.status
}

#[tokio::test]
async fn only_our_own_pages_may_send() {
    let (app, mut browser) = TestApp::with_clerk().await;
    let own = app.url.clone();
    for (headers, status) in [
        (vec![("sec-fetch-site", "same-origin")], 303),
        (
            vec![("sec-fetch-site", "same-origin"), ("origin", "null")],
            303,
        ),
        (vec![("origin", own.as_str())], 303),
        (vec![("sec-fetch-site", "cross-site")], 403),
        (vec![("sec-fetch-site", "same-site")], 403),
        (
            vec![
                ("sec-fetch-site", "cross-site"),
                ("origin", "https://evil.example"),
            ],
            403,
        ),
        (vec![("origin", "https://evil.example")], 403),
        (vec![("origin", "null")], 403),
        (vec![], 403),
    ] {
        assert_eq!(
            post(&mut browser, "/new", &headers).await,
            status,
            "{headers:?}"
        );
    }
    app.end().await;
}

#[tokio::test]
async fn every_door_is_guarded() {
    let (app, mut browser) = TestApp::with_clerk().await;
    for path in [
        "/sign-in",
        "/sign-out",
        "/things/7/approve",
        "/link",
        "/nowhere",
        "/healthz",
    ] {
        let status = post(&mut browser, path, &[("origin", "https://evil.example")]).await;
        // Health is no door: it takes no POST at all.
        assert_eq!(status, if path == "/healthz" { 405 } else { 403 }, "{path}");
    }
    assert_eq!(browser.get("/").await.status, 200, "still signed in");
    app.end().await;
}

#[tokio::test]
async fn behind_a_proxy_the_public_address_counts() {
    let app = TestApp::start_with(Options {
        production: true,
        ..Options::default()
    })
    .await;
    let mut browser = app.browser();
    let request = browser
        .client
        .post(format!("{}/sign-in", app.url))
        .header(ORIGIN, "https://app.example")
        .form(&[("login", "nobody"), ("password", "x")]);
    assert_eq!(browser.send(request).await.status, 401);
    app.end().await;
}

#[tokio::test]
async fn a_refusal_says_what_to_do() {
    let app = TestApp::start().await;
    let mut browser = app.browser();
    let request = browser.client.post(format!("{}/sign-in", app.url)).body("");
    let answer = browser.send(request).await;
    assert_eq!(answer.status, 403);
    assert!(answer.body.contains("does not say which page it came from"));
    app.end().await;
}

use crate::harness::{Options, TestApp};

/// Written out, so that a change is seen as what it is.
const EXPECTED: [(&str, &str); 8] = [
    (
        "content-security-policy",
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    ),
    ("referrer-policy", "no-referrer"),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    (
        "permissions-policy",
        "accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), magnetometer=(), microphone=(), midi=(), payment=(), serial=(), usb=()",
    ),
    ("cache-control", "no-store"),
];

#[tokio::test]
async fn every_answer_carries_them() {
    let app = TestApp::start().await;
    let mut browser = app.browser();
    for path in [
        "/",
        "/sign-in",
        "/nowhere",
        "/open/panics",
        "/healthz",
        "/readyz",
    ] {
        let answer = browser.get(path).await;
        for (name, value) in EXPECTED {
            assert_eq!(answer.headers[name], value, "{name} of {path}");
        }
        assert!(!answer.headers.contains_key("strict-transport-security"));
    }
    app.end().await;
}

#[tokio::test]
async fn production_insists_on_https() {
    let app = TestApp::start_with(Options {
        production: true,
        ..Options::default()
    })
    .await;
    let answer = app.browser().get("/sign-in").await;
    assert_eq!(
        answer.headers["strict-transport-security"],
        "max-age=31536000"
    );
    app.end().await;
}

#[tokio::test]
async fn static_files_may_be_kept_for_ever_under_their_hash() {
    let app = TestApp::start().await;
    let mut browser = app.browser();
    let page = browser.get("/sign-in").await.body;
    let css = page
        .split('"')
        .find(|part| part.ends_with("/kit.css"))
        .unwrap();
    let answer = browser.get(css).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.headers["content-type"], "text/css; charset=utf-8");
    assert_eq!(
        answer.headers["cache-control"],
        "public, max-age=31536000, immutable"
    );
    assert_eq!(
        browser.get("/static/0000000000000000/kit.css").await.status,
        404
    );
    app.end().await;
}

#[tokio::test]
async fn pages_hold_no_inline_script_or_style() {
    let (app, mut browser) = TestApp::with_clerk().await;
    for path in ["/", "/new", "/nowhere"] {
        let body = browser.get(path).await.body;
        assert!(
            !body.contains(" style=") && !body.contains("<style"),
            "{path}"
        );
        assert!(
            !body.contains(" onclick=") && !body.contains("<script>"),
            "{path}"
        );
    }
    app.end().await;
}

//! What holds for every answer.

use reqwest::{StatusCode, header};
use serde_json::json;

use crate::harness::{Owner, Server, browser};

#[tokio::test]
async fn pages_are_locked_down() {
    let server = Server::start().await;
    let owner = Owner::new(&server);
    let link = server.desk().enter(owner.wallet()).await;
    owner.identify(&link).await;
    for path in [
        link.path.clone(),
        link.door("correction"),
        link.door("decline"),
        "/c/nothing".to_owned(),
    ] {
        let page = owner.get(&path).await;
        let header = |name: &str| page.headers[name].to_str().unwrap().to_owned();
        assert_eq!(
            header("content-security-policy"),
            web_kit::security::CONTENT_SECURITY_POLICY
        );
        assert_eq!(header("referrer-policy"), "no-referrer");
        assert_eq!(header("cache-control"), "no-store");
        for inline in ["<style", " style=", " onclick=", "javascript:", "<script>"] {
            assert!(!page.text.contains(inline), "{inline} in {path}");
        }
        // Everything the page loads is ours.
        for address in page
            .text
            .split("src=\"")
            .skip(1)
            .chain(page.text.split("<link ").skip(1))
        {
            assert!(
                !address.split('>').next().unwrap().contains("//"),
                "{address}"
            );
        }
    }
}

#[tokio::test]
async fn another_sites_page_can_do_nothing() {
    let server = Server::start().await;
    let owner = Owner::new(&server);
    let link = server.desk().enter(owner.wallet()).await;
    let url = server.url.join(&link.door("code")).unwrap();
    let request = browser().post(url).form(&[("code", &link.code)]);
    let answer = request
        .header(header::ORIGIN, "https://evil.example")
        .send()
        .await
        .unwrap();
    assert!(answer.status().is_client_error());
    assert!(answer.headers().get(header::SET_COOKIE).is_none());
    assert_eq!(
        server
            .count("SELECT CAST(code_attempts AS SIGNED) FROM consent_links")
            .await,
        0
    );
}

#[tokio::test]
async fn an_address_that_knocks_too_often_must_wait() {
    let server = Server::start().await;
    let owner = Owner::new(&server);
    let link = server.desk().enter(owner.wallet()).await;
    let mut last = StatusCode::OK;
    for _ in 0..80 {
        let page = owner
            .post(
                &link.door("challenge"),
                &json!({ "account": owner.wallet() }),
            )
            .await;
        last = page.status;
        if last != StatusCode::OK {
            assert!(page.headers.contains_key(header::RETRY_AFTER));
            break;
        }
    }
    assert_eq!(last, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(
        owner.get(&link.path).await.status,
        StatusCode::OK,
        "reading goes on"
    );
}

#[tokio::test]
async fn a_supervisor_can_ask_how_it_is() {
    let server = Server::start().await;
    let owner = Owner::new(&server);
    assert_eq!(owner.get("/healthz").await.status, StatusCode::OK);
    assert_eq!(owner.get("/readyz").await.status, StatusCode::OK);
    server.run("DROP TABLE _sqlx_migrations").await;
    assert_eq!(
        owner.get("/readyz").await.status,
        StatusCode::SERVICE_UNAVAILABLE
    );
}

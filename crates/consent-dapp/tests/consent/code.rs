//! `POST /c/{secret}/code`.

use reqwest::StatusCode;

use crate::harness::{Owner, Server};

fn wrong(code: &str) -> &'static str {
    if code == "000000" { "000001" } else { "000000" }
}

#[tokio::test]
async fn the_code_lets_the_owner_in_however_it_is_spaced() {
    let server = Server::start().await;
    let owner = Owner::new(&server);
    let link = server.desk().enter(owner.wallet()).await;
    let spaced = format!(
        " {} {}-{} ",
        &link.code[..2],
        &link.code[2..4],
        &link.code[4..]
    );
    let page = owner.submit(&link.door("code"), &[("code", &spaced)]).await;
    assert_eq!(
        (page.status, page.location()),
        (StatusCode::SEE_OTHER, link.path.as_str())
    );
    let cookie = page.headers["set-cookie"].to_str().unwrap();
    for part in [
        "HttpOnly",
        "SameSite=Strict",
        "Max-Age=3600",
        &format!("Path={}", link.path),
    ] {
        assert!(cookie.contains(part), "{part}: {cookie}");
    }
}

#[tokio::test]
async fn five_wrong_codes_lock_the_link_and_the_tries_left_are_told() {
    let server = Server::start().await;
    let owner = Owner::new(&server);
    let link = server.desk().enter(owner.wallet()).await;
    for told in [
        "4 tries are left",
        "3 tries are left",
        "2 tries are left",
        "One try is left",
    ] {
        let page = owner
            .submit(&link.door("code"), &[("code", wrong(&link.code))])
            .await;
        assert_eq!(
            (page.status, page.state()),
            (StatusCode::UNPROCESSABLE_ENTITY, "identify")
        );
        assert!(page.text.contains(told), "{told}");
        assert!(
            !page.text.contains(wrong(&link.code)),
            "what was typed is not shown again"
        );
    }
    let page = owner
        .submit(&link.door("code"), &[("code", wrong(&link.code))])
        .await;
    assert_eq!(
        (page.status, page.location()),
        (StatusCode::SEE_OTHER, link.path.as_str())
    );
    let page = owner.get(&link.path).await;
    assert_eq!((page.status, page.state()), (StatusCode::GONE, "locked"));

    // The right code comes too late, and the link holds nothing any more.
    let page = owner
        .submit(&link.door("code"), &[("code", &link.code)])
        .await;
    assert_eq!((page.status, page.state()), (StatusCode::GONE, "locked"));
    assert_eq!(
        server
            .count("SELECT COUNT(*) FROM consent_links WHERE wrapped_key <> ''")
            .await,
        0
    );
    assert_eq!(
        server
            .count("SELECT COUNT(*) FROM record_events WHERE kind = 'link_locked'")
            .await,
        1
    );
}

#[tokio::test]
async fn what_can_not_be_a_code_does_not_count() {
    let server = Server::start().await;
    let owner = Owner::new(&server);
    let link = server.desk().enter(owner.wallet()).await;
    for typed in ["", "12345", "1234567", "abcdef", "12345é"] {
        let page = owner.submit(&link.door("code"), &[("code", typed)]).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{typed}");
        assert!(page.text.contains("did not count"));
    }
    assert_eq!(
        server
            .count("SELECT CAST(code_attempts AS SIGNED) FROM consent_links")
            .await,
        0
    );
    owner.identify(&link).await;
}

#[tokio::test]
async fn racing_guesses_are_all_counted() {
    let server = Server::start().await;
    let owner = Owner::new(&server);
    let link = server.desk().enter(owner.wallet()).await;
    let (door, form) = (link.door("code"), [("code", wrong(&link.code))]);
    let guess = || owner.submit(&door, &form);
    let pages = tokio::join!(guess(), guess(), guess(), guess(), guess(), guess());
    drop(pages);
    assert_eq!(
        server
            .count("SELECT CAST(code_attempts AS SIGNED) FROM consent_links")
            .await,
        5
    );
    assert_eq!(owner.get(&link.path).await.state(), "locked");
}

//! Who gets in, and from where.

use database::staff::Role;
use reqwest::StatusCode;

use crate::harness::{Owner, Server, Typed};

const SOME_RECORD: &str = "/records/00112233445566778899aabbccddeeff";

#[tokio::test]
async fn every_page_and_every_action_asks_to_sign_in() {
    let server = Server::start().await;
    let clerk = server.clerk().await;
    let page = clerk.entered(&Typed::default()).await;
    let stranger = server.browser();

    for path in [
        "/",
        "/records",
        "/records/new",
        "/records/search",
        "/retention",
        &page,
    ] {
        let answer = stranger.get(path).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{path}");
        assert!(answer.says("<h1>Sign in</h1>"), "{path}");
        assert!(!answer.says("Ågren"), "{path}");
    }
    for action in ["/progress", "/edit", "/access", "/keep"] {
        let path = format!("{page}{action}");
        assert_eq!(stranger.get(&path).await.status, 401, "{path}");
    }
    let before = server.record(&page).await;
    let typed = Typed::default().with("email", "other@home.example");
    for path in [
        "/records/new",
        "/records/search",
        "/records/approve",
        "/retention/release",
    ] {
        let answer = stranger.post(path, &typed.fields()).await;
        assert_eq!(answer.status, 401, "{path}");
    }
    for action in [
        "edit",
        "link",
        "revoke",
        "approve",
        "access",
        "access/identity",
        "access/copy",
        "access/copy.json",
        "access/revoke",
    ] {
        let path = format!("{page}/{action}");
        assert_eq!(stranger.post(&path, &typed.fields()).await.status, 401);
    }
    assert_eq!(server.record(&page).await, before);
    assert_eq!(server.count("SELECT COUNT(*) FROM records").await, 1);
    assert_eq!(server.count("SELECT COUNT(*) FROM consent_links").await, 1);
    assert_eq!(server.count("SELECT COUNT(*) FROM access_copies").await, 0);
}

#[tokio::test]
async fn only_clerks_and_managers_sign_in() {
    let server = Server::start().await;
    for (login, role) in [
        ("officer", Role::DataProtectionOfficer),
        ("admin", Role::SystemAdministrator),
    ] {
        server.add_staff(login, role).await;
        let browser = server.browser();
        let answer = browser.sign_in(login).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{login}");
        assert!(answer.says("not meant for this application"), "{login}");
        assert_eq!(browser.get("/records").await.status, 401, "{login}");
    }
    let manager = server.signed_in("manager", Role::ControllerManager).await;
    let page = manager.entered(&Typed::default()).await;
    assert_eq!(manager.get(&page).await.status, 200);
}

#[tokio::test]
async fn a_form_on_another_sites_page_does_nothing() {
    let server = Server::start().await;
    let clerk = server.clerk().await;
    let owner = Owner::new();
    let typed = Typed::default().with("wallet", &owner.address());
    let page = clerk.entered(&typed).await;
    owner.sign(&server, &page, true).await;
    let before = server.record(&page).await;
    for action in ["approve", "link", "revoke", "edit"] {
        let path = format!("{page}/{action}");
        let answer = clerk.post_from_elsewhere(&path, &typed.fields()).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{action}");
    }
    assert_eq!(server.record(&page).await, before);
}

#[tokio::test]
async fn what_is_not_there_is_not_found() {
    let server = Server::start().await;
    let clerk = server.clerk().await;
    let typed = Typed::default();
    for record in [SOME_RECORD, "/records/7", "/records/..%2Fstaff"] {
        assert_eq!(clerk.get(record).await.status, 404, "{record}");
        for action in ["link", "revoke", "approve", "edit"] {
            let path = format!("{record}/{action}");
            let answer = clerk.post(&path, &typed.fields()).await;
            assert_eq!(answer.status, 404, "{path}");
        }
    }
    assert_eq!(clerk.get("/payroll").await.status, 404);
}

#[tokio::test]
async fn whoever_reloads_an_action_lands_on_its_page() {
    let server = Server::start().await;
    let clerk = server.clerk().await;
    let page = clerk.entered(&Typed::default()).await;
    for action in ["approve", "link", "revoke"] {
        let answer = clerk.get(&format!("{page}/{action}")).await;
        assert_eq!((answer.status.as_u16(), answer.location()), (303, &*page));
    }
    let answer = clerk.get("/records/approve").await;
    assert_eq!(answer.location(), "/records");
    assert_eq!(clerk.get("/").await.location(), "/records");
}

#[tokio::test]
async fn after_signing_out_nothing_is_shown() {
    let server = Server::start().await;
    let clerk = server.clerk().await;
    let page = clerk.entered(&Typed::default()).await;
    assert!(
        clerk
            .post("/sign-out", &[])
            .await
            .says("You are signed out.")
    );
    assert_eq!(clerk.get(&page).await.status, 401);
}

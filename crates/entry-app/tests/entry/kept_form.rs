//! A session that ends over a form.

use std::time::Duration;

use crate::harness::{Browser, Owner, PASSWORD, Server, Typed};

const IDLE: Duration = Duration::from_secs(31 * 60);

async fn sign_in_again(clerk: &Browser, kept: &str) -> String {
    let form = [("login", "clerk"), ("password", PASSWORD), ("kept", kept)];
    let answer = clerk.post("/sign-in", &form).await;
    assert_eq!(answer.status, 303, "{}", answer.body);
    answer.location().to_owned()
}

#[tokio::test]
async fn a_half_filled_entry_comes_back() {
    let server = Server::start().await;
    let clerk = server.clerk().await;
    let submission = clerk.get("/records/new").await.hidden("submission");
    server.clock.advance(IDLE);
    let typed = Typed::default()
        .with("signer", "guardian")
        .with("relation", "mother")
        .with("submission", &submission);
    let answer = clerk.post("/records/new", &typed.fields()).await;
    assert_eq!(answer.status, 401);
    assert!(answer.says("what you typed comes back") && !answer.says("Ågren"));
    assert_eq!(server.count("SELECT COUNT(*) FROM records").await, 0);

    let page = sign_in_again(&clerk, &answer.hidden("kept")).await;
    assert_eq!(page, "/records/new");
    let form = clerk.get(&page).await;
    for kept in [
        "value=\"Zoë Ågren\"",
        "\n7 Lime Walk\n90210 Riverside</textarea>",
        "<option value=\"guardian\" selected>",
        "value=\"desk\" checked",
        "it has not been sent yet",
    ] {
        assert!(form.says(kept), "{kept}\n{}", form.body);
    }
    assert_eq!(form.hidden("submission"), submission, "still one record");
    let answer = clerk.post(&page, &typed.fields()).await;
    assert!(answer.location().starts_with("/records/"));
}

#[tokio::test]
async fn an_edit_comes_back_with_the_draft_it_was_made_from() {
    let server = Server::start().await;
    let clerk = server.clerk().await;
    let page = clerk.entered(&Typed::default()).await;
    let edit = format!("{page}/edit");
    let draft = clerk.get(&edit).await.hidden("draft");
    server.clock.advance(IDLE);
    let typed = Typed::default().with("age", "35").with("draft", &draft);
    let answer = clerk.post(&edit, &typed.fields()).await;
    assert_eq!(sign_in_again(&clerk, &answer.hidden("kept")).await, edit);
    let form = clerk.get(&edit).await;
    assert!(form.says("value=\"35\"") && form.hidden("draft") == draft);
    assert_eq!(clerk.post(&edit, &typed.fields()).await.location(), page);
}

#[tokio::test]
async fn an_approval_is_not_done_behind_the_back_of_who_signs_in() {
    let server = Server::start().await;
    let clerk = server.clerk().await;
    let owner = Owner::new();
    let typed = Typed::default().with("wallet", &owner.address());
    let page = clerk.entered(&typed).await;
    owner.sign(&server, &page, true).await;
    server.clock.advance(IDLE);
    let answer = clerk.post(&format!("{page}/approve"), &[]).await;
    assert!(answer.says("so this was not done"));
    let next = sign_in_again(&clerk, &answer.hidden("kept")).await;
    assert_eq!(clerk.get(&next).await.location(), page);
    assert_eq!(server.count("SELECT COUNT(*) FROM anchoring_jobs").await, 0);
}

#[tokio::test]
async fn what_is_searched_for_comes_back_too() {
    let server = Server::start().await;
    let clerk = server.clerk().await;
    server.clock.advance(IDLE);
    let query = [("query", "zoe@home.example")];
    let answer = clerk.post("/records/search", &query).await;
    let page = sign_in_again(&clerk, &answer.hidden("kept")).await;
    assert_eq!(page, "/records/search");
    assert!(clerk.get(&page).await.says("value=\"zoe@home.example\""));
}

//! `/records/{id}/rectify`

use std::time::Duration;

use database::records::RecordState;
use devstack::wait_until;
use record::ids::{Uid, Version};

use crate::harness::{Browser, Owner, Server, Setup, Typed};

const LIMIT: Duration = Duration::from_secs(60);
const UID: Option<Uid> = Uid::new(1);

/// An app on a chain, a clerk, and somebody whose record is anchored: its page, what was typed, who owns it.
pub async fn anchored() -> (Server, Browser, String, Typed, Owner) {
    let server = Server::start_with(Setup::on_a_chain().await).await;
    let clerk = server.clerk().await;
    let owner = Owner::new();
    let typed = Typed::default().with("wallet", &owner.address());
    let page = clerk.entered(&typed).await;
    owner.sign(&server, &page, true).await;
    anchor(&server, &clerk, &page).await;
    (server, clerk, page, typed, owner)
}

/// The clerk approves, and the proof is anchored.
pub async fn anchor(server: &Server, clerk: &Browser, page: &str) {
    let answer = clerk.post(&format!("{page}/approve"), &[]).await;
    assert_eq!(answer.status, 303, "{}", answer.body);
    let anchored = wait_until("the anchor", LIMIT, || async {
        let state = server.record(page).await.state;
        Ok((state == RecordState::Anchored).then_some(()))
    });
    anchored.await.unwrap();
}

/// The form as a browser sends it.
async fn filled(clerk: &Browser, page: &str, typed: &Typed) -> Typed {
    let form = clerk.get(&format!("{page}/rectify")).await;
    typed.clone().with("seen", &form.hidden("seen"))
}

#[tokio::test]
async fn a_correction_is_a_further_version_with_a_link_of_its_own() {
    let (server, clerk, page, typed, _) = anchored().await;
    assert!(clerk.get(&page).await.says("Correct the details"));
    let form = clerk.get(&format!("{page}/rectify")).await;
    assert!(form.says("value=\"zoe@home.example\""));
    assert!(!form.says("name=\"wallet\""), "the wallet stays");

    let typed = typed.with("seen", &form.hidden("seen"));
    let corrected = typed.clone().with("email", "zoe@work.example");
    let answer = clerk
        .post(&format!("{page}/rectify"), &corrected.fields())
        .await;
    assert_eq!((answer.status.as_u16(), answer.location()), (303, &*page));
    let record = server.record(&page).await;
    assert_eq!(
        (record.version.get(), record.state, record.uid),
        (2, RecordState::AwaitingConsent, UID)
    );
    let shown = clerk.get(&page).await;
    assert_eq!(shown.badges()[0], "Correction awaits consent");
    assert!(shown.says("Give this to the owner"));
    assert!(
        shown.says("zoe@work.example<p class=\"soft\">Signed before: <del>zoe@home.example</del>")
    );
    assert!(shown.section("history").contains("Correction begun"));
    assert!(!shown.says("Correct the details"), "one at a time");
    assert!(shown.section("signature").contains("version 1"));
    assert!(shown.section("anchoring").contains("version 1"));
    let list = clerk.get("/records").await;
    assert!(list.says("Correction awaits consent"));

    // It is edited like any draft, under the same wallet.
    let edit = format!("{page}/edit");
    let form = clerk.get(&edit).await;
    assert!(!form.says("name=\"wallet\""));
    let typed = corrected
        .with("email", "zoe@third.example")
        .with("draft", &form.hidden("draft"));
    let answer = clerk.post(&edit, &typed.fields()).await;
    assert_eq!(answer.status, 303, "{}", answer.body);
    assert!(clerk.get(&page).await.says("zoe@third.example"));
}

#[tokio::test]
async fn what_is_typed_wrong_or_not_at_all_comes_back() {
    let (mut server, clerk, page, typed, _) = anchored().await;
    let typed = filled(&clerk, &page, &typed).await;
    let rectify = format!("{page}/rectify");
    let answer = clerk.post(&rectify, &typed.fields()).await;
    assert_eq!(answer.status, 422);
    assert!(answer.says("Nothing here is different"));
    let wrong = typed
        .clone()
        .with("age", "very old")
        .with("name", "Zoë Lind");
    let answer = clerk.post(&rectify, &wrong.fields()).await;
    assert_eq!(answer.status, 422);
    assert!(answer.problem_of("age").contains("whole number"));
    assert!(answer.says("value=\"Zoë Lind\""));
    assert_eq!(server.record(&page).await.version, Version::FIRST);

    server.chain.as_mut().unwrap().stop().await.unwrap();
    let corrected = typed.with("age", "35");
    let answer = clerk.post(&rectify, &corrected.fields()).await;
    assert_eq!(answer.status, 503, "{}", answer.body);
    assert!(
        answer.says("the chain") && answer.says("value=\"35\""),
        "{}",
        answer.body
    );
}

#[tokio::test]
async fn only_what_is_anchored_is_corrected_and_nobody_loses_what_they_typed() {
    let (server, clerk, page, typed, _) = anchored().await;
    let waiting = Typed::default().with("email", "other@home.example");
    let waiting = clerk.entered(&waiting).await;
    assert_eq!(clerk.get(&format!("{waiting}/rectify")).await.status, 409);
    let typed = filled(&clerk, &page, &typed).await;
    let rectify = format!("{page}/rectify");
    let first = typed.clone().with("age", "35");
    assert_eq!(clerk.post(&rectify, &first.fields()).await.status, 303);
    let second = typed.with("age", "36");
    let answer = clerk.post(&rectify, &second.fields()).await;
    assert_eq!(answer.status, 422);
    assert!(answer.says("The record has changed meanwhile") && answer.says("value=\"36\""));
    assert_eq!(server.record(&page).await.version.get(), 2);
}

#[tokio::test]
async fn a_correction_is_given_up_and_the_neighbour_goes_on() {
    let (server, clerk, page, typed, owner) = anchored().await;
    let neighbour = Typed::default().with("email", "other@home.example");
    let neighbour = clerk.entered(&neighbour).await;
    let before = server.record(&neighbour).await;
    let corrected = filled(&clerk, &page, &typed).await.with("age", "35");
    clerk
        .post(&format!("{page}/rectify"), &corrected.fields())
        .await;
    let drop = format!("{page}/rectify/drop");
    let asked = clerk.get(&drop).await;
    assert!(!asked.says("that signature is deleted too"));
    owner.sign(&server, &page, true).await;
    let asked = clerk.get(&drop).await;
    assert!(asked.says("that signature is deleted too"));
    let answer = clerk.post(&drop, &[]).await;
    assert_eq!((answer.status.as_u16(), answer.location()), (303, &*page));
    let record = server.record(&page).await;
    assert_eq!(
        (record.version, record.state, record.uid),
        (Version::FIRST, RecordState::Anchored, UID)
    );
    let shown = clerk.get(&page).await;
    assert!(shown.says("The correction is given up.") && !shown.says("Signed before:"));
    assert!(shown.section("history").contains("Correction given up"));
    for (sql, left) in [
        ("SELECT COUNT(*) FROM record_versions WHERE version > 1", 0),
        ("SELECT COUNT(*) FROM consents WHERE version > 1", 0),
        (
            "SELECT COUNT(*) FROM consent_links WHERE version > 1 AND wrapped_key <> ''",
            0,
        ),
        ("SELECT COUNT(*) FROM record_versions", 2),
    ] {
        assert_eq!(server.count(sql).await, left, "{sql}");
    }
    assert_eq!(clerk.post(&drop, &[]).await.status, 409);
    assert_eq!(clerk.get(&drop).await.status, 409);
    let refused = clerk.post(&format!("{neighbour}/rectify/drop"), &[]).await;
    assert_eq!(refused.status, 409, "a first version is no correction");
    assert_eq!(server.record(&neighbour).await, before);
}

#[tokio::test]
async fn a_correction_that_was_given_up_and_is_put_back_is_not_approved() {
    let (server, clerk, page, typed, owner) = anchored().await;
    let corrected = filled(&clerk, &page, &typed).await.with("age", "35");
    clerk
        .post(&format!("{page}/rectify"), &corrected.fields())
        .await;
    owner.sign(&server, &page, true).await;
    for table in ["records", "record_versions", "consents"] {
        let keep = format!("CREATE TABLE kept_{table} AS SELECT * FROM {table}");
        server.administer(&keep).await;
    }
    clerk.post(&format!("{page}/rectify/drop"), &[]).await;
    for table in ["records", "record_versions", "consents"] {
        let put_back = format!("REPLACE INTO {table} SELECT * FROM kept_{table}");
        server.administer(&put_back).await;
    }
    assert!(clerk.get(&page).await.says("Correction consented"));
    let answer = clerk.post(&format!("{page}/approve"), &[]).await;
    assert_eq!(answer.status, 500);
    assert!(answer.says("data-protection officer"), "{}", answer.body);
    let jobs = "SELECT COUNT(*) FROM anchoring_jobs WHERE version > 1";
    assert_eq!(server.count(jobs).await, 0);
    let alarm = "SELECT COUNT(*) FROM operations_alarms WHERE kind = 'row_tampered'";
    assert_eq!(server.count(alarm).await, 1, "the officer hears of it");
}

//! What somebody changed behind the app's back is shown as such, never hidden, never used.

use crate::harness::{Answer, Owner, Server, Typed};

const BEHIND: &str = "behind Sealwatch's back";

fn tells_of_tampering(answer: &Answer) -> bool {
    answer.says("Changed behind Sealwatch&#39;s back") && answer.says("data-protection officer")
}

#[tokio::test]
async fn a_record_that_was_moved_on_by_sql_stays_in_the_list_and_can_not_be_used() {
    let server = Server::start().await;
    let clerk = server.clerk().await;
    let page = clerk.entered(&Typed::default()).await;
    let doubt = "one that was tampered with may be among them";
    assert!(!clerk.get("/records").await.says(doubt));
    server.run("UPDATE records SET state = 'consented'").await;

    for list in ["/records", "/records?state=consented"] {
        let list = clerk.get(list).await;
        assert_eq!(list.badges(), ["Tampered with"]);
        assert!(list.says("Zoë Ågren") && list.says(&page));
        assert!(list.says(doubt), "{}", list.body);
        assert!(!list.says("type=\"checkbox\""), "not to be approved");
    }
    let shown = clerk.get(&page).await;
    assert_eq!(shown.status, 500);
    assert!(tells_of_tampering(&shown), "{}", shown.body);
    assert!(!shown.says("zoe@home.example"));
    let typed = Typed::default().with("draft", "0");
    for action in ["approve", "link", "revoke", "edit"] {
        let answer = clerk
            .post(&format!("{page}/{action}"), &typed.fields())
            .await;
        assert!(tells_of_tampering(&answer), "{action}: {}", answer.body);
    }
    assert_eq!(server.count("SELECT COUNT(*) FROM anchoring_jobs").await, 0);
    assert_eq!(server.count("SELECT COUNT(*) FROM consent_links").await, 1);
}

#[tokio::test]
async fn a_state_that_nobody_knows_hides_nothing() {
    let server = Server::start().await;
    let clerk = server.clerk().await;
    let page = clerk.entered(&Typed::default()).await;
    server.run("UPDATE records SET state = 'gone'").await;
    let list = clerk.get("/records").await;
    assert!(!list.says("No records yet."));
    assert_eq!(list.badges(), ["Tampered with"]);
    assert!(tells_of_tampering(&clerk.get(&page).await));
    let query = [("query", "zoe@home.example")];
    let found = clerk.post("/records/search", &query).await;
    assert_eq!(found.badges(), ["Tampered with"]);
}

#[tokio::test]
async fn details_that_do_not_open_are_not_shown_and_not_sent_out() {
    for tamper in [
        "UPDATE record_versions SET email = name",
        "DELETE FROM record_versions",
        "DELETE FROM owner_keys",
    ] {
        let server = Server::start().await;
        let clerk = server.clerk().await;
        let page = clerk.entered(&Typed::default()).await;
        clerk.get(&page).await;
        server.run(tamper).await;
        let shown = clerk.get(&page).await;
        assert_eq!(shown.status, 200, "{tamper}");
        assert!(shown.section("details").contains("do not open"), "{tamper}");
        assert!(!shown.says("zoe@home.example"), "{tamper}");
        let sent = clerk
            .post(&format!("{page}/link"), &[("send", "mail")])
            .await;
        assert!(tells_of_tampering(&sent), "{tamper}: {}", sent.body);
        assert!(tells_of_tampering(
            &clerk.get(&format!("{page}/edit")).await
        ));
        assert_eq!(server.count("SELECT COUNT(*) FROM outbox").await, 0);
    }
}

#[tokio::test]
async fn a_name_that_does_not_open_says_so_in_the_list() {
    let server = Server::start().await;
    let clerk = server.clerk().await;
    clerk.entered(&Typed::default()).await;
    server.run("UPDATE record_versions SET name = phone").await;
    assert!(clerk.get("/records").await.says("(does not open)"));
}

#[tokio::test]
async fn a_link_kept_open_by_sql_is_told_and_not_shown_as_open() {
    let server = Server::start().await;
    let clerk = server.clerk().await;
    let page = clerk.entered(&Typed::default()).await;
    clerk.get(&page).await;
    server
        .run("UPDATE consent_links SET expires_at = expires_at + 86400000")
        .await;
    let shown = clerk.get(&page).await;
    let link = shown.section("link");
    assert!(
        link.contains(BEHIND) && link.contains("Send again"),
        "{link}"
    );
    assert!(!link.contains("Show the code"));
}

#[tokio::test]
async fn a_planted_line_of_the_history_is_counted_and_left_out() {
    let server = Server::start().await;
    let clerk = server.clerk().await;
    let page = clerk.entered(&Typed::default()).await;
    server
        .run(
            "INSERT INTO record_events (record_id, kind, actor_kind, actor_id, at, mac)
             SELECT record_id, 'consented', 'owner', NULL, at, mac FROM record_events LIMIT 1",
        )
        .await;
    let history = clerk.get(&page).await.section("history");
    assert!(history.contains("A line of the history was") && history.contains(BEHIND));
    assert!(!history.contains("Signed"), "{history}");
}

#[tokio::test]
async fn a_planted_job_is_told_and_does_nothing() {
    let server = Server::start().await;
    let clerk = server.clerk().await;
    let page = clerk.entered(&Typed::default()).await;
    server
        .run(
            "INSERT INTO anchoring_jobs (record_id, version, state, approved_by, approved_at, attempts, updated_at, mac)
             SELECT id, 1, 'queued', created_by, created_at, 0, created_at, mac FROM records",
        )
        .await;
    let shown = clerk.get(&page).await;
    assert!(
        shown.says("Someone wrote an anchoring job"),
        "{}",
        shown.body
    );
    assert_eq!(shown.section("anchoring"), "");
    assert_eq!(shown.badges()[0], "Awaiting consent");
}

#[tokio::test]
async fn an_owners_words_that_were_exchanged_are_not_shown() {
    let server = Server::start().await;
    let clerk = server.clerk().await;
    let owner = Owner::new();
    let typed = Typed::default().with("wallet", &owner.address());
    let page = clerk.entered(&typed).await;
    owner.ask(&server, &page, "Please mend my name.").await;
    server
        .run("UPDATE corrections SET note = (SELECT name FROM record_versions)")
        .await;
    let note = clerk.get(&page).await.section("correction");
    assert!(note.contains("do not open") && !note.contains("mend my name"));
}

#[tokio::test]
async fn a_consent_that_was_exchanged_is_told() {
    let server = Server::start().await;
    let clerk = server.clerk().await;
    let owner = Owner::new();
    let typed = Typed::default().with("wallet", &owner.address());
    let page = clerk.entered(&typed).await;
    owner.sign(&server, &page, true).await;
    server.run("UPDATE consents SET message = signature").await;
    let signature = clerk.get(&page).await.section("signature");
    assert!(signature.contains("does not open"), "{signature}");
    assert!(!signature.contains("Granted"));
}

//! `GET` and `POST /c/{secret}/decline`.

use database::records::RecordState;
use reqwest::StatusCode;

use crate::harness::{Owner, Server};

#[tokio::test]
async fn declining_destroys_values_and_key_at_once() {
    let server = Server::start().await;
    let owner = Owner::new(&server);
    let link = server.desk().enter(owner.wallet()).await;
    // A neighbour, who must stay.
    let neighbour = Owner::new(&server);
    let stays = server.desk().enter(neighbour.wallet()).await;
    owner.identify(&link).await;
    let page = owner.get(&link.door("decline")).await;
    assert_eq!((page.status, page.state()), (StatusCode::OK, "decline"));

    let page = owner
        .submit(&link.door("decline"), &[("confirm", "yes")])
        .await;
    assert_eq!(
        (page.status, page.location()),
        (StatusCode::SEE_OTHER, link.path.as_str())
    );
    let page = owner.get(&link.path).await;
    assert_eq!((page.status, page.state()), (StatusCode::OK, "declined"));
    assert!(page.text.contains("The key that they were locked with"));
    let page = owner.elsewhere(&server).get(&link.path).await;
    assert_eq!((page.status, page.state()), (StatusCode::GONE, "declined"));

    let record = server.desk().record(&link).await;
    assert_eq!(record.state, RecordState::Declined);
    assert_eq!(
        (record.wallet_index, record.email_index),
        ([0; 32], [0; 32])
    );
    for (sql, left) in [
        ("SELECT COUNT(*) FROM record_versions", 1),
        ("SELECT COUNT(*) FROM owner_keys", 1),
        (
            "SELECT COUNT(*) FROM consent_links WHERE wrapped_key <> '' OR desk_code <> '' OR offer IS NOT NULL",
            1,
        ),
        (
            "SELECT COUNT(*) FROM record_events WHERE kind = 'declined' AND actor_kind = 'owner'",
            1,
        ),
    ] {
        assert_eq!(server.count(sql).await, left, "{sql}");
    }
    assert_eq!(neighbour.consent(&stays, &[]).await.status, StatusCode::OK);
}

#[tokio::test]
async fn an_earlier_note_goes_too() {
    let server = Server::start().await;
    let owner = Owner::new(&server);
    let link = server.desk().enter(owner.wallet()).await;
    owner.identify(&link).await;
    owner
        .submit(&link.door("correction"), &[("note", "My age is 35.")])
        .await;
    let link = server
        .desk()
        .correct(&link, ("age", "35"), owner.wallet())
        .await;
    owner.identify(&link).await;
    owner
        .submit(&link.door("decline"), &[("confirm", "yes")])
        .await;
    assert_eq!(server.count("SELECT COUNT(*) FROM corrections").await, 0);
    assert_eq!(
        server
            .count("SELECT COUNT(*) FROM consent_links WHERE wrapped_key <> ''")
            .await,
        0
    );
}

#[tokio::test]
async fn mails_with_the_owners_links_are_not_sent_any_more() {
    let server = Server::start().await;
    let owner = Owner::new(&server);
    let link = server.desk().enter(owner.wallet()).await;
    let link = server.desk().send_again(&link).await;
    let neighbour = Owner::new(&server);
    let stays = server.desk().enter(neighbour.wallet()).await;
    server.desk().send_again(&stays).await;
    const HOLD_AN_ADDRESS: &str =
        "SELECT COUNT(*) FROM outbox WHERE kind = 'consent_link' AND recipient IS NOT NULL";
    assert_eq!(server.count(HOLD_AN_ADDRESS).await, 2);
    owner.identify(&link).await;
    owner
        .submit(&link.door("decline"), &[("confirm", "yes")])
        .await;
    assert_eq!(server.count(HOLD_AN_ADDRESS).await, 1);
    let withdrawn = "SELECT COUNT(*) FROM outbox WHERE state = 'withdrawn' AND payload IS NULL";
    assert_eq!(server.count(withdrawn).await, 1);
}

#[tokio::test]
async fn without_the_confirmation_it_asks_again() {
    let server = Server::start().await;
    let owner = Owner::new(&server);
    let link = server.desk().enter(owner.wallet()).await;
    owner.identify(&link).await;
    let page = owner.submit(&link.door("decline"), &[]).await;
    assert_eq!(
        (page.status, page.location()),
        (StatusCode::SEE_OTHER, link.door("decline").as_str())
    );
    assert_eq!(owner.get(&link.path).await.state(), "review");
}

#[tokio::test]
async fn a_stranger_can_not_decline() {
    let server = Server::start().await;
    let owner = Owner::new(&server);
    let link = server.desk().enter(owner.wallet()).await;
    let page = owner
        .submit(&link.door("decline"), &[("confirm", "yes")])
        .await;
    assert_eq!(
        (page.status, page.location()),
        (StatusCode::SEE_OTHER, link.path.as_str())
    );
    assert_eq!(
        server.count("SELECT COUNT(*) FROM record_versions").await,
        1
    );
}

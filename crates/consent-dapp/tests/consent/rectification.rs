//! A link to a correction of what the owner has signed and what is anchored.

use database::records::RecordState;
use record::B256;
use record::ids::{Uid, Version};
use reqwest::StatusCode;
use serde_json::json;

use crate::harness::{Link, Owner, Server, typed_data_digest};

const PROOF: B256 = B256::repeat_byte(0x17);
const NEW_PHONE: (&str, &str) = ("phone", "+442079460958");

/// Somebody whose record is anchored, and the link to its correction.
async fn corrected(server: &Server) -> (Owner, Link) {
    let owner = Owner::new(server);
    let first = server.desk().enter(owner.wallet()).await;
    let signed = owner.consent(&first, &["newsletter"]).await;
    assert_eq!(signed.status, StatusCode::OK, "{}", signed.text);
    let uid = Uid::new(7).unwrap();
    server.desk().anchor(&first, uid, PROOF).await;
    let desk = server.desk();
    let link = desk.rectify(&first, NEW_PHONE, owner.wallet()).await;
    (owner, link)
}

#[tokio::test]
async fn the_page_shows_what_changes_and_the_message_what_it_follows() {
    let server = Server::start().await;
    let (owner, link) = corrected(&server).await;
    let page = owner.get(&link.path).await;
    assert_eq!(page.state(), "identify");
    assert!(!page.text.contains(NEW_PHONE.1));
    owner.identify(&link).await;
    let page = owner.get(&link.path).await;
    assert_eq!(page.state(), "review");
    assert!(page.text.contains("wants to correct your record"));
    let before =
        "data-testid=\"before-phone\"><strong>Changes.</strong> Before: <del>+4915123456789</del>";
    assert!(page.text.contains(before), "{}", page.text);
    assert_eq!(
        page.text.matches("<del>").count(),
        1,
        "nothing else changes"
    );

    let answer = owner.message(&link, &[]).await;
    let message = &answer["typedData"]["message"];
    assert_eq!(
        (
            &message["uid"],
            &message["version"],
            &message["previousProof"]
        ),
        (&json!(7), &json!(2), &json!(PROOF))
    );
    assert_eq!(answer["digest"], json!(typed_data_digest(&answer)));
    let signed = owner.hand_in(&link, &[], &owner.sign(&answer)).await;
    assert_eq!(signed.status, StatusCode::OK, "{}", signed.text);
    let record = server.desk().record(&link).await;
    assert_eq!(record.state, RecordState::Consented);
    assert_eq!(record.version, Version::new(2).unwrap());
    assert_eq!(server.count("SELECT COUNT(*) FROM consents").await, 2);
}

#[tokio::test]
async fn declining_it_deletes_the_correction_alone() {
    let server = Server::start().await;
    let (owner, link) = corrected(&server).await;
    owner.identify(&link).await;
    let page = owner.get(&link.door("decline")).await;
    assert!(
        page.text
            .contains("Your record stays as you signed it before")
    );
    assert!(!page.text.contains("delete everything"));
    owner
        .submit(&link.door("decline"), &[("confirm", "yes")])
        .await;
    let page = owner.get(&link.path).await;
    assert_eq!((page.status, page.state()), (StatusCode::OK, "kept"));
    let page = owner.elsewhere(&server).get(&link.path).await;
    assert_eq!((page.status, page.state()), (StatusCode::GONE, "kept"));

    let record = server.desk().record(&link).await;
    assert_eq!(
        (record.state, record.version, record.uid),
        (RecordState::Anchored, Version::FIRST, Uid::new(7))
    );
    assert_ne!(record.email_index, [0; 32], "it is still found");
    for (sql, left) in [
        ("SELECT COUNT(*) FROM record_versions", 1),
        ("SELECT COUNT(*) FROM owner_keys", 1),
        ("SELECT COUNT(*) FROM consents", 1),
        (
            "SELECT COUNT(*) FROM consent_links WHERE predecessor IS NOT NULL",
            0,
        ),
        (
            "SELECT COUNT(*) FROM record_events WHERE kind = 'rectification_dropped' AND actor_kind = 'owner'",
            1,
        ),
    ] {
        assert_eq!(server.count(sql).await, left, "{sql}");
    }
}

#[tokio::test]
async fn an_owner_can_ask_for_another_correction() {
    let server = Server::start().await;
    let (owner, link) = corrected(&server).await;
    owner.identify(&link).await;
    owner
        .submit(&link.door("correction"), &[("note", "Not 958 but 959.")])
        .await;
    let record = server.desk().record(&link).await;
    assert_eq!(record.state, RecordState::CorrectionRequested);
    let again = ("phone", "+442079460959");
    let link = server.desk().correct(&link, again, owner.wallet()).await;
    let signed = owner.consent(&link, &[]).await;
    assert_eq!(signed.status, StatusCode::OK, "{}", signed.text);
}

#[tokio::test]
async fn a_link_whose_predecessor_was_changed_lets_nobody_sign() {
    let server = Server::start().await;
    let (owner, link) = corrected(&server).await;
    owner.identify(&link).await;
    server
        .run("UPDATE consent_links SET predecessor = NULL WHERE version = 2")
        .await;
    let page = owner
        .post(&link.door("message"), &json!({ "granted": [] }))
        .await;
    assert_ne!(page.status, StatusCode::OK, "{}", page.text);
    assert_eq!(server.count("SELECT COUNT(*) FROM consents").await, 1);
}

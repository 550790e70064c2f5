//! A link to a correction of what the owner has signed and what is anchored.

use database::consent_links::{self, ConsentLink};
use database::records::RecordState;
use record::ids::{Draft, Uid, Version};
use reqwest::StatusCode;
use serde_json::json;

use crate::harness::{Link, Owner, PROOF, Server, typed_data_digest};

const NEW_PHONE: (&str, &str) = ("phone", "+442079460958");

/// Somebody whose record is anchored, and the link to its correction.
async fn corrected(server: &Server) -> (Owner, Link) {
    let owner = Owner::new(server);
    let first = server.desk().enter(owner.wallet()).await;
    sign_and_anchor(server, &owner, &first, &["newsletter"]).await;
    let desk = server.desk();
    let link = desk.rectify(&first, NEW_PHONE, owner.wallet()).await;
    (owner, link)
}

async fn sign_and_anchor(server: &Server, owner: &Owner, link: &Link, granted: &[&str]) {
    let signed = owner.consent(link, granted).await;
    assert_eq!(signed.status, StatusCode::OK, "{}", signed.text);
    let uid = Uid::new(7).unwrap();
    server.desk().anchor(link, uid).await;
    server.desk().seal_anchor(link, uid).await;
}

/// Nothing of the correction is shown, nothing can be signed, and the owner is told.
async fn lets_nobody_read_or_sign(owner: &Owner, link: &Link, signature: &str) {
    let page = owner.get(&link.path).await;
    page.assert_altered();
    assert!(!page.text.contains(NEW_PHONE.1), "{}", page.text);
    let page = owner
        .post(&link.door("message"), &json!({ "granted": [] }))
        .await;
    page.assert_door_closed();
    assert!(!page.text.contains(NEW_PHONE.1), "{}", page.text);
    let page = owner.hand_in(link, &[], signature).await;
    page.assert_door_closed();
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
            "SELECT COUNT(*) FROM outbox WHERE kind = 'correction_declined'",
            1,
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

#[tokio::test]
async fn a_correction_that_follows_nothing_lets_nobody_sign() {
    let server = Server::start().await;
    let (owner, link) = corrected(&server).await;
    owner.identify(&link).await;
    let signature = owner.sign(&owner.message(&link, &[]).await);
    // By somebody who holds the front keys.
    let (front, mut connection) = (server.keys.front(), server.admin.acquire().await.unwrap());
    let links = consent_links::of_record(&mut connection, &front, link.record).await;
    let mut rows = links.unwrap().rows.into_iter();
    let mut row = rows.find(ConsentLink::corrects).unwrap();
    row.predecessor = None;
    consent_links::update(&mut connection, &front, &row)
        .await
        .unwrap();
    let page = owner
        .post(&link.door("message"), &json!({ "granted": [] }))
        .await;
    page.assert_door_closed();
    let page = owner.hand_in(&link, &[], &signature).await;
    page.assert_door_closed();
    assert_eq!(server.count("SELECT COUNT(*) FROM consents").await, 1);
}

#[tokio::test]
async fn each_choice_tells_what_was_answered_before_and_is_unticked() {
    let server = Server::start().await;
    let owner = Owner::new(&server);
    let first = server.desk().enter(owner.wallet()).await;
    owner.identify(&first).await;
    let page = owner.get(&first.path).await;
    assert!(!page.text.contains("So far"), "nothing was answered yet");
    assert!(!page.text.contains("replaces your earlier answer"));
    sign_and_anchor(&server, &owner, &first, &["newsletter"]).await;

    let desk = server.desk();
    let link = desk.rectify(&first, NEW_PHONE, owner.wallet()).await;
    owner.identify(&link).await;
    let page = owner.get(&link.path).await;
    for (choice, word) in [("newsletter", "allowed"), ("research", "not allowed")] {
        let said = format!("data-testid=\"so-far-{choice}\">So far: <strong>{word}</strong>");
        assert!(page.text.contains(&said), "{}", page.text);
    }
    assert!(page.text.contains("replaces your earlier answer"));
    assert!(!page.text.contains(" checked"));

    server.run("DELETE FROM consents").await;
    let page = owner.get(&link.path).await;
    page.assert_altered();
}

#[tokio::test]
async fn what_is_corrected_is_the_newest_version_that_is_anchored() {
    let server = Server::start().await;
    let (owner, second) = corrected(&server).await;
    sign_and_anchor(&server, &owner, &second, &[]).await;
    let phone = ("phone", "+442079460959");
    let desk = server.desk();
    let third = desk.rectify(&second, phone, owner.wallet()).await;
    owner.identify(&third).await;
    let page = owner.get(&third.path).await;
    let before = |phone: &str| format!("Before: <del>{phone}</del>");
    assert!(page.text.contains(&before(NEW_PHONE.1)), "{}", page.text);

    // Whatever became of the version between.
    for sql in [
        "UPDATE record_versions SET anchor = NULL WHERE version = 2",
        "DELETE FROM record_versions WHERE version = 2",
    ] {
        server.run(sql).await;
        let page = owner.get(&third.path).await;
        assert!(page.text.contains(&before("+4915123456789")), "{sql}");
        assert!(page.text.contains("So far: <strong>allowed</strong>"));
    }
    let signature = owner.sign(&owner.message(&third, &[]).await);
    let signed = owner.hand_in(&third, &[], &signature).await;
    assert_eq!(signed.status, StatusCode::OK, "{}", signed.text);
}

#[tokio::test]
async fn without_what_it_corrects_nothing_is_shown_or_signed() {
    for sql in [
        "UPDATE record_versions SET anchor = phone WHERE version = 1",
        "UPDATE record_versions SET phone = age WHERE version = 1",
        "UPDATE record_versions SET anchor = NULL WHERE version = 1",
        "DELETE FROM record_versions WHERE version = 1",
    ] {
        let server = Server::start().await;
        let (owner, link) = corrected(&server).await;
        owner.identify(&link).await;
        let signature = owner.sign(&owner.message(&link, &[]).await);
        assert_eq!(server.run(sql).await, 1, "{sql}");
        lets_nobody_read_or_sign(&owner, &link, &signature).await;
        assert_eq!(server.count("SELECT COUNT(*) FROM consents").await, 1);
    }
}

#[tokio::test]
async fn a_correction_with_another_wallet_or_relation_lets_nobody_sign() {
    let server = Server::start().await;
    let (owner, link) = corrected(&server).await;
    owner.identify(&link).await;
    let signature = owner.sign(&owner.message(&link, &[]).await);
    let thief = Owner::new(&server);
    let desk = server.desk();
    desk.forge(&link, |row| row.wallet = thief.wallet()).await;
    lets_nobody_read_or_sign(&owner, &link, &signature).await;
    // The code is the owner's; whoever has it as well gets no further.
    thief.identify(&link).await;
    lets_nobody_read_or_sign(&thief, &link, &signature).await;

    desk.forge(&link, |row| {
        row.wallet = owner.wallet();
        row.relation = String::from("guardian: Max Ågren").into();
    })
    .await;
    lets_nobody_read_or_sign(&owner, &link, &signature).await;
    assert_eq!(server.count("SELECT COUNT(*) FROM consents").await, 1);
    desk.forge(&link, |row| row.relation = String::from("self").into())
        .await;
    let signed = owner.hand_in(&link, &[], &signature).await;
    assert_eq!(signed.status, StatusCode::OK, "all is as it was");
}

#[tokio::test]
async fn an_open_link_that_the_record_does_not_wait_for_is_a_revoked_one() {
    let server = Server::start().await;
    let (owner, link) = corrected(&server).await;
    owner.identify(&link).await;
    let signature = owner.sign(&owner.message(&link, &[]).await);
    let desk = server.desk();
    let awaited = desk.record(&link).await.draft;
    desk.change_head(&link, |record| record.draft = Draft::new(5))
        .await;
    for held in [&owner, &owner.elsewhere(&server)] {
        let page = held.get(&link.path).await;
        assert_eq!((page.status, page.state()), (StatusCode::GONE, "revoked"));
    }
    for page in [
        owner
            .post(&link.door("message"), &json!({ "granted": [] }))
            .await,
        owner.hand_in(&link, &[], &signature).await,
        owner
            .post(
                &link.door("challenge"),
                &json!({ "account": owner.wallet() }),
            )
            .await,
    ] {
        assert_eq!(
            (page.status, page.problem().as_str()),
            (StatusCode::GONE, "link_closed")
        );
    }

    // Where the record waits for it and the row is gone, somebody took it.
    desk.change_head(&link, |record| record.draft = awaited)
        .await;
    assert_eq!(owner.get(&link.path).await.state(), "review");
    server
        .run("DELETE FROM record_versions WHERE version = 2")
        .await;
    lets_nobody_read_or_sign(&owner, &link, &signature).await;
}

#[tokio::test]
async fn a_signed_correction_that_was_given_up_says_so() {
    let server = Server::start().await;
    let (owner, link) = corrected(&server).await;
    let signed = owner.consent(&link, &[]).await;
    assert_eq!(signed.status, StatusCode::OK, "{}", signed.text);
    let page = owner.get(&link.path).await;
    assert_eq!(page.state(), "used");
    let stays = "Until then your record stays guarded as you signed it before";
    assert!(page.text.contains(stays), "{}", page.text);

    let desk = server.desk();
    desk.give_up(&link).await;
    let stranger = owner.elsewhere(&server);
    for someone in [&owner, &stranger] {
        let page = someone.get(&link.path).await;
        assert_eq!((page.status, page.state()), (StatusCode::GONE, "given_up"));
        assert!(page.text.contains("The correction was given up"));
        for door in ["receipt", "receipt.json"] {
            let page = someone.get(&link.door(door)).await;
            assert_eq!(page.location(), link.path, "{door}");
        }
    }
    let page = owner.hand_in(&link, &[], "0x00").await;
    assert_eq!(
        (page.status, page.problem().as_str()),
        (StatusCode::GONE, "link_closed")
    );

    // It stays so when the correction is begun anew and signed.
    let anew = desk.rectify(&link, NEW_PHONE, owner.wallet()).await;
    assert_eq!(owner.get(&link.path).await.state(), "given_up");
    let signed = owner.elsewhere(&server).consent(&anew, &[]).await;
    assert_eq!(signed.status, StatusCode::OK, "{}", signed.text);
    assert_eq!(owner.get(&link.path).await.state(), "given_up");
    assert_eq!(owner.get(&anew.path).await.state(), "used");
}

#[tokio::test]
async fn a_consent_that_somebody_took_is_not_called_given_up() {
    let server = Server::start().await;
    let (owner, link) = corrected(&server).await;
    let signed = owner.consent(&link, &[]).await;
    assert_eq!(signed.status, StatusCode::OK, "{}", signed.text);
    server.run("DELETE FROM consents WHERE version = 2").await;
    let page = owner.get(&link.path).await;
    page.assert_altered();
    let page = owner.elsewhere(&server).get(&link.path).await;
    assert_eq!((page.status, page.state()), (StatusCode::GONE, "used"));
}

#[tokio::test]
async fn declining_it_leaves_the_notes_about_earlier_versions() {
    let server = Server::start().await;
    let owner = Owner::new(&server);
    let desk = server.desk();
    let first = desk.enter(owner.wallet()).await;
    let ask = async |link: &Link, age: &str| {
        owner.identify(link).await;
        let note = format!("My age is {age}.");
        owner
            .submit(&link.door("correction"), &[("note", &note)])
            .await;
        desk.correct(link, ("age", age), owner.wallet()).await
    };
    let first = ask(&first, "35").await;
    sign_and_anchor(&server, &owner, &first, &[]).await;
    let link = desk.rectify(&first, NEW_PHONE, owner.wallet()).await;
    let link = ask(&link, "36").await;
    const OF: [&str; 2] = [
        "SELECT COUNT(*) FROM corrections WHERE version = 1",
        "SELECT COUNT(*) FROM corrections WHERE version = 2",
    ];
    assert_eq!(
        (server.count(OF[0]).await, server.count(OF[1]).await),
        (1, 1)
    );
    owner.identify(&link).await;
    owner
        .submit(&link.door("decline"), &[("confirm", "yes")])
        .await;
    assert_eq!(owner.get(&link.path).await.state(), "kept");
    assert_eq!(
        (server.count(OF[0]).await, server.count(OF[1]).await),
        (1, 0)
    );
}

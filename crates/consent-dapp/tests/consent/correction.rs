//! `GET` and `POST /c/{secret}/correction`.

use database::corrections;
use database::records::RecordState;
use database::sealed::open_cell;
use keyring::CellKind;
use reqwest::StatusCode;

use crate::harness::{Owner, Server};

const NOTE: &str = "My house number is 8.\nThank you!";

#[tokio::test]
async fn a_note_takes_the_record_back_to_the_desk() {
    let server = Server::start().await;
    let owner = Owner::new(&server);
    let link = server.desk().enter(owner.wallet()).await;
    owner.identify(&link).await;
    assert_eq!(
        owner.get(&link.door("correction")).await.state(),
        "correction"
    );
    let page = owner
        .submit(
            &link.door("correction"),
            &[("note", &NOTE.replace('\n', "\r\n"))],
        )
        .await;
    assert_eq!(
        (page.status, page.location()),
        (StatusCode::SEE_OTHER, link.path.as_str())
    );

    assert_eq!(
        server.desk().record(&link).await.state,
        RecordState::CorrectionRequested
    );
    let mut connection = server.admin.acquire().await.unwrap();
    let asked = corrections::of_record(&mut connection, link.record)
        .await
        .unwrap()
        .remove(0);
    let note = open_cell(
        &link.key,
        asked.version,
        asked.draft,
        CellKind::CorrectionNote,
        &asked.note,
    )
    .unwrap();
    assert_eq!(note.text(), Some(NOTE));
    assert_eq!(server.count("SELECT COUNT(*) FROM outbox").await, 1);

    // The one who asked sees that it worked; anybody else only that the link is done.
    let page = owner.get(&link.path).await;
    assert_eq!((page.status, page.state()), (StatusCode::OK, "corrected"));
    let page = owner.elsewhere(&server).get(&link.path).await;
    assert_eq!((page.status, page.state()), (StatusCode::GONE, "corrected"));
}

#[tokio::test]
async fn after_the_edit_the_owner_signs_the_corrected_details() {
    let server = Server::start().await;
    let owner = Owner::new(&server);
    let link = server.desk().enter(owner.wallet()).await;
    owner.identify(&link).await;
    let stale = owner.sign(&owner.message(&link, &[]).await);
    owner
        .submit(&link.door("correction"), &[("note", NOTE)])
        .await;

    let address = "8 Lime Walk, 90210 Riverside";
    let corrected = server
        .desk()
        .correct(&link, ("address", address), owner.wallet())
        .await;
    assert_eq!(owner.get(&corrected.path).await.state(), "identify");
    owner.identify(&corrected).await;
    assert!(owner.get(&corrected.path).await.text.contains(address));
    assert_eq!(
        owner.hand_in(&corrected, &[], &stale).await.problem(),
        "changed_meanwhile"
    );
    assert_eq!(owner.consent(&corrected, &[]).await.status, StatusCode::OK);
}

#[tokio::test]
async fn an_empty_note_comes_back_with_its_problem_and_a_bad_one_with_its_text() {
    let server = Server::start().await;
    let owner = Owner::new(&server);
    let link = server.desk().enter(owner.wallet()).await;
    owner.identify(&link).await;
    let page = owner
        .submit(&link.door("correction"), &[("note", "  ")])
        .await;
    assert_eq!(
        (page.status, page.state()),
        (StatusCode::UNPROCESSABLE_ENTITY, "correction")
    );
    assert!(page.text.contains("field-note-problem"));

    let long = format!("<b>{}", "x".repeat(2001));
    let page = owner
        .submit(&link.door("correction"), &[("note", &long)])
        .await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.text.contains("&#60;b&#62;xxx"));
    assert_eq!(server.count("SELECT COUNT(*) FROM corrections").await, 0);
    assert_eq!(owner.get(&link.path).await.state(), "review");
}

#[tokio::test]
async fn a_stranger_can_not_ask() {
    let server = Server::start().await;
    let owner = Owner::new(&server);
    let link = server.desk().enter(owner.wallet()).await;
    let page = owner
        .submit(&link.door("correction"), &[("note", NOTE)])
        .await;
    assert_eq!(page.status, StatusCode::UNAUTHORIZED);
    assert!(page.text.contains("show once more that it&#39;s you"));
    let kept = format!("name=\"note\" value=\"{NOTE}\"");
    assert!(page.text.contains(&kept) && page.text.contains("Send it again"));
    assert_eq!(server.count("SELECT COUNT(*) FROM corrections").await, 0);
    assert_eq!(
        server.desk().record(&link).await.state,
        RecordState::AwaitingConsent
    );
}

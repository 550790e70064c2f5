//! `/w/{ticket}/erase`: an owner wants everything erased, with their wallet or without it.

use std::time::Duration;

use database::erasures::{self, Erasure, ErasureState, Identity};
use database::records::RecordState;
use record::erasure::ErasureEvidence;
use record::ids::Uid;
use reqwest::StatusCode;
use serde_json::json;

use crate::harness::{Link, Owner, Server};

/// Somebody whose record is anchored, let in by a code; and where they are.
pub async fn let_in(server: &Server, uid: u64) -> (Owner, Link, String) {
    let owner = Owner::new(server);
    let link = server.desk().enter(owner.wallet()).await;
    let answer = owner.consent(&link, &["research"]).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    let ticket = let_in_again(server, &owner, &link, uid).await;
    (owner, link, ticket)
}

/// Anchors what was signed, and lets its owner in by a code; gives where they are.
pub async fn let_in_again(server: &Server, owner: &Owner, link: &Link, uid: u64) -> String {
    let uid = Uid::new(uid).unwrap();
    server.desk().seal_anchor(link, uid).await;
    let anchored = |record: &mut database::records::Record| {
        (record.state, record.uid) = (RecordState::Anchored, Some(uid));
    };
    server.desk().change_head(link, anchored).await;
    let ticket = server.desk().ticket(link);
    // The mail of whoever comes later is the newest.
    server.clock.advance(Duration::from_secs(1));
    owner.submit(&ticket, &[]).await;
    server.desk().answer().await;
    let (_, mail) = server.desk().mail("owner_code").await;
    let code = mail["code"].as_str().unwrap();
    let door = format!("{ticket}/code");
    let page = owner.submit(&door, &[("code", code)]).await;
    assert_eq!(page.status, StatusCode::SEE_OTHER, "{}", page.text);
    ticket
}

async fn filed(server: &Server, link: &Link) -> Vec<Erasure> {
    let mut connection = server.admin.acquire().await.unwrap();
    let found = erasures::of_record(&mut connection, &server.keys, link.record).await;
    found.unwrap().rows
}

#[tokio::test]
async fn an_owner_signs_that_everything_is_to_be_erased() {
    let server = Server::start().await;
    let (owner, link, ticket) = let_in(&server, 7).await;
    let page = owner.get(&ticket).await;
    let erase = format!("{ticket}/erase");
    assert!(page.text.contains(&erase), "{}", page.text);
    let page = owner.get(&erase).await;
    assert_eq!((page.status, page.state()), (StatusCode::OK, "erase"));
    assert!(page.text.contains(&owner.wallet().to_string()));
    let message = owner.post(&format!("{erase}/message"), &json!({})).await;
    let message = message.json();
    let data = &message["typedData"]["message"];
    assert_eq!(data["uid"], 7);
    assert_eq!(
        data["controller"],
        "Riverside Health Centre, 1 Quay Street, Riverside"
    );
    let account = owner.wallet().to_string();
    let signature = owner.sign(&message);
    let signed = json!({ "account": account, "signature": signature });
    let done = owner.post(&format!("{erase}/sign"), &signed).await;
    assert_eq!(done.status, StatusCode::OK, "{}", done.text);
    assert_eq!(done.json()["next"], ticket.as_str());
    let page = owner.get(&ticket).await;
    assert!(page.text.contains("You have asked for it"));
    // Twice is once.
    let again = owner.post(&format!("{erase}/sign"), &signed).await;
    assert_eq!(again.problem(), "changed_meanwhile");
    server.desk().answer().await;

    let requests = filed(&server, &link).await;
    assert_eq!(requests.len(), 1);
    assert_eq!(
        (requests[0].state, requests[0].identity, requests[0].uid),
        (
            ErasureState::Open,
            Some(Identity::Wallet),
            Uid::new(7).unwrap()
        )
    );
    let content = requests[0].open(&server.keys).unwrap().unwrap();
    assert!(ErasureEvidence::from_json(&content).is_some());
    let (to, mail) = server.desk().mail("erasure_received").await;
    assert_eq!(to, "zoe@home.example");
    assert_eq!(mail["is_signed"], true);
    assert!(mail["withdrawal_url"].as_str().unwrap().ends_with(&ticket));
    let (_, desk) = server.desk().mail("erasure_asked").await;
    assert!(!desk.to_string().contains("Zoë"));
    // It is a request: nothing is destroyed.
    assert_eq!(
        server.desk().record(&link).await.state,
        RecordState::Anchored
    );
}

#[tokio::test]
async fn another_wallet_is_named_and_nothing_is_stored() {
    let server = Server::start().await;
    let (owner, link, ticket) = let_in(&server, 7).await;
    let stranger = Owner::new(&server);
    let erase = format!("{ticket}/erase");
    let message = owner.post(&format!("{erase}/message"), &json!({})).await;
    let signed = json!({
        "account": stranger.wallet().to_string(),
        "signature": stranger.sign(&message.json()),
    });
    let refused = owner.post(&format!("{erase}/sign"), &signed).await;
    assert_eq!(
        (refused.status, refused.problem().as_str()),
        (StatusCode::FORBIDDEN, "wrong_wallet")
    );
    assert!(refused.text.contains(&stranger.wallet().to_string()));
    assert!(refused.text.contains(&owner.wallet().to_string()));
    assert!(filed(&server, &link).await.is_empty());
    // Whoever was not let in gets nowhere.
    for door in ["message", "sign"] {
        let refused = stranger.post(&format!("{erase}/{door}"), &signed).await;
        assert_eq!(refused.problem(), "identify_again");
    }
    assert_eq!(stranger.get(&erase).await.location(), ticket);
}

#[tokio::test]
async fn an_owner_without_a_wallet_asks_all_the_same() {
    let server = Server::start().await;
    let (owner, link, ticket) = let_in(&server, 7).await;
    let (_, stays, _) = let_in(&server, 8).await;
    let erase = format!("{ticket}/erase");
    let page = owner.submit(&erase, &[]).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.text.contains("Tick that you know"));
    let done = owner.submit(&erase, &[("confirmed", "yes")]).await;
    assert_eq!(done.location(), ticket);
    server.desk().answer().await;
    let requests = filed(&server, &link).await;
    assert_eq!(requests.len(), 1);
    assert_eq!(
        (requests[0].identity, requests[0].content.is_some()),
        (Some(Identity::Code), false)
    );
    assert!(filed(&server, &stays).await.is_empty());
    let page = owner.get(&erase).await;
    assert_eq!(page.location(), ticket, "it is asked");
}

/// It is declined, or nobody signs it.
#[tokio::test]
async fn what_was_never_anchored_offers_no_erasure() {
    let server = Server::start().await;
    let owner = Owner::new(&server);
    let link = server.desk().enter(owner.wallet()).await;
    owner.consent(&link, &["research"]).await;
    let ticket = server.desk().ticket(&link);
    owner.submit(&ticket, &[]).await;
    server.desk().answer().await;
    let (_, mail) = server.desk().mail("owner_code").await;
    let door = format!("{ticket}/code");
    let code = mail["code"].as_str().unwrap();
    owner.submit(&door, &[("code", code)]).await;
    let page = owner.get(&ticket).await;
    assert_eq!(page.state(), "ticket_open");
    assert!(!page.text.contains("/erase"));
    let page = owner.get(&format!("{ticket}/erase")).await;
    assert_eq!(page.location(), ticket);
}

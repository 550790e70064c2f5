//! `/w/{ticket}/copy` and `/a/{secret}`: a copy of everything that is held about an owner, asked for by a mailed code, opened by more.

use std::time::Duration;

use alloy::signers::SignerSync;
use database::access_copies::{self, AccessCopy, CopyState};
use database::erasures::Identity;
use database::record_events::{self, RecordEventKind};
use database::records::RecordState;
use record::ids::Uid;
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::erase::let_in;
use crate::harness::{Link, Owner, PERSON, Server};

const DAY: Duration = Duration::from_hours(24);

/// Somebody whose copy is ready: who they are, their record, and where the copy is.
async fn asked(server: &Server, uid: u64) -> (Owner, Link, String) {
    let (owner, link, ticket) = let_in(server, uid).await;
    let page = owner.get(&ticket).await;
    assert!(page.text.contains("Send me a copy"), "{}", page.text);
    let done = owner.submit(&format!("{ticket}/copy"), &[]).await;
    assert_eq!(done.location(), ticket);
    server.desk().answer().await;
    (owner, link, mailed(server).await)
}

/// Where the newest mail leads.
async fn mailed(server: &Server) -> String {
    let (to, mail) = server.desk().mail("copy_ready").await;
    assert_eq!(to, "zoe@home.example");
    shows_nothing(&mail.to_string());
    let url = mail["url"].as_str().unwrap();
    let path = url.strip_prefix(server.url.as_str().trim_end_matches('/'));
    path.unwrap().to_owned()
}

async fn answer(owner: &Owner, place: &str) -> Value {
    let asked = json!({ "account": owner.wallet() });
    let challenge = owner.post(&format!("{place}/challenge"), &asked).await;
    let challenge = challenge.json();
    let message = challenge["message"].as_str().unwrap();
    let signature = owner.signer.sign_message_sync(message.as_bytes()).unwrap();
    json!({ "account": owner.wallet(), "signature": signature.to_string() })
}

async fn copies(server: &Server, link: &Link) -> Vec<AccessCopy> {
    let mut connection = server.admin.acquire().await.unwrap();
    let front = server.keys.front();
    let found = access_copies::of_record(&mut connection, &front, link.record).await;
    found.unwrap().rows
}

async fn has_happened(server: &Server, link: &Link, what: RecordEventKind) -> usize {
    let mut connection = server.admin.acquire().await.unwrap();
    let front = server.keys.front();
    let events = record_events::of_record(&mut connection, &front, link.record).await;
    let events = events.unwrap().rows;
    events.iter().filter(|event| event.kind == what).count()
}

fn shows_nothing(text: &str) {
    for (name, value) in PERSON {
        // The age is a number like others.
        assert!(name == "age" || !text.contains(value), "{name} is shown");
    }
}

#[tokio::test]
async fn an_owner_reads_everything_after_their_wallet_signed() {
    let server = Server::start().await;
    let (owner, link, place) = asked(&server, 7).await;
    assert!(place.starts_with("/a/"));
    // Who holds the mailbox, cookies and all, sees nothing.
    let page = owner.get(&place).await;
    assert_eq!((page.status, page.state()), (StatusCode::OK, "identify"));
    shows_nothing(&page.text);
    let file = format!("{place}/copy.json");
    assert_eq!(owner.get(&file).await.location(), place);

    let signed = answer(&owner, &place).await;
    let done = owner.post(&format!("{place}/wallet"), &signed).await;
    assert_eq!(done.json()["next"], place.as_str(), "{}", done.text);
    let page = owner.get(&place).await;
    assert_eq!((page.status, page.state()), (StatusCode::OK, "copy"));
    for (name, value) in PERSON {
        assert!(page.text.contains(value), "{name} is missing");
    }
    assert!(page.text.contains("Research") && page.text.contains("Allowed by you"));
    let kept = owner.get(&file).await;
    let disposition = kept.headers["content-disposition"].to_str().unwrap();
    assert_eq!(disposition, "attachment; filename=\"sealwatch-copy.json\"");
    assert_eq!(kept.headers["content-type"], "application/json");
    let copy = kept.json();
    assert_eq!(copy["format"], "sealwatch/v1/access");
    assert_eq!(copy["record"]["uid"], 7);
    assert_eq!(copy["leftOut"], 0);
    let fields = copy["versions"][0]["fields"].as_array().unwrap();
    for (field, (name, value)) in fields.iter().zip(PERSON) {
        assert_eq!(
            (&field["name"], &field["value"]),
            (&json!(name), &json!(value))
        );
    }

    let row = &copies(&server, &link).await[0];
    assert_eq!(row.identity, Some(Identity::Wallet));
    assert!(row.opened_at.is_some());
    // Who stands at the desk meanwhile is known by that to nobody.
    assert!(!row.is_known_at_the_desk());
    // Reading it again is no news.
    owner
        .post(&format!("{place}/wallet"), &answer(&owner, &place).await)
        .await;
    assert_eq!(
        has_happened(&server, &link, RecordEventKind::CopyGiven).await,
        1
    );
    // The hour is over, the copy is not.
    server.clock.advance(Duration::from_hours(1));
    assert_eq!(owner.get(&place).await.state(), "identify");
    assert_eq!(owner.get(&file).await.location(), place);
}

#[tokio::test]
async fn another_wallet_opens_nothing() {
    let server = Server::start().await;
    let (owner, link, place) = asked(&server, 7).await;
    let (_, _, others) = asked(&server, 8).await;
    let stranger = Owner::new(&server);
    let signed = answer(&stranger, &place).await;
    let refused = stranger.post(&format!("{place}/wallet"), &signed).await;
    assert_eq!(
        (refused.status, refused.problem().as_str()),
        (StatusCode::FORBIDDEN, "not_registered")
    );
    assert!(!refused.text.contains(&owner.wallet().to_string()));
    assert_eq!(stranger.get(&place).await.state(), "identify");
    // Nor does the owner's signature for one copy open another.
    let signed = answer(&owner, &place).await;
    answer(&owner, &others).await;
    let refused = owner.post(&format!("{others}/wallet"), &signed).await;
    assert_eq!(refused.problem(), "not_registered");
    assert!(copies(&server, &link).await[0].opened_at.is_none());
    assert_eq!(
        has_happened(&server, &link, RecordEventKind::CopyGiven).await,
        0
    );
}

#[tokio::test]
async fn the_code_of_the_desk_opens_it_and_wrong_ones_lock_it() {
    let server = Server::start().await;
    let (owner, link, place) = asked(&server, 7).await;
    let door = format!("{place}/code");
    // Nobody was given one yet: no guess is looked at, nor counted.
    let page = owner.submit(&door, &[("code", "123456")]).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.text.contains("No code was given to anybody"));
    let code = server.desk().copy_code(&link).await;
    let page = owner.submit(&door, &[("code", "12")]).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.text.contains("did not count"));
    let wrong = if code == "000000" { "000001" } else { "000000" };
    let page = owner.submit(&door, &[("code", wrong)]).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.text.contains("4 tries are left"), "{}", page.text);
    shows_nothing(&page.text);
    let page = owner.submit(&door, &[("code", &code)]).await;
    assert_eq!(page.location(), place);
    assert_eq!(owner.get(&place).await.state(), "copy");
    let row = &copies(&server, &link).await[0];
    assert_eq!(row.identity, Some(Identity::Document));

    let stranger = owner.elsewhere(&server);
    for _ in 0..4 {
        stranger.submit(&door, &[("code", wrong)]).await;
    }
    let page = stranger.get(&place).await;
    assert_eq!((page.status, page.state()), (StatusCode::GONE, "locked"));
    // For everybody, and nothing of it is left.
    assert_eq!(owner.get(&place).await.state(), "locked");
    let row = &copies(&server, &link).await[0];
    assert_eq!(row.state, CopyState::Locked);
    assert!(row.content.is_empty() && row.wrapped_key.is_empty() && row.desk_code.is_empty());
    assert_eq!(
        has_happened(&server, &link, RecordEventKind::CopyLocked).await,
        1
    );
}

#[tokio::test]
async fn what_is_over_replaced_or_taken_back_opens_for_nobody() {
    let server = Server::start().await;
    let (owner, link, first) = asked(&server, 7).await;
    let signed = answer(&owner, &first).await;
    owner.post(&format!("{first}/wallet"), &signed).await;
    assert_eq!(owner.get(&first).await.state(), "copy");
    server.clock.advance(Duration::from_secs(1));
    server.desk().make_copy(&link).await;
    let second = mailed(&server).await;
    let page = owner.get(&first).await;
    assert_eq!((page.status, page.state()), (StatusCode::GONE, "revoked"));
    assert_eq!(owner.get(&second).await.state(), "identify");
    server.desk().revoke_copy(&link).await;
    assert_eq!(owner.get(&second).await.state(), "revoked");
    let asked = json!({ "account": owner.wallet() });
    let refused = owner.post(&format!("{second}/challenge"), &asked).await;
    assert_eq!(refused.problem(), "link_closed");

    server.clock.advance(Duration::from_secs(1));
    server.desk().make_copy(&link).await;
    let third = mailed(&server).await;
    server.clock.advance(7 * DAY);
    assert_eq!(owner.get(&third).await.state(), "expired");
    let mut connection = server.account.acquire().await.unwrap();
    let (front, before) = (server.keys.front(), server.clock.now().plus(DAY));
    let ended = access_copies::end_expired(&mut connection, &front, before).await;
    assert_eq!(ended.unwrap(), 1);
    let kept = "SELECT COUNT(*) FROM access_copies WHERE content <> '' OR wrapped_key <> '' OR desk_code <> ''";
    assert_eq!(server.count(kept).await, 0);
    assert_eq!(owner.get("/a/short").await.status, StatusCode::NOT_FOUND);
}

/// Also where a dump brought the copy back.
#[tokio::test]
async fn nothing_of_a_record_that_is_being_erased_is_shown() {
    let server = Server::start().await;
    let (owner, link, place) = asked(&server, 7).await;
    let signed = answer(&owner, &place).await;
    owner.post(&format!("{place}/wallet"), &signed).await;
    let erasing = |record: &mut database::records::Record| record.state = RecordState::Erasing;
    server.desk().change_head(&link, erasing).await;
    let page = owner.get(&place).await;
    assert_eq!((page.status, page.state()), (StatusCode::GONE, "revoked"));
    let page = owner.get(&format!("{place}/copy.json")).await;
    assert_eq!(page.status, StatusCode::GONE);
    shows_nothing(&page.text);
    // Nor is another one made.
    server.clock.advance(Duration::from_hours(1));
    let ticket = server.desk().ticket(&link);
    owner.submit(&ticket, &[]).await;
    server.desk().answer().await;
    let (_, mail) = server.desk().mail("owner_code").await;
    let code = mail["code"].as_str().unwrap();
    let door = format!("{ticket}/code");
    owner.submit(&door, &[("code", code)]).await;
    let page = owner.get(&ticket).await;
    assert_eq!(page.state(), "ticket_open");
    assert!(!page.text.contains("Send me a copy"));
    owner.submit(&format!("{ticket}/copy"), &[]).await;
    assert_eq!(copies(&server, &link).await.len(), 1);
}

#[tokio::test]
async fn a_copy_that_somebody_changed_or_planted_opens_nothing() {
    let server = Server::start().await;
    let (owner, _, place) = asked(&server, 7).await;
    let (neighbour, _, others) = asked(&server, 8).await;
    let changed = "UPDATE access_copies SET expires_at = expires_at + 1
                   WHERE record_id = (SELECT id FROM records WHERE uid = 7)";
    assert_eq!(server.run(changed).await, 1);
    let page = owner.get(&place).await;
    page.assert_altered();
    shows_nothing(&page.text);
    let door = format!("{place}/code");
    let page = owner.submit(&door, &[("code", "123456")]).await;
    page.assert_altered();
    let asked = json!({ "account": owner.wallet() });
    let page = owner.post(&format!("{place}/challenge"), &asked).await;
    page.assert_door_closed();
    let signed = answer(&neighbour, &others).await;
    neighbour.post(&format!("{others}/wallet"), &signed).await;
    assert_eq!(neighbour.get(&others).await.state(), "copy");
}

/// What is left of a version that another one replaced proves still that this owner signed it.
#[tokio::test]
async fn destroyed_values_are_told_as_such_and_what_stays_is_verified() {
    let server = Server::start().await;
    let (owner, first, _) = let_in(&server, 7).await;
    let link = server
        .desk()
        .rectify(&first, ("phone", "+491700000000"), owner.wallet())
        .await;
    owner.consent(&link, &[]).await;
    server.desk().seal_anchor(&link, Uid::new(7).unwrap()).await;
    let anchored = |record: &mut database::records::Record| record.state = RecordState::Anchored;
    server.desk().change_head(&link, anchored).await;
    let word = server.desk().redact_first(&link).await;

    server.desk().make_copy(&link).await;
    let place = mailed(&server).await;
    let signed = answer(&owner, &place).await;
    owner.post(&format!("{place}/wallet"), &signed).await;
    let page = owner.get(&place).await;
    assert!(page.text.contains("Values destroyed"), "{}", page.text);
    assert!(page.text.contains("+491700000000") && !page.text.contains("+4915123456789"));
    let copy = owner.get(&format!("{place}/copy.json")).await.json();
    let (old, new) = (&copy["versions"][0], &copy["versions"][1]);
    assert!(old["fields"].is_null() && old["consent"]["message"].is_null());
    assert_eq!(old["valuesDestroyedAt"], server.clock.now().0);
    assert_eq!(old["anchor"]["recordProof"], word.to_string());
    assert_eq!(old["leaves"].as_array().unwrap().len(), 5);
    assert_eq!(old["consent"]["terms"]["digest"], old["consent"]["digest"]);
    assert!(new["valuesDestroyedAt"].is_null());
    assert_eq!(new["fields"].as_array().unwrap().len(), 5);
}

/// By whatever is pressed twice.
#[tokio::test]
async fn it_is_asked_for_once_by_one_code() {
    let server = Server::start().await;
    let (owner, link, ticket) = let_in(&server, 7).await;
    let door = format!("{ticket}/copy");
    owner.submit(&door, &[]).await;
    owner.submit(&door, &[]).await;
    server.desk().answer().await;
    assert_eq!(copies(&server, &link).await.len(), 1);
    assert_eq!(
        has_happened(&server, &link, RecordEventKind::CopyAsked).await,
        1
    );
    let page = owner.get(&ticket).await;
    assert!(
        page.text
            .contains("a mail with the link to it is on its way")
    );
    // Whoever was not let in asks for nothing.
    let stranger = Owner::new(&server);
    assert_eq!(stranger.submit(&door, &[]).await.location(), ticket);
    assert_eq!(copies(&server, &link).await.len(), 1);
}

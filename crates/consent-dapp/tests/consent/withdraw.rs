//! `GET` and `POST /c/{secret}/withdraw`: on the page that thanks for the signature.

use record::ids::Uid;
use reqwest::StatusCode;

use crate::harness::{Link, Owner, Page, Server};

/// Somebody who has signed and allowed this.
async fn signed(server: &Server, granted: &[&str]) -> (Owner, Link) {
    let owner = Owner::new(server);
    let link = server.desk().enter(owner.wallet()).await;
    let answer = owner.consent(&link, granted).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    (owner, link)
}

/// The mark of a purpose on a page that lets its owner choose.
pub fn mark_of(page: &Page, purpose: &str) -> String {
    let (before, _) = page
        .text
        .split_once(&format!("\">{purpose}</label>"))
        .unwrap();
    let (_, mark) = before.rsplit_once("field-purpose-").unwrap();
    mark.to_owned()
}

#[tokio::test]
async fn what_was_allowed_a_moment_ago_is_taken_back_purpose_by_purpose() {
    let server = Server::start().await;
    let (owner, link) = signed(&server, &["research", "newsletter"]).await;
    let (neighbour, stays) = signed(&server, &["research"]).await;
    let thanks = owner.get(&link.path).await;
    assert!(thanks.text.contains("data-testid=\"withdraw\""));

    let withdraw = link.door("withdraw");
    let page = owner.get(&withdraw).await;
    assert_eq!((page.status, page.state()), (StatusCode::OK, "withdraw"));
    assert!(
        !page.text.contains("Care and appointments"),
        "not theirs to choose"
    );
    assert!(
        !page.text.contains(" checked"),
        "nothing is chosen for them"
    );
    let research = mark_of(&page, "Research");
    let page = owner
        .submit(&withdraw, &[("purpose", "0123456789abcdef")])
        .await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.text.contains("Tick what you take back."));

    let done = owner.submit(&withdraw, &[("purpose", &research)]).await;
    assert_eq!(
        (done.status, done.location()),
        (StatusCode::SEE_OTHER, link.path.as_str())
    );
    let thanks = owner.get(&link.path).await;
    assert!(
        thanks
            .text
            .contains("Research: <strong>taken back</strong>")
    );
    assert!(thanks.text.contains("Newsletter: <strong>allowed</strong>"));
    assert!(!owner.get(&withdraw).await.text.contains(">Research<"));
    // What was signed stays what it was.
    let receipt = owner.get(&link.door("receipt.json")).await.json();
    assert_eq!(
        receipt["granted"],
        serde_json::json!(["Research", "Newsletter"])
    );

    let (to, mail) = server.desk().mail("consent_withdrawn").await;
    assert_eq!(to, "zoe@home.example");
    assert!(
        !mail.to_string().contains("Research"),
        "a mail is no place for it"
    );
    let ticket = mail["withdrawal_url"].as_str().unwrap();
    assert!(ticket.ends_with(&server.desk().ticket(&link)), "{ticket}");
    let (to, _) = server.desk().mail("withdrawal_noted").await;
    assert_eq!(to, "desk@riverside.example");
    let event = "SELECT COUNT(*) FROM record_events WHERE kind = 'consent_withdrawn' AND actor_kind = 'owner'";
    assert_eq!(server.count(event).await, 1);

    // Twice is once; and the rest goes as well.
    let again = owner.submit(&withdraw, &[("purpose", &research)]).await;
    assert_eq!(again.status, StatusCode::UNPROCESSABLE_ENTITY);
    let newsletter = mark_of(&owner.get(&withdraw).await, "Newsletter");
    owner.submit(&withdraw, &[("purpose", &newsletter)]).await;
    let thanks = owner.get(&link.path).await;
    assert!(!thanks.text.contains("data-testid=\"withdraw\""));
    assert_eq!(
        owner.get(&withdraw).await.location(),
        link.path,
        "nothing is left"
    );
    let thanks = neighbour.get(&stays.path).await;
    assert!(thanks.text.contains("Research: <strong>allowed</strong>"));
}

#[tokio::test]
async fn it_is_for_the_one_who_signed() {
    let server = Server::start().await;
    let (owner, link) = signed(&server, &["research"]).await;
    let withdraw = link.door("withdraw");
    let mark = mark_of(&owner.get(&withdraw).await, "Research");
    let stranger = owner.elsewhere(&server);
    assert_eq!(stranger.get(&withdraw).await.location(), link.path);
    // The used link leads to the way in without one.
    let used = stranger.get(&link.path).await;
    assert!(
        used.text.contains(&server.desk().ticket(&link)),
        "{}",
        used.text
    );
    let page = stranger.submit(&withdraw, &[("purpose", &mark)]).await;
    assert_eq!(page.location(), link.path);
    assert_eq!(server.count("SELECT COUNT(*) FROM withdrawals").await, 0);

    let waiting = Owner::new(&server);
    let open = server.desk().enter(waiting.wallet()).await;
    waiting.identify(&open).await;
    let page = waiting
        .submit(&open.door("withdraw"), &[("purpose", &mark)])
        .await;
    assert_eq!(page.location(), open.path, "nothing is signed yet");
    assert_eq!(server.count("SELECT COUNT(*) FROM withdrawals").await, 0);
}

/// Also to somebody who allowed nothing: by the same way a correction is asked for.
#[tokio::test]
async fn the_mail_that_thanks_names_the_way() {
    let server = Server::start().await;
    for granted in [&[][..], &["research"]] {
        let (_, link) = signed(&server, granted).await;
        let (_, mail) = server.desk().mail("consent_received").await;
        let address = mail["withdrawal_url"].as_str().unwrap();
        assert!(address.ends_with(&server.desk().ticket(&link)), "{address}");
        server.clock.advance(std::time::Duration::from_secs(1));
    }
}

#[tokio::test]
async fn what_was_taken_back_can_be_allowed_again() {
    let server = Server::start().await;
    let (owner, link) = signed(&server, &["research"]).await;
    let withdraw = link.door("withdraw");
    let mark = mark_of(&owner.get(&withdraw).await, "Research");
    owner.submit(&withdraw, &[("purpose", &mark)]).await;
    let (desk, uid) = (server.desk(), Uid::new(7).unwrap());
    desk.anchor(&link, uid).await;
    desk.seal_anchor(&link, uid).await;

    let again = desk.ask_again(&link).await;
    owner.identify(&again).await;
    let page = owner.get(&again.path).await;
    assert_eq!(page.state(), "review");
    assert!(page.text.contains("Choose again, then sign"));
    assert!(page.text.contains("asks you once more"));
    assert!(!page.text.contains("<del>"), "no detail changes");
    let so_far = "data-testid=\"so-far-research\">So far: <strong>taken back</strong>";
    assert!(page.text.contains(so_far), "{}", page.text);
    let message = owner.message(&again, &["research"]).await;
    let signed = owner
        .hand_in(&again, &["research"], &owner.sign(&message))
        .await;
    assert_eq!(signed.status, StatusCode::OK, "{}", signed.text);
    let thanks = owner.get(&again.path).await;
    assert!(thanks.text.contains("Research: <strong>allowed</strong>"));
}

#[tokio::test]
async fn nothing_is_taken_back_by_a_consent_that_somebody_changed() {
    let server = Server::start().await;
    let (owner, link) = signed(&server, &["research"]).await;
    server.run("UPDATE consents SET message = signature").await;
    for door in ["withdraw", "receipt", "receipt.json"] {
        owner.get(&link.door(door)).await.assert_altered();
    }
    let page = owner
        .submit(&link.door("withdraw"), &[("purpose", "x")])
        .await;
    page.assert_altered();
    assert_eq!(server.count("SELECT COUNT(*) FROM withdrawals").await, 0);
}

//! `GET /c/{secret}`: each state has its page.

use std::time::Duration;

use reqwest::StatusCode;

use crate::harness::{Owner, PERSON, Server, person};

#[tokio::test]
async fn a_stranger_sees_nothing_personal() {
    let server = Server::start().await;
    let owner = Owner::new(&server);
    let link = server.desk().enter(owner.wallet()).await;

    let page = owner.get(&link.path).await;
    assert_eq!((page.status, page.state()), (StatusCode::OK, "identify"));
    assert!(page.text.contains("Riverside Health Centre"));
    let wallet = owner.wallet().to_string();
    for secret in PERSON
        .iter()
        .map(|(_, value)| *value)
        .filter(|value| value.len() > 3)
        .chain([wallet.as_str(), &link.code])
    {
        assert!(
            !page.text.contains(secret),
            "{secret} is shown to a stranger"
        );
    }
}

#[tokio::test]
async fn the_owner_reads_who_asks_what_for_and_every_detail() {
    let server = Server::start().await;
    let owner = Owner::new(&server);
    let link = server.desk().enter(owner.wallet()).await;
    owner.identify(&link).await;

    let page = owner.get(&link.path).await;
    assert_eq!((page.status, page.state()), (StatusCode::OK, "review"));
    let wallet = owner.wallet().to_string();
    let told = [
        "Riverside Health Centre",
        "1 Quay Street",
        "privacy@riverside.example",
        "Contract, Art. 6(1)(b)",
        "We may ask you to take part in studies.",
        "What we do with your details, and your rights.",
        wallet.as_str(),
    ];
    for text in told.into_iter().chain(PERSON.map(|(_, value)| value)) {
        assert!(page.text.contains(text), "{text} is not shown");
    }
    let order = [
        "asks", "purposes", "details", "choices", "notice", "signing", "ways",
    ];
    let places = order.map(|id| page.text.find(&format!(r#"id="{id}""#)).unwrap());
    assert!(places.is_sorted(), "{order:?} stand at {places:?}");
    assert!(!page.text.contains("sealed"), "they are from the first");
    // Only what rests on consent is a choice, and none is made beforehand.
    assert_eq!(page.text.matches(r#"type="checkbox""#).count(), 2);
    assert!(!page.text.contains(" checked"));
}

#[tokio::test]
async fn opening_a_link_does_not_use_it_up() {
    let server = Server::start().await;
    let owner = Owner::new(&server);
    let link = server.desk().enter(owner.wallet()).await;
    for _ in 0..3 {
        assert_eq!(
            Owner::new(&server).get(&link.path).await.state(),
            "identify"
        );
    }
    // Two browsers read the same offer.
    let elsewhere = owner.elsewhere(&server);
    owner.identify(&link).await;
    elsewhere.identify(&link).await;
    assert_eq!(
        owner.message(&link, &[]).await,
        elsewhere.message(&link, &[]).await
    );
    assert_eq!(
        server
            .count("SELECT COUNT(*) FROM record_events WHERE kind = 'link_opened'")
            .await,
        1
    );
}

#[tokio::test]
async fn whoever_comes_without_a_link_reads_what_this_is() {
    let server = Server::start().await;
    let owner = Owner::new(&server);
    let link = server.desk().enter(owner.wallet()).await;
    let page = owner.get("/").await;
    assert_eq!((page.status, page.state()), (StatusCode::OK, "start"));
    for text in ["Riverside Health Centre", "in the mail", "at the desk"] {
        assert!(page.text.contains(text), "{text} is not shown");
    }
    owner.identify(&link).await;
    let held = owner.get("/").await;
    assert_eq!(held.text, page.text, "nothing personal, whoever asks");
}

#[tokio::test]
async fn an_unknown_link_says_so() {
    let server = Server::start().await;
    let owner = Owner::new(&server);
    let unknown = format!("/c/{}", "A".repeat(43));
    for path in [unknown.as_str(), "/c/short", "/c/%20"] {
        let page = owner.get(path).await;
        assert_eq!(
            (page.status, page.state()),
            (StatusCode::NOT_FOUND, "unknown"),
            "{path}"
        );
    }
    let door = owner
        .post(
            &format!("{unknown}/message"),
            &serde_json::json!({ "granted": [] }),
        )
        .await;
    assert_eq!(
        (door.status, door.problem().as_str()),
        (StatusCode::NOT_FOUND, "link_unknown")
    );
}

#[tokio::test]
async fn an_expired_link_lets_nobody_in() {
    let server = Server::start().await;
    let owner = Owner::new(&server);
    let link = server.desk().enter(owner.wallet()).await;
    server.clock.advance(Duration::from_hours(14 * 24));

    for path in [
        link.path.clone(),
        link.door("correction"),
        link.door("decline"),
    ] {
        let page = owner.get(&path).await;
        assert_eq!(
            (page.status, page.state()),
            (StatusCode::GONE, "expired"),
            "{path}"
        );
    }
    let page = owner
        .submit(&link.door("code"), &[("code", &link.code)])
        .await;
    assert_eq!((page.status, page.state()), (StatusCode::GONE, "expired"));
}

#[tokio::test]
async fn a_newer_link_revokes_the_older() {
    let server = Server::start().await;
    let owner = Owner::new(&server);
    let link = server.desk().enter(owner.wallet()).await;
    owner.identify(&link).await;
    let signature = owner.sign(&owner.message(&link, &[]).await);
    server.desk().issue_again(&link).await;

    let page = owner.get(&link.path).await;
    assert_eq!((page.status, page.state()), (StatusCode::GONE, "revoked"));
    let page = owner.hand_in(&link, &[], &signature).await;
    assert_eq!(
        (page.status, page.problem().as_str()),
        (StatusCode::GONE, "link_closed")
    );
    assert_eq!(server.count("SELECT COUNT(*) FROM consents").await, 0);
    // What the old link held of the owner is gone.
    assert_eq!(
        server
            .count(
                "SELECT COUNT(*) FROM consent_links WHERE state = 'revoked' AND wrapped_key <> ''"
            )
            .await,
        0
    );
}

#[tokio::test]
async fn the_cookie_holds_for_an_hour() {
    let server = Server::start().await;
    let owner = Owner::new(&server);
    let link = server.desk().enter(owner.wallet()).await;
    owner.identify(&link).await;
    server.clock.advance(Duration::from_mins(59));
    assert_eq!(owner.get(&link.path).await.state(), "review");
    server.clock.advance(Duration::from_mins(1));
    assert_eq!(owner.get(&link.path).await.state(), "identify");

    let page = owner.get(&link.door("decline")).await;
    assert_eq!(
        (page.status, page.location()),
        (StatusCode::SEE_OTHER, link.path.as_str())
    );
    let door = owner
        .post(&link.door("message"), &serde_json::json!({ "granted": [] }))
        .await;
    assert_eq!(
        (door.status, door.problem().as_str()),
        (StatusCode::UNAUTHORIZED, "identify_again")
    );
}

#[tokio::test]
async fn the_cookie_of_one_link_opens_no_other() {
    let server = Server::start().await;
    let (owner, other) = (Owner::new(&server), Owner::new(&server));
    let link = server.desk().enter(owner.wallet()).await;
    let others = server.desk().enter(other.wallet()).await;
    let page = owner
        .submit(&link.door("code"), &[("code", &link.code)])
        .await;
    let cookie = page.headers["set-cookie"]
        .to_str()
        .unwrap()
        .split(';')
        .next()
        .unwrap()
        .to_owned();

    let stranger = reqwest::Client::builder().no_proxy().build().unwrap();
    let shown = async |path: &str| {
        let url = server.url.join(path).unwrap();
        stranger
            .get(url)
            .header("cookie", &cookie)
            .send()
            .await
            .unwrap()
            .text()
            .await
            .unwrap()
    };
    assert!(shown(&link.path).await.contains(r#"data-state="review""#));
    assert!(
        shown(&others.path)
            .await
            .contains(r#"data-state="identify""#)
    );
}

#[tokio::test]
async fn a_link_whose_rows_somebody_changed_says_so_and_opens_nothing() {
    let changes = [
        "UPDATE consent_links SET expires_at = expires_at + 1",
        "UPDATE records SET updated_at = updated_at + 1",
    ];
    for change in changes {
        let server = Server::start().await;
        let owner = Owner::new(&server);
        let link = server.desk().enter(owner.wallet()).await;
        server.run(change).await;
        let pages = [
            owner.get(&link.path).await,
            owner
                .submit(&link.door("code"), &[("code", &link.code)])
                .await,
            owner.get(&link.door("decline")).await,
        ];
        for page in pages {
            page.assert_altered();
            for word in ["MAC", "consent_links", "wrong on our side"] {
                assert!(!page.text.contains(word), "causes are for the log");
            }
            assert!(page.headers.get("set-cookie").is_none());
        }
        let asked = serde_json::json!({ "account": owner.wallet() });
        let door = owner.post(&link.door("challenge"), &asked).await;
        door.assert_door_closed();
        assert!(
            door.text.contains("This link can’t be used"),
            "{}",
            door.text
        );
    }
}

#[tokio::test]
async fn a_guardian_reads_that_they_sign_for_somebody() {
    let server = Server::start().await;
    let guardian = Owner::new(&server);
    let mut details = person(("", ""), guardian.wallet());
    details.relation = String::from("guardian: mother").into();
    let link = server.desk().enter_for(&details).await;
    guardian.identify(&link).await;
    assert!(
        guardian
            .get(&link.path)
            .await
            .text
            .contains("guardian: mother")
    );
}

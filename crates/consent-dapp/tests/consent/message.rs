//! `POST /c/{secret}/message`.

use reqwest::StatusCode;
use serde_json::json;

use crate::harness::{DEPLOYMENT_RELAY, Owner, PERSON, Server, typed_data_digest};

#[tokio::test]
async fn it_says_exactly_what_the_page_shows() {
    let server = Server::start().await;
    let owner = Owner::new(&server);
    let link = server.desk().enter(owner.wallet()).await;
    owner.identify(&link).await;
    let answer = owner.message(&link, &["newsletter"]).await;

    let message = &answer["typedData"]["message"];
    assert_eq!(
        answer["typedData"]["domain"]["verifyingContract"],
        json!(DEPLOYMENT_RELAY)
    );
    assert_eq!(answer["typedData"]["domain"]["chainId"], json!(31_337));
    assert_eq!(
        message["fields"],
        json!(PERSON.map(|(name, value)| json!({ "name": name, "value": value })))
    );
    let granted = |index: usize| message["purposes"][index]["granted"].as_bool();
    // Not a choice, left unticked, ticked.
    assert_eq!(
        [granted(0), granted(1), granted(2)],
        [Some(true), Some(false), Some(true)]
    );
    assert_eq!(
        (&message["uid"], &message["version"]),
        (&json!(0), &json!(1))
    );
    assert_eq!(message["issuedAt"], json!(1_795_300_800_u64));
    assert_eq!(
        message["expiresAt"],
        json!(1_795_300_800_u64 + 30 * 24 * 3600)
    );
    assert_eq!(answer["digest"], json!(typed_data_digest(&answer)));
}

#[tokio::test]
async fn what_is_not_a_choice_can_not_be_ticked() {
    let server = Server::start().await;
    let owner = Owner::new(&server);
    let link = server.desk().enter(owner.wallet()).await;
    owner.identify(&link).await;
    for granted in [
        json!(["care"]),
        json!(["resale"]),
        json!(["newsletter", "Newsletter"]),
        json!("newsletter"),
    ] {
        let page = owner
            .post(&link.door("message"), &json!({ "granted": granted }))
            .await;
        assert_eq!(
            (page.status, page.problem().as_str()),
            (StatusCode::UNPROCESSABLE_ENTITY, "malformed"),
            "{granted}"
        );
    }
}

#[tokio::test]
async fn only_the_owner_gets_it() {
    let server = Server::start().await;
    let owner = Owner::new(&server);
    let link = server.desk().enter(owner.wallet()).await;
    let page = owner
        .post(&link.door("message"), &json!({ "granted": [] }))
        .await;
    assert_eq!(
        (page.status, page.problem().as_str()),
        (StatusCode::UNAUTHORIZED, "identify_again")
    );
}

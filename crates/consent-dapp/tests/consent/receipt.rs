//! `GET /c/{secret}/receipt` and `/receipt.json`.

use std::time::Duration;

use record::consent::ConsentMessage;
use record::signature::EcdsaSignature;
use record::{Address, B256};
use reqwest::StatusCode;
use sha2::{Digest, Sha256};

use crate::harness::{Owner, PERSON, Server};

#[tokio::test]
async fn it_can_be_checked_without_us() {
    let server = Server::start().await;
    let owner = Owner::new(&server);
    let link = server.desk().enter(owner.wallet()).await;
    owner.consent(&link, &["research"]).await;
    let page = owner.get(&link.door("receipt.json")).await;
    assert_eq!(page.status, StatusCode::OK);
    assert_eq!(
        page.headers["content-disposition"],
        "attachment; filename=\"consent-receipt.json\""
    );

    let receipt = page.json();
    let text = |name: &str| receipt[name].as_str().unwrap().to_owned();
    assert_eq!(text("format"), "sealwatch/v1/receipt");
    assert_eq!(receipt["granted"], serde_json::json!(["Research"]));
    let message: ConsentMessage = serde_json::from_value(receipt["message"].clone()).unwrap();
    let relay: Address = text("relay").parse().unwrap();
    let digest = message.digest(receipt["chainId"].as_u64().unwrap(), relay);
    assert_eq!(text("digest").parse::<B256>().unwrap(), digest);
    let signature =
        EcdsaSignature::normalise(&hex::decode(&text("signature")[2..]).unwrap()).unwrap();
    assert_eq!(signature.recover(&digest).unwrap(), owner.wallet());
    assert_eq!(text("wallet").parse::<Address>().unwrap(), owner.wallet());
    assert_eq!(
        message.notice.0,
        <[u8; 32]>::from(Sha256::digest(text("notice").as_bytes()))
    );
    assert_eq!(crate::harness::typed_data_digest(&receipt), digest);
}

#[tokio::test]
async fn it_can_be_printed() {
    let server = Server::start().await;
    let owner = Owner::new(&server);
    let link = server.desk().enter(owner.wallet()).await;
    owner.consent(&link, &["research"]).await;
    let page = owner.get(&link.door("receipt")).await;
    assert_eq!((page.status, page.state()), (StatusCode::OK, "receipt"));
    for (_, value) in PERSON {
        assert!(page.text.contains(value), "{value}");
    }
    for outcome in [
        "<strong>allowed</strong>",
        "<strong>not allowed</strong>",
        "<strong>does not rest on consent</strong>",
    ] {
        assert!(page.text.contains(outcome), "{outcome}");
    }
}

#[tokio::test]
async fn it_is_for_the_one_who_signed_and_for_an_hour() {
    let server = Server::start().await;
    let owner = Owner::new(&server);
    let link = server.desk().enter(owner.wallet()).await;
    owner.identify(&link).await;
    let early = owner.get(&link.door("receipt.json")).await;
    assert_eq!(
        (early.status, early.location()),
        (StatusCode::SEE_OTHER, link.path.as_str())
    );
    // The hour begins with the signature, not with the code.
    server.clock.advance(Duration::from_mins(50));
    let signature = owner.sign(&owner.message(&link, &[]).await);
    assert_eq!(
        owner.hand_in(&link, &[], &signature).await.status,
        StatusCode::OK
    );
    server.clock.advance(Duration::from_mins(50));
    assert_eq!(
        owner.get(&link.door("receipt.json")).await.status,
        StatusCode::OK
    );

    let stranger = owner.elsewhere(&server);
    for door in ["receipt", "receipt.json"] {
        let page = stranger.get(&link.door(door)).await;
        assert_eq!(
            (page.status, page.location()),
            (StatusCode::SEE_OTHER, link.path.as_str())
        );
    }
    server.clock.advance(Duration::from_mins(10));
    assert_eq!(
        owner.get(&link.door("receipt.json")).await.status,
        StatusCode::SEE_OTHER
    );
}

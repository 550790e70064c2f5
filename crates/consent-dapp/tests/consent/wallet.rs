//! `POST /c/{secret}/challenge` and `/wallet`.

use std::time::Duration;

use alloy::signers::SignerSync;
use reqwest::StatusCode;
use serde_json::json;

use crate::harness::{Link, Owner, Server};

async fn challenge(owner: &Owner, link: &Link) -> String {
    let page = owner
        .post(
            &link.door("challenge"),
            &json!({ "account": owner.wallet() }),
        )
        .await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.text);
    page.json()["message"].as_str().unwrap().to_owned()
}

fn answer(owner: &Owner, message: &str) -> serde_json::Value {
    let signature = owner.signer.sign_message_sync(message.as_bytes()).unwrap();
    json!({ "account": owner.wallet(), "signature": signature.to_string() })
}

#[tokio::test]
async fn the_registered_wallet_lets_its_owner_in() {
    let server = Server::start().await;
    let owner = Owner::new(&server);
    let link = server.desk().enter(owner.wallet()).await;

    let message = challenge(&owner, &link).await;
    let host = server
        .url
        .as_str()
        .trim_start_matches("http://")
        .trim_end_matches('/');
    assert!(message.starts_with(&format!(
        "{host} wants you to sign in with your Ethereum account:\n{}\n",
        owner.wallet()
    )));
    for line in [
        "\nVersion: 1\n",
        "\nChain ID: 31337\n",
        "\nIssued At: 2026-11-21T22:40:00Z\n",
    ] {
        assert!(message.contains(line), "{message}");
    }
    let secret = link.path.trim_start_matches("/c/");
    assert!(!message.contains(secret), "wallets keep what they sign");

    let page = owner
        .post(&link.door("wallet"), &answer(&owner, &message))
        .await;
    assert_eq!(
        (page.status, page.json()["next"].as_str()),
        (StatusCode::OK, Some(link.path.as_str()))
    );
    assert_eq!(owner.get(&link.path).await.state(), "review");
}

#[tokio::test]
async fn another_wallet_stays_outside_and_learns_nothing() {
    let server = Server::start().await;
    let (owner, stranger) = (Owner::new(&server), Owner::new(&server));
    let link = server.desk().enter(owner.wallet()).await;
    let message = challenge(&stranger, &link).await;
    let page = stranger
        .post(&link.door("wallet"), &answer(&stranger, &message))
        .await;
    assert_eq!(
        (page.status, page.problem().as_str()),
        (StatusCode::FORBIDDEN, "not_registered")
    );
    assert!(page.text.contains(&stranger.wallet().to_string()));
    assert!(
        !page.text.contains(&owner.wallet().to_string()),
        "the registered wallet is personal data"
    );
    assert_eq!(stranger.get(&link.path).await.state(), "identify");

    // Nor does claiming the registered account help.
    let page = stranger
        .post(
            &link.door("challenge"),
            &json!({ "account": owner.wallet() }),
        )
        .await;
    let forged = stranger
        .signer
        .sign_message_sync(page.json()["message"].as_str().unwrap().as_bytes())
        .unwrap();
    let body = json!({ "account": owner.wallet(), "signature": forged.to_string() });
    let page = stranger.post(&link.door("wallet"), &body).await;
    assert_eq!(page.problem(), "not_registered");
}

#[tokio::test]
async fn an_answer_serves_one_browser_one_link_and_five_minutes() {
    let server = Server::start().await;
    let owner = Owner::new(&server);
    let link = server.desk().enter(owner.wallet()).await;
    let other_link = server.desk().enter(owner.wallet()).await;
    let good = answer(&owner, &challenge(&owner, &link).await);

    let elsewhere = owner.elsewhere(&server);
    assert_eq!(
        elsewhere.post(&link.door("wallet"), &good).await.problem(),
        "challenge_expired"
    );
    challenge(&elsewhere, &link).await;
    assert_eq!(
        elsewhere.post(&link.door("wallet"), &good).await.problem(),
        "not_registered"
    );
    challenge(&owner, &other_link).await;
    assert_eq!(
        owner
            .post(&other_link.door("wallet"), &good)
            .await
            .problem(),
        "not_registered"
    );

    server.clock.advance(Duration::from_mins(5));
    assert_eq!(
        owner.post(&link.door("wallet"), &good).await.problem(),
        "challenge_expired"
    );
    assert_eq!(owner.get(&link.path).await.state(), "identify");
}

#[tokio::test]
async fn what_is_no_signature_of_a_plain_account_is_told_apart() {
    let server = Server::start().await;
    let owner = Owner::new(&server);
    let link = server.desk().enter(owner.wallet()).await;
    challenge(&owner, &link).await;
    for (signature, problem) in [
        ("0x", "contract_wallet"),
        ("0x1234", "contract_wallet"),
        ("hello", "malformed"),
    ] {
        let body = json!({ "account": owner.wallet(), "signature": signature });
        assert_eq!(
            owner.post(&link.door("wallet"), &body).await.problem(),
            problem,
            "{signature}"
        );
    }
    let body = json!({ "account": "0x12", "signature": "0x" });
    assert_eq!(
        owner.post(&link.door("wallet"), &body).await.problem(),
        "malformed"
    );
    assert_eq!(
        owner
            .post(&link.door("challenge"), &json!({ "who": "me" }))
            .await
            .problem(),
        "malformed"
    );
}

//! The demo wallet, against a real anvil chain.

use std::collections::BTreeMap;

use devstack::{Accounts, Chain, ChainOptions};
use record::Address;
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::harness::{Link, Owner, Server, Setup};

async fn chain(chain_id: u64) -> Chain {
    Chain::start(&ChainOptions {
        chain_id,
        ..ChainOptions::default()
    })
    .await
    .unwrap()
}

fn with_demo_wallet(chain: &Chain) -> Setup {
    let settings = BTreeMap::from([
        ("DEMO_WALLET", String::from("1")),
        ("CHAIN_RPC_URL", chain.rpc_url()),
    ]);
    Setup {
        settings,
        ..Setup::default()
    }
}

async fn ask(owner: &Owner, link: &Link, method: &str, params: Value) -> Value {
    let page = owner
        .post(
            &link.door("demo-wallet"),
            &json!({ "method": method, "params": params }),
        )
        .await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.text);
    page.json()
}

#[tokio::test]
async fn it_plays_the_registered_owner_through_the_whole_way() {
    let chain = chain(31_337).await;
    let server = Server::start_with(with_demo_wallet(&chain)).await.unwrap();
    let owner = Owner::new(&server);
    let registered: Address = Accounts::load()
        .unwrap()
        .named("owner-03")
        .unwrap()
        .address
        .parse()
        .unwrap();
    let link = server.desk().enter(registered).await;
    assert!(owner.get(&link.path).await.text.contains("demo-wallet.js"));

    assert_eq!(
        ask(&owner, &link, "eth_chainId", json!([])).await["result"],
        "0x7a69"
    );
    let accounts = ask(&owner, &link, "eth_requestAccounts", json!([])).await;
    assert_eq!(accounts["result"], json!([registered.to_string()]));

    let challenge = owner
        .post(&link.door("challenge"), &json!({ "account": registered }))
        .await
        .json();
    let text = format!("0x{}", hex::encode(challenge["message"].as_str().unwrap()));
    let signed = ask(&owner, &link, "personal_sign", json!([text, registered])).await;
    let body = json!({ "account": registered, "signature": signed["result"] });
    assert_eq!(
        owner.post(&link.door("wallet"), &body).await.status,
        StatusCode::OK
    );

    let message = owner.message(&link, &["research"]).await;
    let params = json!([registered, message["typedData"].to_string()]);
    let signed = ask(&owner, &link, "eth_signTypedData_v4", params).await;
    let body =
        json!({ "granted": ["research"], "account": registered, "signature": signed["result"] });
    let page = owner.post(&link.door("sign"), &body).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.text);
}

#[tokio::test]
async fn it_shows_a_wrong_wallet_where_it_does_not_hold_the_key_and_does_nothing_else() {
    let chain = chain(31_337).await;
    let server = Server::start_with(with_demo_wallet(&chain)).await.unwrap();
    let owner = Owner::new(&server);
    let link = server.desk().enter(owner.wallet()).await;
    let first = ask(&owner, &link, "eth_accounts", json!([])).await["result"][0].clone();
    assert_ne!(first, json!(owner.wallet().to_string()));

    let code = async |method: &str, params: Value| {
        ask(&owner, &link, method, params).await["error"]["code"].clone()
    };
    assert_eq!(
        code("personal_sign", json!(["0x00", owner.wallet()])).await,
        4100
    );
    assert_eq!(code("personal_sign", json!([])).await, -32_602);
    for method in [
        "eth_sendTransaction",
        "anvil_setBalance",
        "eth_sign",
        "evm_snapshot",
    ] {
        assert_eq!(
            code(method, json!([{ "from": first, "to": first }])).await,
            -32_601,
            "{method}"
        );
    }
}

#[tokio::test]
async fn it_can_not_be_switched_on_elsewhere() {
    let local = chain(31_337).await;
    let refused =
        async |setup: Setup| format!("{:#}", Server::start_with(setup).await.err().unwrap());

    let mut production = with_demo_wallet(&local);
    production.settings.extend([
        ("ENVIRONMENT", String::from("production")),
        ("PUBLIC_URL", String::from("https://consent.example.org")),
    ]);
    assert!(
        refused(production)
            .await
            .contains("DEMO_WALLET: is refused unless ENVIRONMENT=development")
    );

    let mainnet = Setup {
        chain_id: 1,
        ..with_demo_wallet(&local)
    };
    assert!(
        refused(mainnet)
            .await
            .contains("DEMO_WALLET: is refused on any chain but 31337")
    );

    // The deployment says 31337, the node does not.
    let other = chain(1_337).await;
    assert!(
        refused(with_demo_wallet(&other))
            .await
            .contains("the node is on chain")
    );

    let mut without_node = with_demo_wallet(&local);
    without_node.settings.remove("CHAIN_RPC_URL");
    assert!(
        refused(without_node)
            .await
            .contains("CHAIN_RPC_URL: is missing")
    );
}

#[tokio::test]
async fn without_it_its_door_is_not_there() {
    let server = Server::start().await;
    let owner = Owner::new(&server);
    let link = server.desk().enter(owner.wallet()).await;
    let page = owner
        .post(
            &link.door("demo-wallet"),
            &json!({ "method": "eth_accounts" }),
        )
        .await;
    assert_eq!(page.status, StatusCode::NOT_FOUND);
    assert!(!owner.get(&link.path).await.text.contains("demo-wallet"));
}

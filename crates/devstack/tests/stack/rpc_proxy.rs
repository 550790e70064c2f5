//! The proxy that breaks calls between an app and the chain.

use std::time::Duration;

use devstack::{Accounts, Chain, ChainOptions, Fault, Mining, RpcProxy, wait_until};
use serde_json::{Value, json};

/// No test waits longer for anything.
const LIMIT: Duration = Duration::from_secs(60);
const SEND: &str = "eth_sendTransaction";

async fn call(url: &str, method: &str, params: Value) -> anyhow::Result<Value> {
    let request = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params});
    let http = reqwest::Client::builder().no_proxy().build()?;
    Ok(http
        .post(url)
        .json(&request)
        .send()
        .await?
        .json::<Value>()
        .await?["result"]
        .take())
}

fn transfer() -> Value {
    let accounts = Accounts::load().unwrap();
    json!([{"from": accounts.all()[0].address, "to": accounts.all()[1].address, "value": "0x1"}])
}

async fn start() -> (Chain, RpcProxy) {
    let options = ChainOptions {
        mining: Mining::EachTransaction,
        ..Default::default()
    };
    let chain = Chain::start(&options).await.unwrap();
    let proxy = RpcProxy::start(&chain.rpc_url()).await.unwrap();
    (chain, proxy)
}

/// anvil answers a transaction before it has mined it.
async fn wait_for_a_block(chain: &Chain) {
    let mined = wait_until("a block", LIMIT, || async {
        Ok((chain.block_number().await? >= 1).then_some(()))
    });
    mined.await.unwrap();
}

#[tokio::test]
async fn passes_on_and_counts() {
    let (_chain, proxy) = start().await;
    assert_eq!(
        call(proxy.url(), "eth_chainId", json!([])).await.unwrap(),
        "0x7a69"
    );
    assert_eq!((proxy.count("eth_chainId"), proxy.count(SEND)), (1, 0));
}

#[tokio::test]
async fn cut_before_means_the_chain_never_saw_it() {
    let (chain, proxy) = start().await;
    proxy.fault(SEND, Fault::CutBefore);
    assert!(call(proxy.url(), SEND, transfer()).await.is_err());
    assert_eq!(chain.block_number().await.unwrap(), 0);
    assert!(proxy.count(SEND) >= 1);
    proxy.heal(SEND);
    assert!(
        call(proxy.url(), SEND, transfer())
            .await
            .unwrap()
            .is_string()
    );
}

#[tokio::test]
async fn cut_after_means_the_chain_did_it_and_nobody_heard() {
    let (chain, proxy) = start().await;
    proxy.fault(SEND, Fault::CutAfter);
    assert!(call(proxy.url(), SEND, transfer()).await.is_err());
    wait_for_a_block(&chain).await;
}

#[tokio::test]
async fn held_calls_go_on_when_healed() {
    let (chain, proxy) = start().await;
    proxy.fault(SEND, Fault::Hold);
    let url = proxy.url().to_owned();
    let held = tokio::spawn(async move { call(&url, SEND, transfer()).await });
    proxy.wait_for_calls(SEND, 1, LIMIT).await.unwrap();
    assert_eq!(chain.block_number().await.unwrap(), 0);
    proxy.heal(SEND);
    assert!(held.await.unwrap().unwrap().is_string());
    wait_for_a_block(&chain).await;
}

#[tokio::test]
async fn cut_all_breaks_open_connections_too() {
    let (chain, proxy) = start().await;
    chain.freeze().unwrap();
    let url = proxy.url().to_owned();
    let waiting = tokio::spawn(async move { call(&url, "eth_chainId", json!([])).await });
    proxy.wait_for_calls("eth_chainId", 1, LIMIT).await.unwrap();
    proxy.cut_all();
    let broken = tokio::time::timeout(LIMIT, waiting).await.unwrap().unwrap();
    assert!(broken.is_err());
    assert!(call(proxy.url(), "eth_chainId", json!([])).await.is_err());
    chain.thaw().unwrap();
    proxy.heal_all();
    assert!(call(proxy.url(), "eth_chainId", json!([])).await.is_ok());
}

#[tokio::test]
async fn can_lie() {
    let (_chain, proxy) = start().await;
    proxy.fault("eth_chainId", Fault::Answer(json!("0x1")));
    assert_eq!(
        call(proxy.url(), "eth_chainId", json!([])).await.unwrap(),
        "0x1"
    );
}

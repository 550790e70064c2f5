//! The anvil chain: it survives a restart, and obeys.

use std::time::Duration;

use devstack::{Accounts, Chain, ChainOptions, Mining, wait_until};
use serde_json::{Value, json};

/// No test waits longer for anything.
const LIMIT: Duration = Duration::from_secs(60);

async fn start(mining: Mining) -> Chain {
    Chain::start(&ChainOptions {
        mining,
        ..Default::default()
    })
    .await
    .unwrap()
}

async fn send_one_ether(chain: &Chain) -> String {
    let accounts = Accounts::load().unwrap();
    let (from, to) = (&accounts.all()[0].address, &accounts.all()[1].address);
    let transaction = json!([{"from": from, "to": to, "value": "0xde0b6b3a7640000"}]);
    chain
        .rpc("eth_sendTransaction", transaction)
        .await
        .unwrap()
        .as_str()
        .unwrap()
        .to_owned()
}

async fn receipt(chain: &Chain, hash: &str) -> Value {
    chain
        .rpc("eth_getTransactionReceipt", json!([hash]))
        .await
        .unwrap()
}

/// anvil tells a transaction's hash before it has mined it.
async fn mined_receipt(chain: &Chain, hash: &str) -> Value {
    let mined = wait_until("a receipt", LIMIT, || async {
        let receipt = receipt(chain, hash).await;
        Ok((!receipt.is_null()).then_some(receipt))
    });
    mined.await.unwrap()
}

async fn balance_at(chain: &Chain, block: u64) -> anyhow::Result<Value> {
    let accounts = Accounts::load()?;
    let address = &accounts.all()[1].address;
    chain
        .rpc("eth_getBalance", json!([address, format!("{block:#x}")]))
        .await
}

#[tokio::test]
async fn named_accounts_are_those_of_the_chain() {
    let chain = start(Mining::EachTransaction).await;
    let on_chain = chain.rpc("eth_accounts", json!([])).await.unwrap();
    let accounts = Accounts::load().unwrap();
    let named: Vec<String> = accounts
        .all()
        .iter()
        .map(|account| account.address.to_lowercase())
        .collect();
    let on_chain: Vec<String> = on_chain
        .as_array()
        .unwrap()
        .iter()
        .map(|address| address.as_str().unwrap().to_lowercase())
        .collect();
    assert_eq!(named, on_chain);
    assert_eq!(accounts.named("owner-30").unwrap().index, 32);
    let known = "0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d";
    assert_eq!(accounts.private_key("controller").unwrap(), known);
}

#[tokio::test]
async fn mines_by_itself_every_second() {
    let chain = start(Mining::EverySeconds(1)).await;
    let hash = send_one_ether(&chain).await;
    assert_eq!(mined_receipt(&chain, &hash).await["status"], "0x1");
}

#[tokio::test]
async fn a_paused_chain_makes_no_block() {
    let chain = start(Mining::EverySeconds(1)).await;
    chain.pause_mining().await.unwrap();
    let paused_at = chain.block_number().await.unwrap();
    tokio::time::sleep(Duration::from_millis(2_500)).await;
    assert_eq!(chain.block_number().await.unwrap(), paused_at);
    chain.resume_mining().await.unwrap();
    let hash = send_one_ether(&chain).await;
    assert_eq!(mined_receipt(&chain, &hash).await["status"], "0x1");
}

/// A chain that runs for days must not fill the disk with the states of blocks in which nothing happened.
#[tokio::test]
async fn no_more_states_are_written_than_asked_for() {
    let options = ChainOptions {
        kept_states: 8,
        ..Default::default()
    };
    let mut chain = Chain::start(&options).await.unwrap();
    for _ in 0..20 {
        chain.rpc("evm_mine", json!([])).await.unwrap();
    }
    chain.stop().await.unwrap();
    let written = std::fs::read(chain.dir().join("state.json")).unwrap();
    let state: Value = serde_json::from_slice(&written).unwrap();
    assert!(state["blocks"].as_array().unwrap().len() > 20);
    let states = state["historical_states"].as_array().unwrap().len();
    assert!(states <= 8, "{states} states");
}

#[tokio::test]
async fn a_stopped_chain_continues_with_all_its_blocks_and_their_states() {
    let mut chain = start(Mining::EachTransaction).await;
    let hash = send_one_ether(&chain).await;
    chain.mine(3).await.unwrap();
    let (head, before) = (
        chain.block_number().await.unwrap(),
        balance_at(&chain, 0).await.unwrap(),
    );
    let mined = mined_receipt(&chain, &hash).await;
    chain.stop().await.unwrap();
    assert!(chain.rpc("eth_chainId", json!([])).await.is_err());
    chain.resume().await.unwrap();
    assert_eq!(chain.block_number().await.unwrap(), head);
    let kept = receipt(&chain, &hash).await;
    assert_eq!(kept["blockHash"], mined["blockHash"]);
    assert_eq!(balance_at(&chain, 0).await.unwrap(), before);
    assert_ne!(balance_at(&chain, head).await.unwrap(), before);
}

#[tokio::test]
async fn a_killed_chain_comes_back_with_the_state_written_last() {
    let mut chain = start(Mining::EachTransaction).await;
    chain.mine(5).await.unwrap();
    chain.stop().await.unwrap();
    chain.resume().await.unwrap();
    chain.mine(5).await.unwrap();
    chain.kill();
    // Half a file, as a kill in the midst of writing leaves it.
    std::fs::write(chain.dir().join("state.next.json"), "{\"block\":").unwrap();
    chain.resume().await.unwrap();
    assert_eq!(chain.block_number().await.unwrap(), 5);
}

#[tokio::test]
async fn paused_mining_leaves_transactions_waiting() {
    let chain = start(Mining::EachTransaction).await;
    chain.pause_mining().await.unwrap();
    let hash = send_one_ether(&chain).await;
    assert!(receipt(&chain, &hash).await.is_null());
    chain.resume_mining().await.unwrap();
    chain.mine(1).await.unwrap();
    assert_eq!(mined_receipt(&chain, &hash).await["status"], "0x1");
}

#[tokio::test]
async fn a_frozen_chain_hangs_and_thaws() {
    let chain = start(Mining::EachTransaction).await;
    chain.freeze().unwrap();
    let asked = tokio::time::timeout(Duration::from_millis(500), chain.block_number()).await;
    assert!(asked.is_err(), "a frozen chain answered");
    chain.thaw().unwrap();
    assert_eq!(chain.block_number().await.unwrap(), 0);
}

#[tokio::test]
async fn a_reorganisation_drops_transactions() {
    let chain = start(Mining::EachTransaction).await;
    chain.mine(2).await.unwrap();
    let hash = send_one_ether(&chain).await;
    let mined = mined_receipt(&chain, &hash).await;
    chain.reorganise(2).await.unwrap();
    assert_eq!(chain.block_number().await.unwrap(), 3);
    let now = receipt(&chain, &hash).await;
    assert_ne!(now["blockHash"], mined["blockHash"]);
}

#[tokio::test]
async fn the_contracts_are_deployed_once_and_the_controller_is_appointed() {
    let mut chain = start(Mining::EverySeconds(1)).await;
    let file = chain.deploy().await.unwrap();
    let written = std::fs::read_to_string(&file).unwrap();
    let deployment: Value = serde_json::from_str(&written).unwrap();
    assert_eq!(deployment["chain_id"], 31_337);
    let accounts = Accounts::load().unwrap();
    assert_eq!(
        deployment["authority"],
        accounts.named("authority").unwrap().address
    );
    let code = chain
        .rpc("eth_getCode", json!([deployment["master_data"], "latest"]))
        .await
        .unwrap();
    assert!(code.as_str().unwrap().len() > 1000);

    chain.stop().await.unwrap();
    chain.resume().await.unwrap();
    chain.deploy().await.unwrap();
    assert_eq!(std::fs::read_to_string(&file).unwrap(), written);
}

//! Whether it is our chain at all: everything else is `unverifiable`, never a breach.

use crate::support::{Stage, account, uid, word};
use chain::{ChainError, ChainReader, Deployment, Outage, Pin, SeenBlock};
use devstack::{Chain, ChainOptions, Fault, Mining, RpcProxy};
use record::B256;
use serde_json::json;

async fn connect(url: &str, deployment: Deployment) -> Result<(), ChainError> {
    ChainReader::connect(&url.parse().unwrap(), deployment, 0)
        .await
        .map(drop)
}

async fn wrong_pin(stage: &Stage, change: impl FnOnce(&mut Deployment)) -> ChainError {
    let mut deployment = stage.deployment.clone();
    change(&mut deployment);
    connect(&stage.chain.rpc_url(), deployment)
        .await
        .unwrap_err()
}

#[tokio::test]
async fn every_pin_is_checked() {
    let stage = Stage::set().await;
    let (relay, storage) = (stage.deployment.relay, stage.deployment.storage_layer);
    let wrong = |what| ChainError::WrongChain { what };
    assert_eq!(
        wrong_pin(&stage, |pins| pins.chain_id = 1).await,
        wrong(Pin::ChainId)
    );
    let other = B256::repeat_byte(7);
    assert_eq!(
        wrong_pin(&stage, |pins| pins.storage_code_hash = other).await,
        wrong(Pin::StorageCode)
    );
    assert_eq!(
        wrong_pin(&stage, |pins| pins.deployment_block_hash = Some(other)).await,
        wrong(Pin::DeploymentBlock)
    );
    assert_eq!(
        wrong_pin(&stage, |pins| pins.relay = storage).await,
        wrong(Pin::Relay)
    );
    let empty = account("owner-09");
    assert_eq!(
        wrong_pin(&stage, |pins| pins.relay = empty).await,
        wrong(Pin::Relay)
    );
    assert_eq!(
        wrong_pin(&stage, |pins| pins.storage_layer = relay).await,
        wrong(Pin::StorageCode)
    );
    let behind = wrong_pin(&stage, |pins| pins.deployment_block = 1_000).await;
    assert!(
        matches!(behind, ChainError::Behind { seen: 1_000, .. }),
        "{behind:?}"
    );

    connect(&stage.chain.rpc_url(), stage.deployment.clone())
        .await
        .unwrap();
    let without_hash = Deployment {
        deployment_block_hash: None,
        ..stage.deployment.clone()
    };
    connect(&stage.chain.rpc_url(), without_hash).await.unwrap();
}

#[tokio::test]
async fn a_relay_of_another_deployment_is_told() {
    let stage = Stage::set().await;
    let other = stage.second_deployment().await;
    let error = wrong_pin(&stage, |pins| pins.relay = other.relay).await;
    assert_eq!(error, ChainError::WrongChain { what: Pin::Relay });
}

#[tokio::test]
async fn another_chain_under_the_same_id_is_not_ours() {
    let stage = Stage::set().await;
    let options = ChainOptions {
        mining: Mining::EachTransaction,
        ..ChainOptions::default()
    };
    let other = Chain::start(&options).await.unwrap();
    let fresh = connect(&other.rpc_url(), stage.deployment.clone())
        .await
        .unwrap_err();
    assert!(
        matches!(fresh, ChainError::Behind { head: 0, .. }),
        "{fresh:?}"
    );
    other.mine(50).await.unwrap();
    let longer = connect(&other.rpc_url(), stage.deployment.clone())
        .await
        .unwrap_err();
    assert!(
        matches!(longer, ChainError::WrongChain { .. }),
        "{longer:?}"
    );
}

#[tokio::test]
async fn a_chain_that_stops_is_out_of_reach_and_comes_back() {
    let mut stage = Stage::set().await;
    stage.anchor(1, word(1)).await;
    let reader = stage.reader(0).await;
    let seen = reader.final_block(None).await.unwrap();
    stage.chain.stop().await.unwrap();
    let gone = ChainError::Unreachable {
        cause: Outage::NoConnection,
    };
    assert_eq!(reader.final_block(Some(seen.into())).await, Err(gone));
    assert_eq!(reader.check_pins().await, Err(gone));
    assert_eq!(reader.record(uid(1), &seen).await, Err(gone));
    stage.chain.resume().await.unwrap();
    let back = reader.final_block(Some(seen.into())).await.unwrap();
    assert!(reader.record(uid(1), &back).await.unwrap().is_some());
}

#[tokio::test]
async fn a_chain_that_hangs_is_given_up() {
    let stage = Stage::set().await;
    let reader = stage.reader(0).await;
    stage.chain.freeze().unwrap();
    assert_eq!(
        reader.head().await,
        Err(ChainError::Unreachable {
            cause: Outage::TimedOut
        })
    );
    stage.chain.thaw().unwrap();
    reader.head().await.unwrap();
}

#[tokio::test]
async fn what_was_final_stays_final_to_a_node_a_few_blocks_behind() {
    let stage = Stage::set().await;
    stage.chain.mine(5).await.unwrap();
    let seen: SeenBlock = stage
        .reader(0)
        .await
        .final_block(None)
        .await
        .unwrap()
        .into();
    let patient = stage.reader(3).await;
    let alone = patient.final_block(None).await.unwrap();
    assert!(alone.number < seen.number);
    let after = patient.final_block(Some(seen)).await.unwrap();
    assert_eq!((after.number, after.hash), (seen.number, seen.hash));
}

#[tokio::test]
async fn a_chain_behind_what_was_seen_is_told() {
    let stage = Stage::set().await;
    stage.chain.mine(5).await.unwrap();
    let reader = stage.reader(0).await;
    let snapshot = stage.chain.rpc("evm_snapshot", json!([])).await.unwrap();
    stage.chain.mine(5).await.unwrap();
    let seen: SeenBlock = reader.final_block(None).await.unwrap().into();
    stage
        .chain
        .rpc("evm_revert", json!([snapshot]))
        .await
        .unwrap();
    let behind = ChainError::Behind {
        seen: seen.number,
        head: seen.number - 5,
    };
    assert_eq!(reader.final_block(Some(seen)).await, Err(behind));

    // Grown again to the old height, it is still not the chain that was seen.
    stage
        .chain
        .rpc("evm_increaseTime", json!([1_000]))
        .await
        .unwrap();
    stage.chain.mine(10).await.unwrap();
    let history = ChainError::WrongChain { what: Pin::History };
    assert_eq!(reader.final_block(Some(seen)).await, Err(history));
}

#[tokio::test]
async fn master_data_and_storage_layer_are_compared() {
    let stage = Stage::set().await;
    stage.anchor(1, word(1)).await;
    stage.anchor(2, word(2)).await;
    let reader = stage.reader(0).await;
    // Our master-data reads another storage layer now, which holds nothing.
    let second = stage.second_deployment().await;
    let code = stage.code(second.master_data).await;
    stage.set_code(stage.deployment.master_data, &code).await;
    let now = reader.final_block(None).await.unwrap();
    for answer in [
        reader.records(uid(1), 10, &now).await,
        reader.records(uid(2), 1, &now).await,
    ] {
        let error = answer.unwrap_err();
        assert!(
            matches!(error, ChainError::Disagreement { .. }),
            "{error:?}"
        );
    }
}

#[tokio::test]
async fn an_answer_that_makes_no_sense_is_no_answer() {
    let stage = Stage::set().await;
    stage.anchor(1, word(1)).await;
    let proxy = RpcProxy::start(&stage.chain.rpc_url()).await.unwrap();
    let url = proxy.url().parse().unwrap();
    let reader = ChainReader::connect(&url, stage.deployment.clone(), 0)
        .await
        .unwrap();
    let now = reader.final_block(None).await.unwrap();
    proxy.fault("eth_call", Fault::Answer(json!("0x")));
    let error = reader.record(uid(1), &now).await.unwrap_err();
    assert!(matches!(error, ChainError::Malformed { .. }), "{error:?}");
    proxy.fault(
        "eth_call",
        Fault::Answer(json!({"nothing": "of that kind"})),
    );
    let error = reader.record(uid(1), &now).await.unwrap_err();
    assert!(matches!(error, ChainError::Malformed { .. }), "{error:?}");
    proxy.heal("eth_call");
    proxy.fault("eth_getBlockByNumber", Fault::Answer(json!(null)));
    let error = reader.head().await.unwrap_err();
    assert!(matches!(error, ChainError::Malformed { .. }), "{error:?}");
    proxy.heal_all();
    assert!(reader.record(uid(1), &now).await.unwrap().is_some());
}

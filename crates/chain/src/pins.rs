//! Whether the endpoint serves the chain that the deployment names.

use alloy::{eips::BlockNumberOrTag, primitives::keccak256, providers::Provider as _};

use crate::{
    Block, ChainError, Deployment, Pin, SeenBlock,
    contracts::{IRecordRelay, IStorageLayer},
    endpoint::{Endpoint, unusable},
};

/// Checks all pins at the head: chain id, block of the deployment, code of the storage layer, and that relay and storage layer belong together. Gives the
/// head.
pub(crate) async fn check(
    endpoint: &Endpoint,
    deployment: &Deployment,
) -> Result<Block, ChainError> {
    let head = endpoint.head().await?;
    let (identity, storage, relay) = tokio::join!(
        check_identity(endpoint, deployment, &head),
        check_storage(endpoint, deployment, &head),
        check_relay(endpoint, deployment, &head),
    );
    // In this order, whichever was answered first: a node that is behind lacks the code, too, and is no wrong chain for that.
    identity?;
    storage?;
    relay?;
    Ok(head)
}

/// The pins that cost next to nothing: chain id and block of the deployment. Checked with every look at the head.
pub(crate) async fn check_identity(
    endpoint: &Endpoint,
    deployment: &Deployment,
    head: &Block,
) -> Result<(), ChainError> {
    if endpoint.chain_id().await? != deployment.chain_id {
        return Err(ChainError::WrongChain { what: Pin::ChainId });
    }
    let pinned = deployment.deployment_block;
    let block = block_at(endpoint, pinned, head).await?;
    match deployment.deployment_block_hash {
        Some(hash) if hash != block.hash => Err(ChainError::WrongChain {
            what: Pin::DeploymentBlock,
        }),
        _ => Ok(()),
    }
}

/// Checks that a block that was final earlier is still there.
pub(crate) async fn check_history(
    endpoint: &Endpoint,
    seen: SeenBlock,
    head: &Block,
) -> Result<(), ChainError> {
    if block_at(endpoint, seen.number, head).await?.hash == seen.hash {
        Ok(())
    } else {
        Err(ChainError::WrongChain { what: Pin::History })
    }
}

/// What a unit of gas costs at least in the next block, as the newest one tells.
pub(crate) async fn base_fee(endpoint: &Endpoint) -> Result<u128, ChainError> {
    let newest = endpoint
        .provider()
        .get_block_by_number(BlockNumberOrTag::Latest);
    let fee = newest
        .await
        .map_err(unusable)?
        .and_then(|block| block.header.base_fee_per_gas);
    fee.map(u128::from).ok_or(ChainError::Malformed {
        what: "a chain without EIP-1559",
    })
}

async fn block_at(endpoint: &Endpoint, number: u64, head: &Block) -> Result<Block, ChainError> {
    let behind = ChainError::Behind {
        seen: number,
        head: head.number,
    };
    if head.number < number {
        return Err(behind);
    }
    endpoint.block(number).await?.ok_or(behind)
}

async fn check_storage(
    endpoint: &Endpoint,
    deployment: &Deployment,
    head: &Block,
) -> Result<(), ChainError> {
    let code = endpoint.code(deployment.storage_layer, head.number).await?;
    if keccak256(code) == deployment.storage_code_hash {
        Ok(())
    } else {
        Err(ChainError::WrongChain {
            what: Pin::StorageCode,
        })
    }
}

async fn check_relay(
    endpoint: &Endpoint,
    deployment: &Deployment,
    head: &Block,
) -> Result<(), ChainError> {
    let wrong = ChainError::WrongChain { what: Pin::Relay };
    let code = endpoint.code(deployment.relay, head.number).await?;
    if code.is_empty() {
        return Err(wrong);
    }
    let (relay, storage) = (deployment.relay, deployment.storage_layer);
    let of_relay = endpoint
        .view(relay, IRecordRelay::storageLayerCall {}, head.number)
        .await;
    let of_storage = endpoint
        .view(storage, IStorageLayer::relayCall {}, head.number)
        .await;
    match (of_relay, of_storage) {
        (Ok(named), Ok(by)) if named == storage && by == relay => Ok(()),
        (Err(out), _) | (_, Err(out)) if !matches!(out, ChainError::Malformed { .. }) => Err(out),
        _ => Err(wrong),
    }
}

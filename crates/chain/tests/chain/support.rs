//! A deployment on an anvil chain of its own, and what tests do to it as authority and controller.

use std::{fs, time::Duration};

use alloy::{
    primitives::{Bytes, U256, keccak256},
    sol,
    sol_types::{SolCall, SolValue as _},
};
use chain::{ChainReader, Deployment};
use devstack::{Accounts, Chain, ChainOptions, Mining, wait_until};
use record::{
    Address, B256,
    ids::{Uid, Version},
};
use serde_json::{Value, json};

sol! {
    interface Contracts {
        function addRecordProof(uint256 uid, uint64 timestamp, bytes32 recordProof) external;
        function retireRecord(uint256 uid, uint8 reason, bytes32 evidence) external;
        function voidRecordProof(uint256 uid, uint256 version) external;
        function register(address candidate) external returns (uint256);
        function relay() external view returns (address);
        function grantRole(bytes32 role, address account) external;
        function pause() external;
    }
}

/// A chain with the contracts on it and the controller appointed; a block for each transaction.
pub struct Stage {
    pub chain: Chain,
    pub deployment: Deployment,
}

impl Stage {
    pub async fn set() -> Self {
        Self::set_on(&ChainOptions {
            mining: Mining::EachTransaction,
            ..ChainOptions::default()
        })
        .await
    }

    pub async fn set_on(options: &ChainOptions) -> Self {
        let chain = Chain::start(options).await.unwrap();
        let deployment = deploy(&chain, options.chain_id).await;
        let stage = Self { chain, deployment };
        stage.appoint_controller().await;
        stage
    }

    pub async fn appoint_controller(&self) {
        let role = keccak256("CONTROLLER_ROLE");
        let grant = Contracts::grantRoleCall {
            role,
            account: account("controller"),
        };
        self.act("authority", self.deployment.storage_layer, grant)
            .await;
    }

    pub async fn code(&self, of: Address) -> Value {
        self.chain
            .rpc("eth_getCode", json!([of, "latest"]))
            .await
            .unwrap()
    }

    pub async fn set_code(&self, of: Address, code: &Value) {
        self.chain
            .rpc("anvil_setCode", json!([of, code]))
            .await
            .unwrap();
        self.chain.mine(1).await.unwrap();
    }

    pub async fn reader(&self, confirmations: u64) -> ChainReader {
        let url = self.chain.rpc_url().parse().unwrap();
        ChainReader::connect(&url, self.deployment.clone(), confirmations)
            .await
            .unwrap()
    }

    /// Sends a transaction as one of the named accounts and waits until it succeeded.
    pub async fn act(&self, who: &str, to: Address, call: impl SolCall) -> Value {
        transact(&self.chain, account(who), Some(to), call.abi_encode()).await
    }

    /// Anchors a word as the controller, at the time of the newest block; gives the timestamp.
    pub async fn anchor(&self, uid: u64, word: B256) -> u64 {
        let newest = self
            .chain
            .rpc("eth_getBlockByNumber", json!(["latest", false]))
            .await;
        let timestamp = number(&newest.unwrap()["timestamp"]);
        let call = Contracts::addRecordProofCall {
            uid: U256::from(uid),
            timestamp,
            recordProof: word,
        };
        self.act("controller", self.deployment.master_data, call)
            .await;
        timestamp
    }

    /// Timestamps rise with every version, and the chain counts whole seconds.
    pub async fn pass_a_minute(&self) {
        self.chain
            .rpc("evm_increaseTime", json!([60]))
            .await
            .unwrap();
        self.chain.mine(1).await.unwrap();
    }

    pub async fn void(&self, uid: u64, version: u64) {
        let (uid, version) = (U256::from(uid), U256::from(version));
        let call = Contracts::voidRecordProofCall { uid, version };
        self.act("authority", self.deployment.master_data, call)
            .await;
    }

    pub async fn retire(&self, uid: u64, reason: u8, evidence: B256) {
        let call = Contracts::retireRecordCall {
            uid: U256::from(uid),
            reason,
            evidence,
        };
        self.act("controller", self.deployment.master_data, call)
            .await;
    }
}

pub fn account(name: &str) -> Address {
    Accounts::load()
        .unwrap()
        .named(name)
        .unwrap()
        .address
        .parse()
        .unwrap()
}

pub fn uid(number: u64) -> Uid {
    Uid::new(number).unwrap()
}

pub fn version(number: u32) -> Version {
    Version::new(number).unwrap()
}

pub fn word(number: u8) -> B256 {
    B256::repeat_byte(number)
}

pub fn number(hex: &Value) -> u64 {
    u64::from_str_radix(hex.as_str().unwrap().trim_start_matches("0x"), 16).unwrap()
}

/// Puts the contracts on the chain, as the deployment script does.
pub async fn deploy(chain: &Chain, chain_id: u64) -> Deployment {
    let authority = account("authority");
    let storage_layer = create(chain, "StorageLayer", authority.abi_encode()).await;
    let relay = ask(chain, storage_layer, Contracts::relayCall {}).await;
    let master_data = create(chain, "MasterDataV1", storage_layer.abi_encode()).await;
    let register = Contracts::registerCall {
        candidate: master_data,
    };
    let receipt = transact(chain, authority, Some(relay), register.abi_encode()).await;
    let code = chain
        .rpc("eth_getCode", json!([storage_layer, "latest"]))
        .await
        .unwrap();
    let code: Bytes = serde_json::from_value(code).unwrap();
    Deployment {
        chain_id,
        relay,
        storage_layer,
        storage_code_hash: keccak256(code),
        master_data,
        deployment_block: number(&receipt["blockNumber"]),
        deployment_block_hash: Some(serde_json::from_value(receipt["blockHash"].clone()).unwrap()),
        authority,
    }
}

async fn create(chain: &Chain, contract: &str, arguments: Vec<u8>) -> Address {
    let path = format!("contracts/out/{contract}.sol/{contract}.json");
    let artifact = fs::read(devstack::workspace_root().join(path)).unwrap();
    let artifact: Value = serde_json::from_slice(&artifact).unwrap();
    let code: Bytes = serde_json::from_value(artifact["bytecode"]["object"].clone()).unwrap();
    let input = [code.as_ref(), &arguments].concat();
    let receipt = transact(chain, account("authority"), None, input).await;
    serde_json::from_value(receipt["contractAddress"].clone()).unwrap()
}

async fn ask<C: SolCall>(chain: &Chain, to: Address, call: C) -> C::Return {
    let call = json!({"to": to, "data": Bytes::from(call.abi_encode())});
    let answer = chain
        .rpc("eth_call", json!([call, "latest"]))
        .await
        .unwrap();
    let answer: Bytes = serde_json::from_value(answer).unwrap();
    C::abi_decode_returns(&answer).unwrap()
}

async fn transact(chain: &Chain, from: Address, to: Option<Address>, input: Vec<u8>) -> Value {
    let transaction = json!({"from": from, "to": to, "data": Bytes::from(input)});
    let hash = chain
        .rpc("eth_sendTransaction", json!([transaction]))
        .await
        .unwrap();
    let receipt = wait_until("a receipt", Duration::from_secs(10), || async {
        let receipt = chain
            .rpc("eth_getTransactionReceipt", json!([hash]))
            .await?;
        Ok((!receipt.is_null()).then_some(receipt))
    });
    let receipt = receipt.await.unwrap();
    assert_eq!(receipt["status"], "0x1", "the transaction was reverted");
    receipt
}

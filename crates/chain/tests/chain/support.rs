//! A deployment on an anvil chain of its own, and what tests do to it as authority and controller.

use std::time::Duration;

use alloy::{
    primitives::{Bytes, U256},
    sol,
    sol_types::SolCall,
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
        function pause() external;
        function transferOwnership(address newOwner) external;
        function acceptOwnership() external;
    }
}

/// A chain with the contracts on it and the controller appointed; a block for each transaction.
pub struct Stage {
    pub chain: Chain,
    pub deployment: Deployment,
}

impl Stage {
    pub async fn set() -> Self {
        let options = ChainOptions {
            mining: Mining::EachTransaction,
            ..ChainOptions::default()
        };
        Self::on(Chain::start_deployed(&options).await.unwrap())
    }

    /// On a chain that the contracts are on.
    pub fn on(chain: Chain) -> Self {
        let deployment = Deployment::load(&chain.deployment_file()).unwrap();
        Self { chain, deployment }
    }

    pub async fn reader(&self, confirmations: u64) -> ChainReader {
        let url = self.chain.rpc_url().parse().unwrap();
        ChainReader::connect(&url, self.deployment.clone(), confirmations)
            .await
            .unwrap()
    }

    /// Sends a transaction as one of the named accounts and waits until it succeeded.
    pub async fn act(&self, who: &str, to: Address, call: impl SolCall) {
        transact(
            &self.chain,
            account(who),
            to,
            &Bytes::from(call.abi_encode()),
        )
        .await;
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

    /// Puts a copy of these contracts under other addresses: storage, relay and master-data that know each other.
    pub async fn second_deployment(&self) -> Deployment {
        let ours = &self.deployment;
        let second = Deployment {
            storage_layer: Address::repeat_byte(0xa1),
            relay: Address::repeat_byte(0xa2),
            master_data: Address::repeat_byte(0xa3),
            ..ours.clone()
        };
        let pairs = [
            (ours.storage_layer, second.storage_layer),
            (ours.relay, second.relay),
            (ours.master_data, second.master_data),
        ];
        for (from, to) in pairs {
            // Contracts know each other by immutables, which stand in their code.
            let mut code = self.code(from).await;
            for (old, new) in pairs {
                code = code.replace(&hex(old), &hex(new));
            }
            self.set_code(to, &code).await;
        }
        second
    }

    pub async fn code(&self, of: Address) -> String {
        let code = self
            .chain
            .rpc("eth_getCode", json!([of, "latest"]))
            .await
            .unwrap();
        code.as_str().unwrap().to_owned()
    }

    pub async fn set_code(&self, of: Address, code: &str) {
        self.chain
            .rpc("anvil_setCode", json!([of, code]))
            .await
            .unwrap();
        self.chain.mine(1).await.unwrap();
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

fn hex(address: Address) -> String {
    address
        .to_string()
        .to_lowercase()
        .trim_start_matches("0x")
        .to_owned()
}

fn number(hex: &Value) -> u64 {
    u64::from_str_radix(hex.as_str().unwrap().trim_start_matches("0x"), 16).unwrap()
}

async fn transact(chain: &Chain, from: Address, to: Address, input: &Bytes) {
    let transaction = json!({"from": from, "to": to, "data": input});
    let hash = chain
        .rpc("eth_sendTransaction", json!([transaction]))
        .await
        .unwrap();
    let receipt = wait_until("a receipt", Duration::from_secs(60), || async {
        let receipt = chain
            .rpc("eth_getTransactionReceipt", json!([hash]))
            .await?;
        Ok((!receipt.is_null()).then_some(receipt))
    });
    assert_eq!(
        receipt.await.unwrap()["status"],
        "0x1",
        "the transaction was reverted"
    );
}

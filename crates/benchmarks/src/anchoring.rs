//! Anchoring many words at once.

use std::fs;

use alloy_primitives::{U256, keccak256};
use chain::Deployment;
use devstack::{Accounts, Chain};
use record::B256;
use serde_json::{Value, json};

const COMPILED: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../contracts/out/BulkMasterData.sol/BulkMasterData.json"
);
/// So many words go into one transaction.
const AT_ONCE: usize = 500;
/// So many transactions make a block: the node hashes all that it holds for each.
const IN_A_BLOCK: usize = 200;
const GAS: u64 = 100_000_000;

/// A chain on which a master-data is registered that takes many words at once.
pub struct Bulk<'a> {
    pub chain: &'a Chain,
    pub deployment: &'a Deployment,
}

impl Bulk<'_> {
    /// The time of the newest block.
    pub async fn timestamp(&self) -> u64 {
        let newest = json!(["latest", false]);
        let newest = self.chain.rpc("eth_getBlockByNumber", newest);
        let timestamp = newest.await.unwrap()["timestamp"].take();
        let hex = timestamp.as_str().unwrap().trim_start_matches("0x");
        u64::from_str_radix(hex, 16).unwrap()
    }

    /// Anchors these words, under the UIDs from 1 on.
    pub async fn anchor(&self, words: &[B256], timestamp: u64) {
        let controller = account("controller");
        let bulk = self.bulk_master_data().await;
        let parts = (1_u64..).step_by(AT_ONCE).zip(words.chunks(AT_ONCE));
        for (part, (first, words)) in (1..).zip(parts) {
            let number = |number: u64| U256::from(number).to_be_bytes::<32>();
            let mut data = keccak256("addRecordProofs(uint64,uint64,bytes32[])")[..4].to_vec();
            for one in [first, timestamp, 96, words.len() as u64] {
                data.extend(number(one));
            }
            words.iter().for_each(|word| data.extend(word.as_slice()));
            self.send(&controller, Some(&bulk), &data).await;
            if part % IN_A_BLOCK == 0 {
                self.chain.mine(1).await.unwrap();
            }
        }
        self.chain.mine(1).await.unwrap();
    }

    /// Deploys it and registers it through the relay, in the name of the authority.
    async fn bulk_master_data(&self) -> String {
        let compiled: Value = serde_json::from_slice(&fs::read(COMPILED).unwrap()).unwrap();
        let code = compiled["bytecode"]["object"].as_str().unwrap();
        let mut code = hex::decode(code.trim_start_matches("0x")).unwrap();
        code.extend([0; 12]);
        code.extend(self.deployment.storage_layer.as_slice());
        let authority = account("authority");
        let hash = self.send(&authority, None, &code).await;
        self.chain.mine(1).await.unwrap();
        let receipt = self.chain.rpc("eth_getTransactionReceipt", json!([hash]));
        let address = receipt.await.unwrap()["contractAddress"]
            .as_str()
            .unwrap()
            .to_owned();
        let mut data = keccak256("register(address)")[..4].to_vec();
        data.extend([0; 12]);
        data.extend(hex::decode(&address[2..]).unwrap());
        let relay = self.deployment.relay.to_string();
        self.send(&authority, Some(&relay), &data).await;
        self.chain.mine(1).await.unwrap();
        address
    }

    async fn send(&self, from: &str, to: Option<&str>, data: &[u8]) -> Value {
        let mut transaction = json!({
            "from": from,
            "gas": format!("{GAS:#x}"),
            "data": format!("0x{}", hex::encode(data)),
        });
        if let Some(to) = to {
            transaction["to"] = json!(to);
        }
        let sent = self.chain.rpc("eth_sendTransaction", json!([transaction]));
        sent.await.unwrap()
    }
}

fn account(name: &str) -> String {
    let accounts = Accounts::load().unwrap();
    accounts.named(name).unwrap().address.clone()
}

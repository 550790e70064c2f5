//! Contracts beside the deployed ones: wallets of owners, say, that tests put onto the chain.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use crate::accounts::Accounts;
use crate::chain::Chain;
use crate::readiness::wait_until;
use crate::tools::workspace_root;

/// Sends what nobody in particular sends.
const BYSTANDER: &str = "owner-30";
const LIMIT: Duration = Duration::from_secs(60);

impl Chain {
    /// Puts a contract of `contracts/` onto the chain in the name of an account that nobody else uses; gives its address. `file` and
    /// `name` are those of its source, `arguments` what its constructor takes, encoded.
    pub async fn put_contract(&self, file: &str, name: &str, arguments: &[u8]) -> Result<String> {
        let built = workspace_root().join(format!("contracts/out/{file}.sol/{name}.json"));
        let built = std::fs::read(&built)
            .with_context(|| format!("{} is missing: run `make contracts`", built.display()))?;
        let built: Value = serde_json::from_slice(&built)?;
        let code = built["bytecode"]["object"].as_str().context("bytecode")?;
        let data = format!("{code}{}", hex::encode(arguments));
        let receipt = self.transact(json!({ "data": data })).await?;
        let address = receipt["contractAddress"].as_str();
        Ok(address.context("a contract's address")?.to_owned())
    }

    /// Sends a transaction of an unlocked account, by default one that nobody else uses, and gives the receipt of its success.
    pub async fn transact(&self, mut transaction: Value) -> Result<Value> {
        if transaction["from"].is_null() {
            let accounts = Accounts::load()?;
            transaction["from"] = json!(accounts.named(BYSTANDER)?.address);
        }
        let hash = self
            .rpc("eth_sendTransaction", json!([transaction]))
            .await?;
        let receipt = wait_until("a receipt", LIMIT, || async {
            let receipt = self.rpc("eth_getTransactionReceipt", json!([hash])).await?;
            Ok((!receipt.is_null()).then_some(receipt))
        });
        let receipt = receipt.await?;
        ensure!(receipt["status"] == "0x1", "the transaction was reverted");
        Ok(receipt)
    }
}

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

const LIMIT: Duration = Duration::from_secs(30);

/// JSON-RPC over HTTP.
pub(crate) struct Rpc {
    url: String,
    http: reqwest::Client,
    id: AtomicU64,
}

impl Rpc {
    pub(crate) fn new(port: u16) -> Result<Self> {
        let http = reqwest::Client::builder().no_proxy().build()?;
        Ok(Self {
            url: format!("http://127.0.0.1:{port}"),
            http,
            id: AtomicU64::new(1),
        })
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    pub(crate) async fn call(&self, method: &str, params: Value) -> Result<Value> {
        self.call_within(LIMIT, method, params).await
    }

    /// [`Self::call`] of what may take so long.
    pub(crate) async fn call_within(
        &self,
        limit: Duration,
        method: &str,
        params: Value,
    ) -> Result<Value> {
        let id = self.id.fetch_add(1, Ordering::Relaxed);
        let request = json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params});
        let mut answer: Value = self
            .http
            .post(&self.url)
            .timeout(limit)
            .json(&request)
            .send()
            .await?
            .json()
            .await?;
        if let Some(error) = answer.get("error") {
            bail!("{method}: {error}");
        }
        Ok(answer["result"].take())
    }

    pub(crate) async fn block_number(&self) -> Result<u64> {
        let number = self.call("eth_blockNumber", json!([])).await?;
        let digits = number
            .as_str()
            .and_then(|text| text.strip_prefix("0x"))
            .context("block number")?;
        Ok(u64::from_str_radix(digits, 16)?)
    }
}

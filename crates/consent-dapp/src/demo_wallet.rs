//! The demo wallet's node: it signs with anvil's unlocked accounts. Real deployments can't start it.

use std::time::Duration;

use record::Address;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use url::Url;

use crate::settings::DEMO_CHAIN;

/// JSON-RPC: the method is not one of ours.
const METHOD_NOT_FOUND: i64 = -32601;
/// JSON-RPC: the parameters are not what the method takes.
const INVALID_PARAMS: i64 = -32602;
/// EIP-1193: not an account of this wallet.
const UNAUTHORIZED: i64 = 4100;

/// A client of the demo's node.
#[derive(Clone)]
pub struct DemoWallet {
    node: Url,
    http: reqwest::Client,
}

/// What a page asks of an EIP-1193 provider.
#[derive(Deserialize)]
pub struct Asked {
    method: String,
    #[serde(default)]
    params: Vec<Value>,
}

/// What it gets back.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Answer {
    /// The method's result.
    Result(Value),
    /// Why there is none.
    Error {
        /// EIP-1193 or JSON-RPC code.
        code: i64,
        /// In words.
        message: String,
    },
}

/// Why the demo wallet can't be had.
#[derive(Debug, thiserror::Error)]
pub enum DemoWalletError {
    /// The node does not answer.
    #[error("the demo wallet's node does not answer")]
    Unreachable(#[from] reqwest::Error),
    /// The node refused, in its own words.
    #[error("the demo wallet's node refused: {0}")]
    Refused(String),
    /// The node answered with something else.
    #[error("the demo wallet's node gave an answer that can't be read")]
    Malformed,
    /// The node is not the demo's.
    #[error("the demo wallet is refused: the node is on chain {0}, not 31337")]
    WrongChain(String),
}

impl DemoWallet {
    /// Asks the node which chain it is on, whatever the settings say.
    pub async fn connect(node: Url) -> Result<Self, DemoWalletError> {
        let http = reqwest::Client::builder()
            .no_proxy()
            .timeout(Duration::from_secs(10))
            .build()?;
        let wallet = Self { node, http };
        let chain = wallet.call("eth_chainId", &json!([])).await?;
        if chain == json!(format!("{DEMO_CHAIN:#x}")) {
            Ok(wallet)
        } else {
            Err(DemoWalletError::WrongChain(chain.to_string()))
        }
    }

    /// Plays the wallet `registered` if the node holds its key, else the node's first account.
    pub async fn answer(
        &self,
        registered: Address,
        asked: &Asked,
    ) -> Result<Answer, DemoWalletError> {
        match asked.method.as_str() {
            "eth_chainId" => Ok(Answer::Result(json!(format!("{DEMO_CHAIN:#x}")))),
            "eth_accounts" | "eth_requestAccounts" => Ok(Answer::Result(json!([self
                .account(registered)
                .await?
                .to_string()]))),
            "personal_sign" => match asked.params.as_slice() {
                [text, account, ..] => {
                    self.sign(registered, account, "personal_sign", json!([text, account]))
                        .await
                }
                _ => Ok(refusal(
                    INVALID_PARAMS,
                    "personal_sign takes a text and an account",
                )),
            },
            "eth_signTypedData_v4" => match asked.params.as_slice() {
                [account, typed_data, ..] => {
                    let params = json!([account, unquoted(typed_data)]);
                    self.sign(registered, account, "eth_signTypedData_v4", params)
                        .await
                }
                _ => Ok(refusal(
                    INVALID_PARAMS,
                    "eth_signTypedData_v4 takes an account and a message",
                )),
            },
            _ => Ok(refusal(
                METHOD_NOT_FOUND,
                "the demo wallet does not do this",
            )),
        }
    }

    async fn sign(
        &self,
        registered: Address,
        account: &Value,
        method: &str,
        params: Value,
    ) -> Result<Answer, DemoWalletError> {
        let named = account
            .as_str()
            .and_then(|text| text.parse::<Address>().ok());
        if named != Some(self.account(registered).await?) {
            return Ok(refusal(
                UNAUTHORIZED,
                "the demo wallet does not hold this account",
            ));
        }
        match self.call(method, &params).await {
            Ok(signature) => Ok(Answer::Result(signature)),
            Err(DemoWalletError::Refused(message)) => Ok(refusal(INVALID_PARAMS, message)),
            Err(other) => Err(other),
        }
    }

    async fn account(&self, registered: Address) -> Result<Address, DemoWalletError> {
        let accounts = self.call("eth_accounts", &json!([])).await?;
        let accounts: Vec<Address> =
            serde_json::from_value(accounts).map_err(|_| DemoWalletError::Malformed)?;
        let held = accounts.iter().find(|account| **account == registered);
        held.or(accounts.first())
            .copied()
            .ok_or(DemoWalletError::Malformed)
    }

    async fn call(&self, method: &str, params: &Value) -> Result<Value, DemoWalletError> {
        let request = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        let mut answer: Value = self
            .http
            .post(self.node.clone())
            .json(&request)
            .send()
            .await?
            .json()
            .await?;
        if let Some(message) = answer.pointer("/error/message").and_then(Value::as_str) {
            return Err(DemoWalletError::Refused(message.to_owned()));
        }
        answer
            .get_mut("result")
            .map(Value::take)
            .ok_or(DemoWalletError::Malformed)
    }
}

/// Wallets take typed data as JSON in a string; the node wants the JSON.
fn unquoted(typed_data: &Value) -> Value {
    let parsed = typed_data
        .as_str()
        .and_then(|text| serde_json::from_str(text).ok());
    parsed.unwrap_or_else(|| typed_data.clone())
}

fn refusal(code: i64, message: impl Into<String>) -> Answer {
    Answer::Error {
        code,
        message: message.into(),
    }
}

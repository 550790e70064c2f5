//! A wallet as a browser extension is one: an EIP-6963 provider inside the page whose key stays outside, in the test.

use std::sync::{Arc, Mutex};

use alloy::dyn_abi::TypedData;
use alloy::primitives::Address;
use alloy::signers::SignerSync;
use alloy::signers::local::PrivateKeySigner;
use anyhow::{Context, Result};
use chromiumoxide::Page;
use chromiumoxide::cdp::js_protocol::runtime::{AddBindingParams, EventBindingCalled};
use futures::StreamExt;
use serde_json::{Value, json};

use crate::tab::Tab;

const PROVIDER: &str = include_str!("wallet_provider.js");
const BINDING: &str = "__walletAsk";

/// What the person behind the wallet does when asked.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Mood {
    /// Agrees to everything.
    Willing,
    /// Shows its account, and signs nothing.
    Wary,
    /// Closes each dialogue: EIP-1193 error 4001.
    Refusing,
}

/// A wallet and the person who holds it.
#[derive(Clone)]
pub struct Wallet {
    name: String,
    signer: PrivateKeySigner,
    state: Arc<Mutex<State>>,
}

struct State {
    mood: Mood,
    chain_id: u64,
    /// The chains that it can be set to.
    known_chains: Vec<u64>,
    /// The account that it tells of, where that is not its own.
    pretended: Option<Address>,
    asked: Vec<String>,
}

impl Wallet {
    /// A wallet with a new key, set to a chain.
    #[must_use]
    pub fn new(name: &str, chain_id: u64) -> Self {
        Self::with_key(name, chain_id, PrivateKeySigner::random())
    }

    /// A wallet that holds a given key.
    #[must_use]
    pub fn with_key(name: &str, chain_id: u64, signer: PrivateKeySigner) -> Self {
        let state = State {
            mood: Mood::Willing,
            chain_id,
            known_chains: vec![chain_id],
            pretended: None,
            asked: Vec::new(),
        };
        Self {
            name: name.to_owned(),
            signer,
            state: Arc::new(Mutex::new(state)),
        }
    }

    /// Its address.
    #[must_use]
    pub fn address(&self) -> Address {
        self.signer.address()
    }

    /// Its key, for what a thief does without a browser.
    #[must_use]
    pub fn signer(&self) -> &PrivateKeySigner {
        &self.signer
    }

    /// Changes what the person does from now on.
    pub fn feel(&self, mood: Mood) {
        self.lock().mood = mood;
    }

    /// Tells pages of somebody else's account, and goes on signing with its own key.
    pub fn pretend(&self, account: Address) {
        self.lock().pretended = Some(account);
    }

    /// The chain it is set to now.
    #[must_use]
    pub fn chain_id(&self) -> u64 {
        self.lock().chain_id
    }

    /// The methods that pages asked for so far.
    #[must_use]
    pub fn asked(&self) -> Vec<String> {
        self.lock().asked.clone()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().expect("nobody panics while answering")
    }

    /// Installs the wallet in a tab, before any page is opened there.
    ///
    /// # Errors
    /// When the tab is gone.
    pub async fn install(&self, tab: &Tab) -> Result<()> {
        let page = tab.page().clone();
        let binding = format!(
            "{BINDING}_{}",
            self.name.replace(|c: char| !c.is_ascii_alphanumeric(), "_")
        );
        let mut calls = page.event_listener::<EventBindingCalled>().await?;
        page.execute(AddBindingParams::new(binding.clone())).await?;
        let script = PROVIDER
            .replace("__NAME__", &self.name)
            .replace("__BINDING__", &binding);
        page.evaluate_on_new_document(script).await?;
        let wallet = self.clone();
        tokio::spawn(async move {
            while let Some(call) = calls.next().await {
                if call.name == binding {
                    // A page that has gone meanwhile needs no answer.
                    let _gone = wallet.answer(&page, &binding, &call.payload).await;
                }
            }
        });
        Ok(())
    }

    async fn answer(&self, page: &Page, binding: &str, payload: &str) -> Result<()> {
        let call: Value = serde_json::from_str(payload)?;
        let method = call["method"].as_str().context("a call without method")?;
        let outcome = match self.decide(method, &call["params"]) {
            Ok(result) => json!({ "result": result }),
            Err(refusal) => json!({ "error": refusal }),
        };
        page.evaluate(format!(
            "window.{binding}_settle({}, {outcome})",
            call["id"]
        ))
        .await?;
        Ok(())
    }

    fn decide(&self, method: &str, params: &Value) -> Result<Value, Value> {
        let mut state = self.lock();
        state.asked.push(method.to_owned());
        if refuses(state.mood, method) {
            return Err(json!({ "code": 4001, "message": "User rejected the request." }));
        }
        match method {
            "eth_requestAccounts" | "eth_accounts" => {
                let account = state.pretended.unwrap_or_else(|| self.address());
                Ok(json!([account.to_string()]))
            }
            "eth_chainId" => Ok(json!(format!("{:#x}", state.chain_id))),
            "wallet_switchEthereumChain" => state.switch(&params[0]),
            // As some wallets do, it adds a chain and stays where it is.
            "wallet_addEthereumChain" => {
                state.known_chains.push(wanted_chain(&params[0])?);
                Ok(Value::Null)
            }
            "personal_sign" => self
                .sign_text(&params[0])
                .map_err(|problem| invalid(&problem)),
            "eth_signTypedData_v4" => self
                .sign_typed(&params[1])
                .map_err(|problem| invalid(&problem)),
            _ => Err(json!({ "code": 4200, "message": "unsupported method" })),
        }
    }

    fn sign_text(&self, message: &Value) -> Result<Value> {
        let text = message.as_str().context("personal_sign wants hex")?;
        let bytes = hex::decode(text.trim_start_matches("0x"))?;
        Ok(json!(self.signer.sign_message_sync(&bytes)?.to_string()))
    }

    fn sign_typed(&self, message: &Value) -> Result<Value> {
        let typed: TypedData = match message {
            Value::String(text) => serde_json::from_str(text)?,
            other => serde_json::from_value(other.clone())?,
        };
        Ok(json!(
            self.signer
                .sign_dynamic_typed_data_sync(&typed)?
                .to_string()
        ))
    }
}

impl State {
    fn switch(&mut self, wanted: &Value) -> Result<Value, Value> {
        let wanted = wanted_chain(wanted)?;
        if !self.known_chains.contains(&wanted) {
            return Err(json!({ "code": 4902, "message": "Unrecognized chain ID." }));
        }
        self.chain_id = wanted;
        Ok(Value::Null)
    }
}

fn wanted_chain(params: &Value) -> Result<u64, Value> {
    let digits = params["chainId"]
        .as_str()
        .and_then(|id| id.strip_prefix("0x"));
    digits
        .and_then(|digits| u64::from_str_radix(digits, 16).ok())
        .ok_or_else(|| json!({ "code": -32602, "message": "no chain id" }))
}

fn refuses(mood: Mood, method: &str) -> bool {
    match mood {
        Mood::Willing => false,
        Mood::Wary => matches!(method, "personal_sign" | "eth_signTypedData_v4"),
        Mood::Refusing => !matches!(method, "eth_chainId" | "eth_accounts"),
    }
}

fn invalid(problem: &anyhow::Error) -> Value {
    json!({ "code": -32602, "message": problem.to_string() })
}

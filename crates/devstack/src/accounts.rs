use std::fs;
use std::process::Command;

use anyhow::{Context, Result};
use serde::Deserialize;

use crate::task::Task;
use crate::tools;

/// The named accounts of the local chain (`anvil/accounts.json`). Their mnemonic is public: they
/// are worth nothing anywhere else.
#[derive(Clone, Debug, Deserialize)]
pub struct Accounts {
    /// The public test mnemonic that every account derives from.
    pub mnemonic: String,
    /// Derivation path up to the index, such as `m/44'/60'/0'/0/`.
    pub derivation_path: String,
    accounts: Vec<Account>,
}

/// One named account.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Account {
    /// `authority`, `controller`, `witness` or `owner-01` to `owner-30`.
    pub name: String,
    /// The last step of the derivation path.
    pub index: u32,
    /// The address with its checksum.
    pub address: String,
}

impl Accounts {
    /// Reads `anvil/accounts.json`.
    pub fn load() -> Result<Self> {
        let path = tools::workspace_root().join("anvil/accounts.json");
        let text = fs::read_to_string(&path).with_context(|| format!("read {}", path.display()))?;
        serde_json::from_str(&text).with_context(|| format!("parse {}", path.display()))
    }

    /// All of them, by index.
    pub fn all(&self) -> &[Account] {
        &self.accounts
    }

    /// The account of this name.
    pub fn named(&self, name: &str) -> Result<&Account> {
        self.accounts
            .iter()
            .find(|account| account.name == name)
            .with_context(|| format!("no account is named {name}"))
    }

    /// The account's private key as `0x` and 64 hex digits.
    pub fn private_key(&self, name: &str) -> Result<String> {
        let path = format!("{}{}", self.derivation_path, self.named(name)?.index);
        let mut command = Command::new(tools::foundry("cast")?);
        command.args(["wallet", "private-key", &self.mnemonic, &path]);
        let key = Task::new("cast wallet private-key", command).run_blocking()?;
        Ok(key.trim().to_owned())
    }
}

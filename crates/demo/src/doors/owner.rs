use alloy::dyn_abi::TypedData;
use alloy::hex;
use alloy::primitives::{Address, B256, eip191_hash_message};
use alloy::signers::SignerSync;
use alloy::signers::local::{MnemonicBuilder, PrivateKeySigner, coins_bip39::English};
use anyhow::{Context, Result};
use devstack::{Accounts, Site};
use serde_json::json;
use url::Url;

use super::browser::Browser;
use super::mail::{owner_code, way_in};

/// A person with a wallet; the keys never leave this process.
pub struct Owner {
    keys: Vec<PrivateKeySigner>,
    account: Address,
}

impl Owner {
    /// Somebody with a key of their own.
    pub fn new(key: PrivateKeySigner) -> Self {
        let account = key.address();
        Self {
            keys: vec![key],
            account,
        }
    }

    /// Somebody whose wallet is a contract that takes the signatures of these keys, one behind the other.
    pub fn of_contract(keys: Vec<PrivateKeySigner>, account: Address) -> Self {
        Self { keys, account }
    }

    /// The holder of one of anvil's named accounts.
    pub fn named(accounts: &Accounts, name: &str) -> Result<Self> {
        let path = format!(
            "{}{}",
            accounts.derivation_path,
            accounts.named(name)?.index
        );
        let key = MnemonicBuilder::<English>::default()
            .phrase(accounts.mnemonic.as_str())
            .derivation_path(&path)?
            .build()?;
        Ok(Self::new(key))
    }

    fn signature(&self, digest: &B256) -> Result<String> {
        let mut signatures = Vec::new();
        for key in &self.keys {
            signatures.extend(key.sign_hash_sync(digest)?.as_bytes());
        }
        Ok(hex::encode_prefixed(signatures))
    }

    /// Opens the link, shows by a signed challenge who is there, and signs the details.
    pub async fn sign(&self, link: &str, granted: &[&str]) -> Result<()> {
        let browser = self.identified(link).await?;
        let account = self.account.to_string();
        let message = browser
            .post(&format!("{link}/message"), &json!({ "granted": granted }))
            .await?;
        let typed_data: TypedData = serde_json::from_value(message["typedData"].clone())?;
        let signature = self.signature(&typed_data.eip712_signing_hash()?)?;
        let signed = json!({ "granted": granted, "account": account, "signature": signature });
        browser.post(&format!("{link}/sign"), &signed).await?;
        Ok(())
    }

    /// Opens the link, shows who is there, and declines.
    pub async fn decline(&self, link: &str) -> Result<()> {
        let browser = self.identified(link).await?;
        let sent = [("confirm", "yes")];
        browser.submit(&format!("{link}/decline"), &sent).await?;
        Ok(())
    }

    /// A browser in which the link was opened and a signed challenge has shown who is there.
    async fn identified(&self, link: &str) -> Result<Browser> {
        let browser = Browser::new(&Url::parse(link)?)?;
        let account = self.account.to_string();
        browser.page(link).await?;
        let challenge = browser
            .post(&format!("{link}/challenge"), &json!({ "account": account }))
            .await?;
        let challenge = challenge["message"].as_str().context("a challenge")?;
        let signature = self.signature(&eip191_hash_message(challenge.as_bytes()))?;
        let answer = json!({ "account": account, "signature": signature });
        browser.post(&format!("{link}/wallet"), &answer).await?;
        Ok(browser)
    }

    /// Asks, by the address at the end of a mail to them and a code, to have everything erased, and signs that.
    pub async fn ask_erasure(&self, site: &Site, email: &str) -> Result<()> {
        let way_in = way_in(site, email).await?;
        let browser = Browser::new(&Url::parse(&way_in)?)?;
        browser.submit(&way_in, &[]).await?;
        let code = owner_code(site, email).await?;
        let typed = [("code", code.as_str())];
        browser.submit(&format!("{way_in}/code"), &typed).await?;
        let erase = format!("{way_in}/erase");
        browser.page(&erase).await?;
        let message = browser
            .post(&format!("{erase}/message"), &json!({}))
            .await?;
        let typed_data: TypedData = serde_json::from_value(message["typedData"].clone())?;
        let signature = self.signature(&typed_data.eip712_signing_hash()?)?;
        let account = self.account.to_string();
        let signed = json!({ "account": account, "signature": signature });
        browser.post(&format!("{erase}/sign"), &signed).await?;
        Ok(())
    }
}

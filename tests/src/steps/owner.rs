use anyhow::{Context, Result};
use devstack::Site;

use super::mailed;
use crate::{Browser, Tab, Wallet};

/// A data owner with a phone and the wallets on it.
pub struct Owner {
    tab: Tab,
}

impl Owner {
    /// Takes a phone with these wallets in hand.
    ///
    /// # Errors
    /// When the browser has died.
    pub async fn with(phone: &Browser, wallets: &[&Wallet]) -> Result<Self> {
        let tab = phone.tab().await?;
        for wallet in wallets {
            wallet.install(&tab).await?;
        }
        Ok(Self { tab })
    }

    /// The owner's tab.
    #[must_use]
    pub fn tab(&self) -> &Tab {
        &self.tab
    }

    /// Opens a consent link.
    ///
    /// # Errors
    /// When nothing answers there.
    pub async fn open(&self, link: &str) -> Result<()> {
        self.tab.open(link).await
    }

    /// Types the code from the desk, and sees the details.
    ///
    /// # Errors
    /// When they are not shown.
    pub async fn give_code(&self, code: &str) -> Result<()> {
        self.tab.fill("Six-digit code", code).await?;
        self.tab.press_on("[data-testid=code-submit]").await?;
        self.is_at("review").await
    }

    /// Shows by a signed challenge who is there, and sees the details.
    ///
    /// # Errors
    /// When they are not shown.
    pub async fn prove_wallet(&self) -> Result<()> {
        self.tab.press_on("[data-testid=use-wallet]").await?;
        self.is_at("review").await
    }

    /// Ticks a purpose by its id.
    ///
    /// # Errors
    /// When it is not offered as a choice.
    pub async fn tick(&self, purpose: &str) -> Result<()> {
        self.tab
            .press_on(&format!("[data-testid=purpose][value={purpose}]"))
            .await
    }

    /// Signs the details shown, and sees that they have arrived.
    ///
    /// # Errors
    /// When they have not.
    pub async fn sign(&self) -> Result<()> {
        self.try_to_sign().await?;
        self.is_at("used").await
    }

    /// Presses the button to sign, and waits for nothing.
    ///
    /// # Errors
    /// When there is no such button.
    pub async fn try_to_sign(&self) -> Result<()> {
        self.tab.press_on("[data-testid=sign]").await
    }

    /// Comes by the address at the end of a mail to them, and a code that is mailed.
    ///
    /// # Errors
    /// When it does not let them in.
    pub async fn come_without_link(&self, site: &Site, email: &str) -> Result<()> {
        let mail = mailed(site, email, "/w/").await?;
        let mut words = mail.text.split_whitespace();
        let address = words.find(|word| word.contains("/w/"));
        self.tab.open(address.context("an address")?).await?;
        self.is_at("ticket").await?;
        self.tab.look("withdraw-ticket").await?;
        self.tab.press_on("[data-testid=send-code]").await?;
        self.is_at("ticket_code").await?;
        self.tab.look("withdraw-code").await?;
        let mail = mailed(site, email, "Code:").await?;
        let mut lines = mail.text.lines();
        let code = lines.find_map(|line| line.strip_prefix("Code: "));
        self.tab
            .fill("Code", code.context("a code")?.trim())
            .await?;
        self.tab.press_on("[data-testid=code-submit]").await?;
        self.is_at("ticket_open").await
    }

    /// Waits until the page has come to a state of `docs/CONSENT.md`.
    ///
    /// # Errors
    /// When it does not.
    pub async fn is_at(&self, state: &str) -> Result<()> {
        self.tab.find(&format!("main[data-state={state}]")).await
    }

    /// Waits until the page tells of a problem, and gives its words.
    ///
    /// # Errors
    /// When it does not.
    pub async fn problem(&self, name: &str) -> Result<String> {
        let selector = format!("[data-testid=problem][data-problem={name}]:not([hidden])");
        self.tab.text(&selector).await
    }
}

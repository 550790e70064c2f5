use anyhow::Result;

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

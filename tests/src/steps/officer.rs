use anyhow::{Result, ensure};
use devstack::Site;

use super::sign_in::{sign_in, staff};
use crate::{Browser, Tab};

/// A data-protection officer at breach-viewer, signed in.
pub struct Officer<'a> {
    site: &'a Site,
    tab: Tab,
}

impl<'a> Officer<'a> {
    /// Makes an officer's account, opens a tab and signs in.
    ///
    /// # Errors
    /// When breach-viewer does not let the officer in.
    pub async fn open(site: &'a Site, browser: &Browser) -> Result<Self> {
        let login = format!("officer-{:08x}", rand::random::<u32>());
        let staff = staff(site, "data_protection_officer", &login).await?;
        let tab = browser.tab().await?;
        sign_in(&tab, site.viewer.url(), &staff).await?;
        Ok(Self { site, tab })
    }

    /// The officer's tab.
    #[must_use]
    pub fn tab(&self) -> &Tab {
        &self.tab
    }

    /// Opens the grid.
    ///
    /// # Errors
    /// When the session is over.
    pub async fn grid(&self) -> Result<()> {
        let page = self.site.viewer.page("records")?;
        self.tab.open(page.as_str()).await?;
        self.tab.see("Every record, compared with the chain").await
    }

    /// Opens the page of one record: a UID, or the id of a row without one.
    ///
    /// # Errors
    /// When there is no such record.
    pub async fn show(&self, subject: impl ToString) -> Result<()> {
        let page = format!("records/{}", subject.to_string());
        self.tab
            .open(self.site.viewer.page(&page)?.as_str())
            .await?;
        self.tab.find("#verdict").await
    }

    /// Restores one record from its verified copy, and sees it valid again.
    ///
    /// # Errors
    /// When there is no copy that may go back, or the record is not valid afterwards.
    pub async fn restore(&self, uid: u64) -> Result<()> {
        self.show(uid).await?;
        self.tab.follow("Restore…").await?;
        self.tab
            .see("gives exactly the proof that stands on the chain")
            .await?;
        self.tab.follow("Restore this record").await?;
        self.tab
            .see("restored and verified again: Valid. The row as found is kept.")
            .await?;
        let verdict = self.verify(uid).await?;
        ensure!(verdict == "Valid", "record {uid} is {verdict}");
        Ok(())
    }

    /// Verifies one record by the button on its page, and gives the verdict in the words of the badge.
    ///
    /// # Errors
    /// When there is no such record.
    pub async fn verify(&self, subject: impl ToString) -> Result<String> {
        self.show(subject).await?;
        self.tab.follow("Verify").await?;
        self.tab.text("#verdict .badge").await
    }
}

use alloy::primitives::Address;
use anyhow::{Context, Result, ensure};
use demo::doors::Person;
use devstack::{Site, Staff};

use super::sign_in::{sign_in, staff};
use crate::{Browser, Tab};

/// A clerk at entry-app, signed in.
pub struct Office<'a> {
    site: &'a Site,
    staff: Staff,
    tab: Tab,
}

/// What the clerk gives to the owner, as the record's page shows it once.
#[derive(Clone, Debug)]
pub struct Handed {
    /// The record's id.
    pub record: String,
    /// The consent link.
    pub link: String,
    /// The code for the desk.
    pub code: String,
}

/// What the record's page tells of a finished anchoring.
#[derive(Clone, Debug)]
pub struct Anchored {
    /// The record's UID.
    pub uid: u64,
    /// The record proof.
    pub proof: String,
    /// The hash of its transaction.
    pub transaction: String,
    /// The block that holds it.
    pub block: u64,
}

impl<'a> Office<'a> {
    /// Makes a clerk's account, opens a tab and signs in.
    ///
    /// # Errors
    /// When entry-app does not let the clerk in.
    pub async fn open(site: &'a Site, browser: &Browser) -> Result<Self> {
        let login = format!("clerk-{:08x}", rand::random::<u32>());
        let staff = staff(site, "clerk", &login).await?;
        let tab = browser.tab().await?;
        sign_in(&tab, site.entry.url(), &staff).await?;
        Ok(Self { site, staff, tab })
    }

    /// The clerk's tab.
    #[must_use]
    pub fn tab(&self) -> &Tab {
        &self.tab
    }

    /// The clerk's account.
    #[must_use]
    pub fn staff(&self) -> &Staff {
        &self.staff
    }

    /// Enters a person, whose link goes out by mail.
    ///
    /// # Errors
    /// When entry-app does not take the details.
    pub async fn enter(&self, person: &Person, wallet: Address) -> Result<Handed> {
        self.tab.press("New record").await?;
        self.fill_in(person, &wallet.to_string()).await?;
        self.tab.press("Enter the record").await?;
        self.handed().await
    }

    /// Fills in the entry form that is open and does not send it.
    ///
    /// # Errors
    /// When a field is missing.
    pub async fn fill_in(&self, person: &Person, wallet: &str) -> Result<()> {
        self.tab.fill("Name", person.name).await?;
        self.tab.fill("E-mail", person.email).await?;
        self.tab.fill("Phone", person.phone).await?;
        self.tab.fill("Age", &person.age.to_string()).await?;
        self.tab.fill("Postal address", person.address).await?;
        self.tab.fill("Wallet address", wallet).await
    }

    /// Reads the new link off the record's page.
    ///
    /// # Errors
    /// When no link was just made.
    pub async fn handed(&self) -> Result<Handed> {
        let code = self.tab.text("#desk-code").await?;
        let link = self
            .tab
            .attribute("#new-link [data-copy]", "data-copy")
            .await?;
        let url = self.tab.url().await?;
        let record = url.rsplit('/').next().context("a record's page")?;
        Ok(Handed {
            record: record.to_owned(),
            link,
            code,
        })
    }

    /// Opens the page of a record.
    ///
    /// # Errors
    /// When there is no such record.
    pub async fn show(&self, record: &str) -> Result<()> {
        let page = self.site.entry.page(&format!("records/{record}"))?;
        self.tab.open(page.as_str()).await?;
        self.tab.see("History").await
    }

    /// Approves a record that its owner has signed.
    ///
    /// # Errors
    /// When it can't be approved.
    pub async fn approve(&self, record: &str) -> Result<()> {
        self.show(record).await?;
        self.tab.press("Approve").await?;
        self.tab.see("Approved. This page").await
    }

    /// Watches the record's page until the proof is final on the chain: the page says so by itself, in all its parts.
    ///
    /// # Errors
    /// When it is not in time, or a part of the page is not up to date.
    pub async fn wait_until_anchored(&self, record: &str) -> Result<Anchored> {
        self.show(record).await?;
        self.tab.run::<bool>("window.untouched = true").await?;
        self.tab.see("Final on the chain").await?;
        let state = self.tab.text("#state .badge").await?;
        ensure!(state == "Anchored", "the head still says {state}");
        let newest = self.tab.text("#history li").await?;
        ensure!(
            newest.starts_with("Anchored"),
            "the history ends with {newest}"
        );
        ensure!(
            self.tab.run::<bool>("window.untouched === true").await?,
            "the page was loaded anew"
        );
        let copied = |index: usize| format!("#anchoring dd:nth-of-type({index}) [data-copy]");
        let uid = self.tab.text("#anchoring dd").await?;
        let block = self.tab.text("#anchoring dd:nth-of-type(4)").await?;
        Ok(Anchored {
            uid: uid.parse().context("a UID")?,
            block: block.parse().context("a block")?,
            proof: self.tab.attribute(&copied(2), "data-copy").await?,
            transaction: self.tab.attribute(&copied(3), "data-copy").await?,
        })
    }
}

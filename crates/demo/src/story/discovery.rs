//! How the data-protection officer hears of it.

use std::time::Duration;

use anyhow::{Context, Result};
use devstack::{Inbox, wait_until};
use url::Url;

use crate::doors::Browser;
use crate::sign_ins::SignIn;

const OFFICER: &str = "officer@nordhaven.example";
/// A sweep's round and a mail's way.
const LIMIT: Duration = Duration::from_secs(120);

/// The data-protection officer at breach-viewer.
pub(super) struct Officer {
    browser: Browser,
}

impl Officer {
    pub(super) async fn sign_in(viewer: &Url, sign_in: &SignIn) -> Result<Self> {
        let browser = Browser::new(viewer)?;
        browser
            .sign_in(&sign_in.login, &sign_in.password)
            .await
            .context("the officer signs in")?;
        Ok(Self { browser })
    }

    /// Waits until the grid shows this record (its UID, or the id of a row without one) under this verdict.
    pub(super) async fn wait_for_verdict(&self, verdict: &str, record: &str) -> Result<()> {
        let what = format!("record {record} to be called {verdict} by breach-viewer");
        wait_until(&what, LIMIT, || async {
            let is_seen = self.sees_verdict(verdict, record).await?;
            Ok(is_seen.then_some(()))
        })
        .await
    }

    /// Whether it does now.
    pub(super) async fn sees_verdict(&self, verdict: &str, record: &str) -> Result<bool> {
        let address = format!("/records?verdict={verdict}");
        let grid = self.browser.page(&address).await?;
        Ok(grid.contains(&format!("href=\"/records/{record}\"")))
    }
}

/// Waits until a mail to the officer names this record among those that are not as signed.
pub(super) async fn wait_for_mail_about(inbox: &Inbox, uid: u64) -> Result<()> {
    let mail = inbox.wait_for(LIMIT, |mail| {
        mail.is_to(OFFICER) && uids(&mail.text).contains(&uid)
    });
    mail.await
        .with_context(|| format!("breach-viewer's mail about record {uid}"))?;
    Ok(())
}

/// Waits until a mail to the officer tells of a row that was forged: it has no UID to be named by.
pub(super) async fn wait_for_mail_about_a_forgery(inbox: &Inbox) -> Result<()> {
    let mail = inbox.wait_for(LIMIT, |mail| {
        mail.is_to(OFFICER) && mail.text.contains("Forged: ")
    });
    mail.await.context("breach-viewer's mail about a forgery")?;
    Ok(())
}

/// The numbers of the line that lists UIDs.
fn uids(text: &str) -> Vec<u64> {
    let line = text
        .lines()
        .find_map(|line| line.trim().strip_prefix("UIDs"));
    let numbers = line
        .unwrap_or_default()
        .split(|letter: char| !letter.is_ascii_digit());
    numbers.filter_map(|number| number.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uids_are_read_from_their_line_alone() {
        let text = "Incident: 1\n  UIDs: 9, 17\nDetected: 2026";
        assert_eq!(uids(text), [9, 17]);
        assert!(uids("Incident: 1").is_empty());
    }
}

use std::time::Duration;

use anyhow::{Context, Result};
use devstack::Site;

const LIMIT: Duration = Duration::from_secs(60);

/// The link in the newest consent mail to this address, waited for.
pub async fn consent_link(site: &Site, to: &str) -> Result<String> {
    let start = site.consent.page("c/")?.to_string();
    let mail = site
        .inbox
        .wait_for(LIMIT, |mail| mail.is_to(to) && mail.text.contains(&start));
    let mail = mail.await.context("a mail with a consent link")?;
    let from = mail.text.find(&start).context("a link in the mail")?;
    let link = mail.text[from..].split_whitespace().next();
    Ok(link.context("a link in the mail")?.to_owned())
}

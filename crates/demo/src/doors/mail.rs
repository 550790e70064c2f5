use std::time::Duration;

use anyhow::{Context, Result};
use devstack::Site;

const LIMIT: Duration = Duration::from_secs(60);

/// The link in the newest consent mail to this address, waited for. `known` is a link that the
/// reader has already, while waiting for another one.
pub async fn consent_link(site: &Site, to: &str, known: Option<&str>) -> Result<String> {
    let start = site.consent.page("c/")?.to_string();
    let mail = site.inbox.wait_for(LIMIT, |mail| {
        let link = link_in(&mail.text, &start);
        mail.is_to(to) && link.is_some() && link != known
    });
    let mail = mail.await.context("a mail with a consent link")?;
    let link = link_in(&mail.text, &start).context("a link in the mail")?;
    Ok(link.to_owned())
}

fn link_in<'a>(text: &'a str, start: &str) -> Option<&'a str> {
    text[text.find(start)?..].split_whitespace().next()
}

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

/// The address at the end of a mail to this one, by which its owner is let in without a link.
pub async fn way_in(site: &Site, to: &str) -> Result<String> {
    let start = site.consent.page("w/")?.to_string();
    let mail = site
        .inbox
        .wait_for(LIMIT, |mail| mail.is_to(to) && mail.text.contains(&start));
    let mail = mail.await.context("a mail with a way in")?;
    let from = mail.text.find(&start).context("an address in the mail")?;
    let address = mail.text[from..].split_whitespace().next();
    Ok(address.context("an address in the mail")?.to_owned())
}

/// The code in the newest mail with one to this address, waited for.
pub async fn owner_code(site: &Site, to: &str) -> Result<String> {
    let code = |text: &str| {
        text.split_whitespace()
            .find(|word| is_code(word))
            .map(str::to_owned)
    };
    let mail = site
        .inbox
        .wait_for(LIMIT, |mail| mail.is_to(to) && code(&mail.text).is_some());
    let mail = mail.await.context("a mail with a code")?;
    code(&mail.text).context("a code in the mail")
}

/// As `7KQ4M-2XHFP`.
fn is_code(word: &str) -> bool {
    let is_half = |half: &str| {
        half.len() == 5
            && half
                .bytes()
                .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
    };
    word.split_once('-')
        .is_some_and(|(first, second)| is_half(first) && is_half(second))
}

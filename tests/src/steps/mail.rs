use std::time::Duration;

use anyhow::{Context, Result};
use devstack::{Mail, Site};

const LIMIT: Duration = Duration::from_secs(30);

/// Waits for the mail to this address that says these words: a consent link, the number of a record.
///
/// # Errors
/// When none comes in time.
pub async fn mailed(site: &Site, to: &str, words: &str) -> Result<Mail> {
    let wanted = |mail: &Mail| mail.is_to(to) && mail.text.contains(words);
    let mail = site.inbox.wait_for(LIMIT, wanted).await;
    mail.with_context(|| format!("a mail to {to} that says {words}"))
}

//! How the data-protection officer hears of it.

use std::time::Duration;

use anyhow::{Context, Result};
use devstack::Inbox;

const OFFICER: &str = "officer@nordhaven.example";
/// A sweep's round and a mail's way.
const LIMIT: Duration = Duration::from_secs(120);

/// Waits until a mail to the officer names this record among those that are not as signed.
pub(super) async fn wait_for_mail_about(inbox: &Inbox, uid: u64) -> Result<()> {
    let mail = inbox.wait_for(LIMIT, |mail| {
        mail.is_to(OFFICER) && uids(&mail.text).contains(&uid)
    });
    mail.await
        .with_context(|| format!("breach-viewer's mail about record {uid}"))?;
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

//! The link by which somebody chooses their password: it goes out by mail, and nobody else sees it.

use std::time::Duration;

use database::staff::Staff;
use database::{MySqlConnection, RowError, outbox};
use keyring::{ApplicationKeys, LinkSecret};
use notification::{EventKey, LinkMail, first_name};
use rand::CryptoRng;
use zeroize::Zeroizing;

use crate::StaffingError;
use crate::management::Management;

/// So long a link works: over a weekend.
pub const LIFETIME: Duration = Duration::from_hours(3 * 24);

/// Gives an account a fresh link, before its row is written.
pub(crate) fn give(
    management: &Management<'_>,
    account: &mut Staff,
    rng: &mut (impl CryptoRng + ?Sized),
) -> LinkSecret {
    let secret = LinkSecret::generate(rng);
    account.link_hash = Some(management.keys.hash_staff_link(&secret));
    account.link_expires_at = Some(management.now.plus(LIFETIME));
    secret
}

/// Puts the mail with the link of a row that is written into the outbox.
pub(crate) async fn send(
    transaction: &mut MySqlConnection,
    management: &Management<'_>,
    account: &Staff,
    (secret, email): (&LinkSecret, &str),
    is_reset: bool,
) -> Result<(), StaffingError> {
    let name = account.open_display_name(management.keys)?;
    let mail = LinkMail::StaffLink {
        first_name: first_name(&name),
        controller: management.controller.to_owned(),
        contact: management.contact.to_owned(),
        url: address(management, secret).to_string(),
        expires_at: management.now.plus(LIFETIME),
        is_reset,
    };
    let event = EventKey::of_staff_link(account.id, account.revision);
    let (keys, now) = (management.keys, management.now);
    notification::enqueue_link(transaction, keys, now, event, email, &mail).await?;
    Ok(())
}

fn address(management: &Management<'_>, secret: &LinkSecret) -> Zeroizing<String> {
    let base = management.entry_url.as_str().trim_end_matches('/');
    Zeroizing::new(format!("{base}/welcome/{}", secret.to_url().as_str()))
}

/// Takes the link of an account away, before its row is written; a mail that still waits to bring it is withdrawn.
pub(crate) async fn end(
    transaction: &mut MySqlConnection,
    keys: &ApplicationKeys,
    account: &mut Staff,
) -> Result<(), RowError> {
    if account.end_link() {
        let event = EventKey::of_staff_link(account.id, account.revision);
        outbox::withdraw(transaction, &keys.front(), event.as_bytes()).await?;
    }
    Ok(())
}

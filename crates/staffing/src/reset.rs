//! A new link for who lost their password, or the mail: the old password and all sessions end.

use database::staff::Staff;
use database::staff_events::StaffEventKind;
use database::{MySqlConnection, sessions};
use notification::{EventKey, Mail, first_name};
use rand::CryptoRng;
use record::ids::StaffId;

use crate::management::{Management, Outcome};
use crate::{StaffingError, link};

/// Mails a new link to this address; where there was another one before, it is told.
///
/// # Errors
/// [`StaffingError::Unknown`], [`StaffingError::Disabled`].
pub async fn reset(
    transaction: &mut MySqlConnection,
    management: &Management<'_>,
    (id, email): (StaffId, &str),
    rng: &mut (impl CryptoRng + Send),
) -> Result<Outcome, StaffingError> {
    let mut account = match management.to_change(transaction, id).await? {
        Ok(account) => account,
        Err(refusal) => return Ok(Outcome::Refused(refusal)),
    };
    if !account.is_enabled() {
        return Err(StaffingError::Disabled);
    }
    let keys = management.keys;
    let before = account.open_email(keys)?;
    let had_password = account.has_password();
    link::end(transaction, keys, &mut account).await?;
    account.password_hash.clear();
    account.signed_out_at = Some(management.now);
    account.set_email(keys, email, rng);
    let secret = link::give(management, &mut account, rng);
    let step = StaffEventKind::Reset;
    management.update(transaction, &mut account, step).await?;
    sessions::delete_of_staff(transaction, id).await?;
    let to = (&secret, email);
    link::send(transaction, management, &account, to, had_password).await?;
    if let Some(before) = before.filter(|before| before.as_str() != email) {
        tell(transaction, management, &account, &before).await?;
    }
    Ok(Outcome::Done)
}

/// Tells the address of before that the link went elsewhere.
async fn tell(
    transaction: &mut MySqlConnection,
    management: &Management<'_>,
    account: &Staff,
    before: &str,
) -> Result<(), StaffingError> {
    let name = account.open_display_name(management.keys)?;
    let mail = Mail::StaffAddressChanged {
        first_name: first_name(&name),
        controller: management.controller.to_owned(),
        contact: management.contact.to_owned(),
    };
    let subject = [
        account.id.as_bytes().as_slice(),
        &account.revision.to_be_bytes(),
    ];
    let event = EventKey::of(mail.kind(), &subject.concat());
    let (front, now) = (management.keys.front(), management.now);
    notification::enqueue(transaction, &front, now, event, before, &mail).await?;
    Ok(())
}

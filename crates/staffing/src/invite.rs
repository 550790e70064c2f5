//! Somebody is to work here: their account, without a password, and the link by which they choose one.

use database::MySqlConnection;
use database::staff::{self, NewStaff, Role, Staff};
use database::staff_events::{self, StaffEvent, StaffEventKind};
use rand::CryptoRng;
use record::ids::StaffId;

use crate::StaffingError;
use crate::link;
use crate::management::{Management, Outcome};

/// Who is invited, cleaned.
pub struct Invitation<'a> {
    /// What the account is to be called: a form sent twice makes one.
    pub id: StaffId,
    /// How pages name the person.
    pub name: &'a str,
    /// Where the link goes.
    pub email: &'a str,
    /// What they will type to sign in.
    pub login: &'a str,
    /// What they may do.
    pub role: Role,
}

/// Makes the account, and mails its link.
///
/// # Errors
/// [`StaffingError::LoginTaken`].
pub async fn invite(
    transaction: &mut MySqlConnection,
    management: &Management<'_>,
    invitation: &Invitation<'_>,
    rng: &mut (impl CryptoRng + Send),
) -> Result<Outcome, StaffingError> {
    let (keys, role) = (management.keys, invitation.role);
    if let Some(refusal) = management.refused_to_make(transaction, role).await? {
        return Ok(Outcome::Refused(refusal));
    }
    if staff::by_id(transaction, keys, invitation.id)
        .await?
        .is_some()
    {
        return Ok(Outcome::Done);
    }
    let new = NewStaff {
        id: invitation.id,
        login: invitation.login,
        display_name: invitation.name,
        password_hash: String::new(),
        role,
    };
    let mut account = Staff::seal(keys, new, rng, management.now);
    account.set_email(keys, invitation.email, rng);
    let secret = link::give(management, &mut account, rng);
    match staff::insert(transaction, keys, &account).await {
        Err(error) if error.is_duplicate_of("staff_login_index") => {
            return Err(StaffingError::LoginTaken);
        }
        inserted => inserted?,
    }
    let step = StaffEvent {
        role: Some(role),
        revision: Some(account.revision),
        ..StaffEvent::new(
            StaffEventKind::Invited,
            Some(account.id),
            management.by(),
            management.now,
        )
    };
    staff_events::append(transaction, keys, &step).await?;
    let to = (&secret, invitation.email);
    link::send(transaction, management, &account, to, false).await?;
    Ok(Outcome::Done)
}

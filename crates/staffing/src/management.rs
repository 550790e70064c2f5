//! What a use case needs to know of who acts, and whether they may.

use database::sessions::App;
use database::staff::{self, Role, Staff};
use database::staff_events::{self, By, StaffEvent, StaffEventKind};
use database::{MySqlConnection, RowError};
use keyring::ApplicationKeys;
use record::ids::StaffId;
use record::time::UnixMillis;
use url::Url;

use crate::StaffingError;
use crate::matrix::managed_by;

/// The keys, the controller, the person who acts, and the time.
pub struct Management<'a> {
    /// The application keys.
    pub keys: &'a ApplicationKeys,
    /// The controller's name, as it stands in mails.
    pub controller: &'a str,
    /// How the controller is reached, as it stands in mails.
    pub contact: &'a str,
    /// Where entry-app is reached; links begin with it.
    pub entry_url: &'a Url,
    /// Who acts.
    pub actor: StaffId,
    /// Where.
    pub app: App,
    /// When.
    pub now: UnixMillis,
}

/// How it went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It is so now, or was already.
    Done,
    /// It is forbidden, and the history says who tried.
    Refused(Refusal),
}

/// What is forbidden.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// The actor's role makes and changes no accounts of this one.
    Role(Role),
    /// Nobody changes their own account.
    Oneself,
}

impl Management<'_> {
    pub(crate) fn by(&self) -> By {
        By::account(self.actor, self.app)
    }

    /// Why the actor may not make an account of this role, as their own row says now.
    pub(crate) async fn refused_to_make(
        &self,
        transaction: &mut MySqlConnection,
        role: Role,
    ) -> Result<Option<Refusal>, StaffingError> {
        let actor = staff::lock(transaction, self.keys, self.actor).await?;
        if may(actor.as_ref(), role) {
            return Ok(None);
        }
        let attempt = StaffEvent {
            role: Some(role),
            ..self.attempt(StaffEventKind::InviteRefused, None)
        };
        staff_events::append(transaction, self.keys, &attempt).await?;
        Ok(Some(Refusal::Role(role)))
    }

    /// The account that is to be changed, locked beside the actor's own; or why it may not be.
    pub(crate) async fn to_change(
        &self,
        transaction: &mut MySqlConnection,
        id: StaffId,
    ) -> Result<Result<Staff, Refusal>, StaffingError> {
        // In one order, so that two who change each other wait and don't deadlock.
        let (first, second) = (self.actor.min(id), self.actor.max(id));
        let first = staff::lock(transaction, self.keys, first).await?;
        let second = match self.actor == id {
            true => first.clone(),
            false => staff::lock(transaction, self.keys, second).await?,
        };
        let (actor, whose) = match self.actor <= id {
            true => (first, second),
            false => (second, first),
        };
        let whose = whose.ok_or(StaffingError::Unknown)?;
        let refusal = match () {
            () if !may(actor.as_ref(), whose.role) => Refusal::Role(whose.role),
            () if self.actor == id => Refusal::Oneself,
            () => return Ok(Ok(whose)),
        };
        let attempt = self.attempt(StaffEventKind::ChangeRefused, Some(id));
        staff_events::append(transaction, self.keys, &attempt).await?;
        Ok(Err(refusal))
    }

    fn attempt(&self, kind: StaffEventKind, whose: Option<StaffId>) -> StaffEvent {
        StaffEvent::new(kind, whose, self.by(), self.now)
    }

    /// Writes a change with its step of the history.
    pub(crate) async fn update(
        &self,
        transaction: &mut MySqlConnection,
        account: &mut Staff,
        kind: StaffEventKind,
    ) -> Result<(), RowError> {
        staff::update(transaction, self.keys, account, (kind, self.by(), self.now)).await
    }
}

fn may(actor: Option<&Staff>, role: Role) -> bool {
    // Who was disabled or reset a moment ago may be past the gate of their last request.
    let actor = actor.filter(|actor| actor.is_enabled() && actor.has_password());
    actor.is_some_and(|actor| managed_by(actor.role).contains(&role))
}

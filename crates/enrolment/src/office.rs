//! What a use case needs to know of the office it works for.

use std::time::Duration;

use database::RowError;
use database::record_events::{self, Actor, RecordEventKind};
use keyring::ApplicationKeys;
use record::ids::{RecordId, StaffId};
use record::time::UnixMillis;
use sqlx::MySqlConnection;
use url::Url;

use crate::letterhead::Letterhead;

/// The keys, the controller, the person at the desk, and the time.
pub struct Office<'a> {
    /// The application keys.
    pub keys: &'a ApplicationKeys,
    /// The controller's name, as it stands in mails.
    pub controller: &'a str,
    /// How owners reach the controller, as it stands in mails.
    pub contact: &'a str,
    /// Where consent-dapp is reached; links begin with it.
    pub consent_url: &'a Url,
    /// How long a link can be used.
    pub link_lifetime: Duration,
    /// Who acts.
    pub staff: StaffId,
    /// When.
    pub now: UnixMillis,
}

impl Office<'_> {
    /// How its mails to owners begin and end.
    #[must_use]
    pub const fn letterhead(&self) -> Letterhead<'_> {
        Letterhead {
            controller: self.controller,
            contact: self.contact,
            consent_url: self.consent_url,
        }
    }

    /// Where the owner of a record takes consent back.
    pub(crate) fn withdrawal_url(&self, record: RecordId) -> Option<String> {
        let front = self.keys.front();
        Some(self.letterhead().withdrawal_address(&front, record))
    }

    /// Adds to the record's history that this person did this now.
    pub(crate) async fn note(
        &self,
        transaction: &mut MySqlConnection,
        record: RecordId,
        what: RecordEventKind,
    ) -> Result<(), RowError> {
        let (front, who) = (self.keys.front(), Actor::Staff(self.staff));
        record_events::append(transaction, &front, record, what, who, self.now).await
    }
}

//! What handlers may use.

use std::sync::Arc;
use std::time::Duration;

use anchoring::AnchoringStatus;
use chain::ChainReader;
use database::RowError;
use database::access_log::{self, Access, AccessAction, UseGround};
use enrolment::Office;
use enrolment::access::Particulars;
use enrolment::retention::Rules;
use keyring::ApplicationKeys;
use record::Address;
use record::consent::{Basis, Purpose};
use record::ids::RecordId;
use record::time::Clock;
use sqlx::{MySqlConnection, MySqlPool};
use staffing::Management;
use tokio::sync::watch;
use url::Url;
use web_kit::profile::ControllerProfile;
use web_kit::sign_in::{App, Sessions, SignedIn};
use web_kit::site::Site;

use crate::rules::rules;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// The app. A clone is a handle to the same one.
#[derive(Clone, axum::extract::FromRef)]
pub struct AppState {
    /// Its name and address.
    pub site: Site,
    /// Everything else.
    pub desk: Desk,
}

/// What the pages of records work with.
#[derive(Clone)]
pub struct Desk {
    /// The main database.
    pub pool: MySqlPool,
    /// The backup of records, to which copies can be added.
    pub backup: MySqlPool,
    /// Master and application keys.
    pub keys: ApplicationKeys,
    /// The time.
    pub clock: Clock,
    /// Who asks, and what for.
    pub profile: Arc<ControllerProfile>,
    /// Where consent-dapp is reached.
    pub consent_url: Arc<Url>,
    /// Where this app is reached: links for staff begin with it.
    pub entry_url: Arc<Url>,
    /// The sessions, to hash a new password in turn with the sign-ins.
    pub sessions: Sessions,
    /// The chain, to see where a correction goes.
    pub chain: ChainReader,
    /// How long an owner may object to another wallet.
    pub wallet_change_wait: Duration,
    /// How anchoring stands.
    pub anchoring: watch::Receiver<AnchoringStatus>,
}

impl Desk {
    /// What a use case needs to know, with this person acting now.
    pub fn office(&self, person: &SignedIn) -> Office<'_> {
        Office {
            keys: &self.keys,
            controller: &self.profile.controller.name,
            contact: &self.profile.controller.contact,
            consent_url: &self.consent_url,
            link_lifetime: DAY * self.profile.consent_link_days,
            staff: person.staff_id(),
            now: self.clock.now(),
        }
    }

    /// What a use case about accounts needs to know, with this person acting now.
    pub fn management(&self, person: &SignedIn) -> Management<'_> {
        Management {
            keys: &self.keys,
            controller: &self.profile.controller.name,
            contact: &self.profile.controller.contact,
            entry_url: &self.entry_url,
            actor: person.staff_id(),
            app: App::Entry,
            now: self.clock.now(),
        }
    }

    /// For how long data is kept.
    pub fn rules(&self) -> Rules<'_> {
        rules(&self.profile)
    }

    /// Chain and relay, as messages and proofs name them.
    pub fn site(&self) -> (u64, Address) {
        let deployment = self.chain.deployment();
        (deployment.chain_id, deployment.relay)
    }

    /// What a copy of everything says of controller and chain.
    pub fn particulars<'a>(
        &'a self,
        basis: &'a (dyn Fn(&Purpose) -> Basis + Send + Sync),
    ) -> Particulars<'a> {
        let deployment = self.chain.deployment();
        Particulars {
            address: &self.profile.controller.address,
            officer: &self.profile.officer.contact,
            site: self.site(),
            storage_layer: deployment.storage_layer,
            basis,
        }
    }

    /// Writes down that this person looked at a record, and on what where it is restricted.
    pub async fn log_access(
        &self,
        connection: &mut MySqlConnection,
        person: &SignedIn,
        record: RecordId,
        (action, ground): (AccessAction, Option<UseGround>),
    ) -> Result<(), RowError> {
        let access = Access {
            staff_id: person.staff_id(),
            record_id: record,
            app: App::Entry,
            action,
            at: self.clock.now(),
            ground,
        };
        access_log::append(connection, &self.keys, &access).await
    }
}

/// Randomness for a use case. Seeded by the operating system; unlike the thread's own it may wait for the database.
pub fn rng() -> rand::rngs::StdRng {
    rand::make_rng()
}

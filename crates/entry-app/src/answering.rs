//! Lets owners in who hold no link, files what they ask for, and makes copies for them: consent-dapp, which they ask, can open no record.

use std::sync::Arc;
use std::time::Duration;

use chain::Deployment;
use enrolment::access::Particulars;
use enrolment::request::{Answered, Answering, answer_requests};
use enrolment::{EnrolmentError, Letterhead};
use keyring::ApplicationKeys;
use record::consent::Purpose;
use record::time::Clock;
use sqlx::MySqlPool;
use url::Url;
use web_kit::lifetime::Lifetime;
use web_kit::profile::ControllerProfile;

const EVERY: Duration = Duration::from_secs(1);

/// What it takes to answer.
pub struct Answerer {
    pub pool: MySqlPool,
    pub keys: ApplicationKeys,
    pub clock: Clock,
    pub profile: Arc<ControllerProfile>,
    /// Where the contracts are.
    pub deployment: Deployment,
    pub consent_url: Arc<Url>,
}

impl Answerer {
    /// Answers again and again until the end. A database that is away is asked again.
    pub async fn run(self, lifetime: Lifetime) {
        let mut before = None;
        loop {
            let now = self.answer().await;
            // What goes on is said once.
            if before.replace(State::of(&now)) != Some(State::of(&now)) {
                tell(&now);
            }
            tokio::select! {
                () = tokio::time::sleep(EVERY) => {}
                () = lifetime.ended() => return,
            }
        }
    }

    async fn answer(&self) -> Result<Answered, EnrolmentError> {
        let controller = &self.profile.controller;
        let answering = Answering {
            keys: &self.keys,
            letterhead: Letterhead {
                controller: &controller.name,
                contact: &controller.contact,
                consent_url: &self.consent_url,
            },
            identity: &controller.identity(),
            particulars: Particulars {
                address: &controller.address,
                officer: &self.profile.officer.contact,
                site: (self.deployment.chain_id, self.deployment.relay),
                storage_layer: self.deployment.storage_layer,
                basis: &|purpose: &Purpose| self.profile.basis(purpose),
            },
            now: self.clock.now(),
        };
        answer_requests(&self.pool, &answering, &mut crate::state::rng()).await
    }
}

/// What of a look is worth a line, when it is another one than before.
#[derive(PartialEq, Eq)]
enum State {
    Away,
    At(Answered),
}

impl State {
    fn of(look: &Result<Answered, EnrolmentError>) -> Self {
        look.as_ref()
            .map_or(Self::Away, |answered| Self::At(*answered))
    }
}

fn tell(look: &Result<Answered, EnrolmentError>) {
    let answered = match look {
        Ok(answered) => answered,
        Err(error) => {
            tracing::warn!(%error, "owners without a link can't be answered");
            return;
        }
    };
    let (waiting, overdue, planted) = (answered.waiting, answered.overdue, answered.planted);
    if planted > 0 || overdue > 0 {
        tracing::error!(
            planted,
            overdue,
            "ALARM: requests of owners are not ours, or can't be answered"
        );
    } else if waiting > 0 {
        tracing::warn!(waiting, "requests of owners can't be answered yet");
    }
    if answered.done > 0 {
        tracing::info!(done = answered.done, "answered owners without a link");
    }
}

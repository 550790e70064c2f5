//! What handlers may use.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use database::sweep_rounds::SweepRound;
use detection::{Registrar, Restorer, SweepStatus};
use keyring::ApplicationKeys;
use record::time::Clock;
use sqlx::MySqlPool;
use tokio::sync::watch;
use web_kit::lifetime::Lifetime;
use web_kit::profile::ControllerProfile;
use web_kit::site::Site;

use crate::pages::start::overview::Overviews;

/// The app. A clone is a handle to the same one.
#[derive(Clone, axum::extract::FromRef)]
pub struct AppState {
    /// Its name and address.
    pub site: Site,
    /// Everything else.
    pub watchtower: Watchtower,
}

/// What the pages work with.
#[derive(Clone)]
pub struct Watchtower {
    /// The main database.
    pub pool: MySqlPool,
    /// Master and application keys.
    pub keys: ApplicationKeys,
    /// What the controller uses the data for.
    pub profile: Arc<ControllerProfile>,
    /// The time.
    pub clock: Clock,
    /// Examines, files, opens incidents.
    pub registrar: Registrar,
    /// Puts verified copies back.
    pub restorer: Arc<Restorer>,
    /// Within which the authority must be told of an incident.
    pub incident_clock: Duration,
    /// How the sweep stands.
    pub sweep: watch::Receiver<SweepStatus>,
    /// How many records the sweep of this process has looked at.
    pub examined: Arc<AtomicU64>,
    /// What the start page shows.
    pub overviews: Overviews,
    /// "Verify all", while somebody asked for it.
    pub verify_all: Arc<watch::Sender<VerifyAll>>,
    /// Ends with the process.
    pub lifetime: Lifetime,
}

impl Watchtower {
    /// Whether nothing can be verified right now, as this process has found. Alarms on file are no proof of it: anybody who
    /// may write to the database can put one there.
    pub fn is_hindered(&self) -> bool {
        self.sweep.borrow().is_hindered()
    }
}

/// How "Verify all" stands.
#[derive(Clone, Default)]
pub enum VerifyAll {
    /// Nobody has asked for it.
    #[default]
    Idle,
    /// It is at work.
    Running(Option<SweepRound>),
    /// It is done.
    Done(SweepRound),
    /// It could not go on.
    Hindered(String),
}

//! From settings to a served app.

use std::process::ExitCode;
use std::sync::Arc;

use axum::Router;
use database::PoolSettings;
use record::time::Clock;
use web_kit::doorway::Program;
use web_kit::key_following;
use web_kit::lifetime::Lifetime;
use web_kit::metrics;
use web_kit::readiness::Readiness;
use web_kit::right_keys::{self, HeldKeys};
use web_kit::sign_in::{App, Role, SessionParts, Sessions};
use web_kit::site::{NavItem, Site};

use crate::background;
use crate::pages::staff::MANAGERS;
use crate::router::routes;
use crate::settings::Settings;
use crate::state::{AppState, Desk};
use crate::urls::route;

const NAME: &str = "Sealwatch Entry";
const NAVIGATION: [NavItem; 8] = [
    NavItem::for_all(route::RECORDS, "Records"),
    NavItem::for_all(route::NEW, "New record"),
    NavItem::for_all(route::ERASURES, "Erasures"),
    NavItem::for_all(route::RESTRICTIONS, "Restrictions"),
    NavItem::for_all(route::RETENTION, "Retention"),
    NavItem::for_all(route::WALLET_CHANGES, "Lost wallets"),
    NavItem::for_all(route::SEARCH, "Search"),
    NavItem {
        path: route::STAFF,
        label: "Staff",
        roles: MANAGERS,
    },
];

/// Runs the process until a signal. Answers `--help` and `--version`.
pub fn run() -> ExitCode {
    let program = Program {
        name: "entry-app",
        version: env!("CARGO_PKG_VERSION"),
        about: "Where staff enter people, give them their consent links, approve, and anchor.",
        settings: Settings::read,
        web: |settings| &settings.web,
    };
    program.run(async |settings, lifetime| assemble(settings, Clock::system(), lifetime).await)
}

/// The whole app behind its layers, its background work started. Refuses other keys than those of the database: nobody
/// could read what is entered with them.
pub async fn assemble(
    settings: Settings,
    clock: Clock,
    lifetime: &Lifetime,
) -> anyhow::Result<Router> {
    let pool = database::pool(&settings.database, &PoolSettings::default())?;
    let keys = settings.keys.application.clone();
    let held = HeldKeys::Application(keys.clone());
    held.refuse_others(&pool).await?;
    lifetime.spawn(
        "key files",
        key_following::follow(settings.keys.clone(), lifetime.clone()),
    );
    lifetime.spawn(
        "keys behind",
        right_keys::tell_when_behind(keys.clone(), pool.clone(), clock.clone(), lifetime.clone()),
    );
    let site = Site::new(NAME, &settings.web, NAVIGATION.to_vec(), &[]);
    let sessions = Sessions::new(SessionParts {
        app: App::Entry,
        permitted: &[Role::Clerk, Role::ControllerManager],
        environment: settings.web.environment,
        pool: pool.clone(),
        keys: keys.clone(),
        clock: clock.clone(),
    });
    lifetime.spawn("sessions", sessions.clone().tidy(lifetime.clone()));
    let chain = background::chain_reader(&settings)?;
    let anchoring = background::start(&settings, chain.clone(), &pool, &site, &clock, lifetime)?;
    let consent_url = Arc::new(settings.consent_url.clone());
    background::answer(&settings, &pool, &consent_url, &clock, lifetime);
    background::keep(&settings, &pool, &clock, lifetime);
    let desk = Desk {
        backup: database::pool(&settings.backup, &PoolSettings::default())?,
        pool: pool.clone(),
        keys,
        clock,
        profile: Arc::clone(&settings.profile),
        consent_url,
        entry_url: Arc::new(settings.web.public_url.clone()),
        sessions: sessions.clone(),
        chain,
        wallet_change_wait: settings.wallet_change_wait,
        anchoring,
    };
    let address = settings.web.metrics_listen;
    metrics::serve(address, site.requests(), desk.clone(), lifetime).await?;
    let state = AppState {
        site: site.clone(),
        desk,
    };
    // The chain is not among the checks: staff work on while it is away, and anchoring catches up.
    let readiness = Readiness::new().of_database(&pool, held);
    Ok(site.assemble(routes(state, &sessions), readiness))
}

//! From settings to a served app.

use std::process::ExitCode;

use axum::Router;
use record::time::Clock;
use web_kit::doorway::Program;
use web_kit::key_following;
use web_kit::lifetime::Lifetime;
use web_kit::metrics;
use web_kit::readiness::Readiness;
use web_kit::right_keys::{self, HeldKeys};
use web_kit::sign_in::{App, Role, SessionParts, Sessions};
use web_kit::site::{NavItem, Site};

use crate::router::routes;
use crate::settings::Settings;
use crate::state::AppState;
use crate::urls::route;
use crate::{assets, background, officer, sweep_once};

const NAME: &str = "Sealwatch Viewer";
const NAVIGATION: [NavItem; 5] = [
    NavItem::for_all(route::START, "Start"),
    NavItem::for_all(route::RECORDS, "Records"),
    NavItem::for_all(route::INCIDENTS, "Incidents"),
    NavItem::for_all(route::MAIL, "Mail"),
    NavItem::for_all(route::SEARCH, "Search"),
];

/// Runs the process until a signal, or its one other task. Answers `--help` and `--version`.
pub fn run() -> ExitCode {
    let program = Program {
        name: "breach-viewer",
        version: env!("CARGO_PKG_VERSION"),
        about: "Where officers see whether every record is what its owner signed, and restore it.",
        settings: Settings::read,
        web: |settings| &settings.web,
    };
    program.run_or(
        sweep_once::command(),
        async |settings, arguments| sweep_once::perform(&settings, arguments).await,
        async |settings, lifetime| assemble(settings, Clock::system(), lifetime).await,
    )
}

/// The whole app behind its layers, its background work started. With other keys than those of the database it serves
/// all the same, to say so.
pub async fn assemble(
    settings: Settings,
    clock: Clock,
    lifetime: &Lifetime,
) -> anyhow::Result<Router> {
    let pool = background::pool(&settings.database)?;
    let keys = settings.keys.application.clone();
    let held = HeldKeys::Application(keys.clone());
    lifetime.spawn(
        "key files",
        key_following::follow(settings.keys.clone(), lifetime.clone()),
    );
    lifetime.spawn(
        "keys behind",
        right_keys::tell_when_behind(keys.clone(), pool.clone(), clock.clone(), lifetime.clone()),
    );
    let site = Site::new(NAME, &settings.web, NAVIGATION.to_vec(), &assets::ALL);
    let sessions = Sessions::new(SessionParts {
        app: App::Viewer,
        permitted: &[Role::DataProtectionOfficer, Role::ControllerManager],
        environment: settings.web.environment,
        pool: pool.clone(),
        keys,
        clock: clock.clone(),
    });
    lifetime.spawn("sessions", sessions.clone().tidy(lifetime.clone()));
    lifetime.spawn(
        "officer's mail",
        officer::readdress(
            settings.officer_email.as_str().to_owned(),
            pool.clone(),
            settings.keys.application.clone(),
            clock.clone(),
            lifetime.clone(),
        ),
    );
    let state = AppState {
        site: site.clone(),
        watchtower: background::start(&settings, &pool, &site, &clock, lifetime)?,
    };
    let (tower, address) = (state.watchtower.clone(), settings.web.metrics_listen);
    metrics::serve(address, site.requests(), tower, lifetime).await?;
    // The chain is not among the checks: without it the viewer serves to say so.
    let readiness = Readiness::new().of_database(&pool, held);
    Ok(site.assemble(routes(state, &sessions), readiness))
}

//! From settings to a served app.

use clap::Command;
use database::key_checks::{self, KeyCheck};
use database::{Kind, PoolSettings, schema_is_current};
use keyring::ApplicationKeys;
use record::time::Clock;
use sqlx::MySqlPool;
use std::process::ExitCode;
use web_kit::lifetime::Lifetime;
use web_kit::readiness::Readiness;
use web_kit::server;
use web_kit::settings::Reader;
use web_kit::sign_in::{App, Role, SessionParts, Sessions};
use web_kit::site::{NavItem, Site};
use web_kit::telemetry;

use crate::router::routes;
use crate::settings::Settings;
use crate::state::AppState;
use crate::urls::route;
use crate::{assets, background};

const NAME: &str = "Sealwatch Viewer";
const WRONG_SETTINGS: u8 = 2;
const NAVIGATION: [NavItem; 3] = [
    NavItem {
        path: route::RECORDS,
        label: "Records",
    },
    NavItem {
        path: route::INCIDENTS,
        label: "Incidents",
    },
    NavItem {
        path: route::SEARCH,
        label: "Search",
    },
];

/// Runs the process until a signal. Answers `--help` and `--version`.
#[expect(
    clippy::print_stderr,
    reason = "before the log starts, the terminal is all there is"
)]
pub fn run() -> ExitCode {
    Command::new("breach-viewer")
        .version(env!("CARGO_PKG_VERSION"))
        .about("Where officers see whether every record is what its owner signed, and restore it.")
        .after_help(Reader::describe(Settings::read))
        .get_matches();
    let settings = match Reader::from_env().finish(Settings::read) {
        Ok(settings) => settings,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::from(WRONG_SETTINGS);
        }
    };
    telemetry::start(settings.web.environment);
    match serve(settings) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(error = format!("{error:#}"), "can't go on");
            ExitCode::FAILURE
        }
    }
}

#[tokio::main]
async fn serve(settings: Settings) -> anyhow::Result<()> {
    let lifetime = Lifetime::until_signal()?;
    let listener = server::listen(settings.web.listen).await?;
    let pool = database::pool(&settings.database, &PoolSettings::default())?;
    let keys = settings.keys.application.clone();
    let site = Site::new(NAME, &settings.web, NAVIGATION.to_vec(), &assets::ALL);
    let clock = Clock::system();
    let sessions = Sessions::new(SessionParts {
        app: App::Viewer,
        permitted: &[Role::DataProtectionOfficer, Role::ControllerManager],
        environment: settings.web.environment,
        pool: pool.clone(),
        keys: keys.clone(),
        clock: clock.clone(),
    })
    .map_err(|error| anyhow::anyhow!("sessions: {error:?}"))?;
    lifetime.spawn("sessions", sessions.clone().tidy(lifetime.clone()));
    let watchtower = background::start(&settings, &pool, &site, &clock, &lifetime)?;
    let pages = routes(
        AppState {
            site: site.clone(),
            watchtower,
        },
        &sessions,
    );
    let app = site.assemble(pages, readiness(pool, keys));
    Ok(server::serve(listener, app, lifetime).await?)
}

/// The chain is not among the checks: without it the viewer serves to say so.
fn readiness(pool: MySqlPool, keys: ApplicationKeys) -> Readiness {
    let database = pool.clone();
    Readiness::new()
        .check("database", move || schema_is_right(database.clone()))
        .check("keys", move || keys_are_right(pool.clone(), keys.clone()))
}

async fn schema_is_right(pool: MySqlPool) -> anyhow::Result<()> {
    anyhow::ensure!(
        schema_is_current(Kind::Main, &pool).await?,
        "the schema is not this version's"
    );
    Ok(())
}

async fn keys_are_right(pool: MySqlPool, keys: ApplicationKeys) -> anyhow::Result<()> {
    let mut connection = pool.acquire().await?;
    let check = key_checks::verify(&mut connection, &keys).await?;
    anyhow::ensure!(
        check == KeyCheck::Right,
        "the keys are not the ones that the database was set up with"
    );
    Ok(())
}

//! From settings to a served app.

use std::process::ExitCode;
use std::sync::Arc;

use axum::Router;
use clap::Command;
use database::key_checks::{self, KeyCheck};
use database::{Kind, PoolSettings, schema_is_current};
use keyring::ApplicationKeys;
use record::time::Clock;
use sqlx::MySqlPool;
use web_kit::lifetime::Lifetime;
use web_kit::readiness::Readiness;
use web_kit::server;
use web_kit::settings::Reader;
use web_kit::sign_in::{App, Role, SessionParts, Sessions};
use web_kit::site::{NavItem, Site};
use web_kit::telemetry;

use crate::background;
use crate::router::routes;
use crate::settings::Settings;
use crate::state::{AppState, Desk};
use crate::urls::route;

const NAME: &str = "Sealwatch Entry";
const WRONG_SETTINGS: u8 = 2;
const OTHER_KEYS: &str = "the keys are not the ones that the database was set up with";
const NAVIGATION: [NavItem; 3] = [
    NavItem {
        path: route::RECORDS,
        label: "Records",
    },
    NavItem {
        path: route::NEW,
        label: "New record",
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
    Command::new("entry-app")
        .version(env!("CARGO_PKG_VERSION"))
        .about("Where staff enter people, give them their consent links, approve, and anchor.")
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
    let app = assemble(settings, Clock::system(), &lifetime).await?;
    Ok(server::serve(listener, app, lifetime).await?)
}

/// The whole app behind its layers, its background work started.
pub async fn assemble(
    settings: Settings,
    clock: Clock,
    lifetime: &Lifetime,
) -> anyhow::Result<Router> {
    let pool = database::pool(&settings.database, &PoolSettings::default())?;
    let keys = settings.keys.application.clone();
    refuse_wrong_keys(&pool, &keys).await?;
    let site = Site::new(NAME, &settings.web, NAVIGATION.to_vec(), &[]);
    let sessions = Sessions::new(SessionParts {
        app: App::Entry,
        permitted: &[Role::Clerk, Role::ControllerManager],
        environment: settings.web.environment,
        pool: pool.clone(),
        keys: keys.clone(),
        clock: clock.clone(),
    })
    .map_err(|error| anyhow::anyhow!("sessions: {error:?}"))?;
    lifetime.spawn("sessions", sessions.clone().tidy(lifetime.clone()));
    let anchoring = background::start(&settings, &pool, &site, &clock, lifetime)?;
    let desk = Desk {
        pool: pool.clone(),
        keys: keys.clone(),
        clock,
        profile: Arc::clone(&settings.profile),
        consent_url: Arc::new(settings.consent_url),
        anchoring,
    };
    let state = AppState {
        site: site.clone(),
        desk,
    };
    Ok(site.assemble(routes(state, &sessions), readiness(pool, keys)))
}

/// With other keys than those of the database every row would look tampered with, and nobody could read what is
/// entered. A database that does not answer, or has no tables yet, is for `/readyz` to tell.
async fn refuse_wrong_keys(pool: &MySqlPool, keys: &ApplicationKeys) -> anyhow::Result<()> {
    match check_keys(pool, keys).await {
        Ok(KeyCheck::Wrong(problem)) => Err(anyhow::Error::new(problem).context(OTHER_KEYS)),
        Ok(KeyCheck::Right | KeyCheck::Missing) => Ok(()),
        Err(error) => {
            tracing::warn!(
                error = format!("{error:#}"),
                "the keys could not be checked yet"
            );
            Ok(())
        }
    }
}

/// The chain is not among the checks: staff work on while it is away, and anchoring catches up.
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
    let check = check_keys(&pool, &keys).await?;
    anyhow::ensure!(check == KeyCheck::Right, OTHER_KEYS);
    Ok(())
}

async fn check_keys(pool: &MySqlPool, keys: &ApplicationKeys) -> anyhow::Result<KeyCheck> {
    let mut connection = pool.acquire().await?;
    Ok(key_checks::verify(&mut connection, keys).await?)
}

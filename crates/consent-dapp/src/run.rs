//! From settings to a served app.

use std::process::ExitCode;

use anyhow::Context;
use axum::Router;
use clap::Command;
use database::{Kind, PoolSettings, schema_is_current};
use record::time::Clock;
use sqlx::MySqlPool;
use web_kit::lifetime::Lifetime;
use web_kit::readiness::Readiness;
use web_kit::server;
use web_kit::settings::Reader;
use web_kit::site::Site;
use web_kit::telemetry;

use crate::app::{App, Parts};
use crate::assets;
use crate::demo_wallet::DemoWallet;
use crate::forgetting;
use crate::router::routes;
use crate::settings::Settings;

const NAME: &str = "Sealwatch Consent";
const WRONG_SETTINGS: u8 = 2;

/// Runs the process until a signal. Answers `--help` and `--version`.
#[expect(
    clippy::print_stderr,
    reason = "before the log starts, the terminal is all there is"
)]
pub fn run() -> ExitCode {
    Command::new("consent-dapp")
        .version(env!("CARGO_PKG_VERSION"))
        .about("Where data owners read their details, sign them, ask for a correction or decline.")
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
    let clock = Clock::system();
    let forgetting = forgetting::run(
        database::pool(
            &settings.database,
            &PoolSettings {
                max_connections: 1,
                ..PoolSettings::default()
            },
        )?,
        settings.front.clone(),
        clock.clone(),
        lifetime.clone(),
    );
    lifetime.spawn("forgetting", forgetting);
    let app = assemble(settings, clock).await?;
    Ok(server::serve(listener, app, lifetime).await?)
}

/// The whole app behind its layers. With the demo wallet on, its node must be the demo's.
pub async fn assemble(settings: Settings, clock: Clock) -> anyhow::Result<Router> {
    let database = database::pool(&settings.database, &PoolSettings::default())?;
    let demo_wallet = match settings.demo_wallet {
        Some(node) => Some(DemoWallet::connect(node).await.context("DEMO_WALLET")?),
        None => None,
    };
    let site = Site::new(NAME, &settings.web, Vec::new(), &assets::ALL);
    let app = App::new(Parts {
        site: site.clone(),
        database: database.clone(),
        front: settings.front,
        profile: settings.profile,
        network: settings.network,
        desk_email: settings.desk_email,
        entry_url: settings.entry_url,
        demo_wallet,
        clock,
    });
    let readiness = Readiness::new().check("database", move || is_ready(database.clone()));
    Ok(site.assemble(routes(app, settings.web.trusted_proxies), readiness))
}

async fn is_ready(database: MySqlPool) -> anyhow::Result<()> {
    anyhow::ensure!(
        schema_is_current(Kind::Main, &database).await?,
        "the schema is not this version's"
    );
    Ok(())
}

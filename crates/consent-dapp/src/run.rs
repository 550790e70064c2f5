//! From settings to a served app.

use std::process::ExitCode;

use anyhow::Context;
use axum::Router;
use database::PoolSettings;
use record::time::Clock;
use web_kit::doorway::Program;
use web_kit::lifetime::Lifetime;
use web_kit::metrics;
use web_kit::readiness::Readiness;
use web_kit::right_keys::HeldKeys;
use web_kit::site::Site;

use crate::app::{App, Parts};
use crate::assets;
use crate::demo_wallet::DemoWallet;
use crate::forgetting::Forgetting;
use crate::metrics::Told;
use crate::router::routes;
use crate::settings::Settings;

const NAME: &str = "Sealwatch Consent";

/// Runs the process until a signal. Answers `--help` and `--version`.
pub fn run() -> ExitCode {
    let program = Program {
        name: "consent-dapp",
        version: env!("CARGO_PKG_VERSION"),
        about: "Where data owners read their details, sign them, ask for a correction or decline.",
        settings: Settings::read,
        web: |settings| &settings.web,
    };
    program.run(async |settings, lifetime| assemble(settings, Clock::system(), lifetime).await)
}

/// The whole app behind its layers, its background work started. Refuses other keys than those of the database: every
/// link would seem unknown. With the demo wallet on, its node must be the demo's.
pub async fn assemble(
    settings: Settings,
    clock: Clock,
    lifetime: &Lifetime,
) -> anyhow::Result<Router> {
    let database = database::pool(&settings.database, &PoolSettings::default())?;
    let held = HeldKeys::Front(settings.front.clone());
    held.refuse_others(&database).await?;
    let demo_wallet = match settings.demo_wallet {
        Some(node) => Some(DemoWallet::connect(node).await.context("DEMO_WALLET")?),
        None => None,
    };
    let forgetting = Forgetting {
        database: database.clone(),
        front: settings.front.clone(),
        clock: clock.clone(),
        drafts: settings.drafts,
    };
    lifetime.spawn("forgetting", forgetting.run(lifetime.clone()));
    let site = Site::new(NAME, &settings.web, Vec::new(), &assets::ALL);
    let readiness = Readiness::new().of_database(&database, held);
    let address = settings.web.metrics_listen;
    let told = Told(database.clone());
    metrics::serve(address, site.requests(), told, lifetime).await?;
    let app = App::new(Parts {
        site: site.clone(),
        database,
        front: settings.front,
        profile: settings.profile,
        network: settings.network,
        chain: settings.chain,
        desk_email: settings.desk_email,
        entry_url: settings.entry_url,
        demo_wallet,
        clock,
    });
    Ok(site.assemble(routes(app, settings.web.trusted_proxies), readiness))
}

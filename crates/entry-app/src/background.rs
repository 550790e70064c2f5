//! What goes on beside the pages: anchoring, mail, and the banner that tells when anchoring is held up.

use std::sync::Arc;
use std::time::Duration;

use anchoring::{Anchorer, AnchoringParts, AnchoringSettings, AnchoringStatus};
use chain::{ChainError, ChainReader, Controller};
use database::PoolSettings;
use notification::{Mailer, Outbox};
use record::time::Clock;
use sqlx::MySqlPool;
use tokio::sync::watch;
use url::Url;
use web_kit::components::Tone;
use web_kit::lifetime::Lifetime;
use web_kit::right_keys::HeldKeys;
use web_kit::site::{Banner, Site};

use crate::answering::Answerer;
use crate::keeping::Keeper;
use crate::settings::Settings;
use crate::urls::route;

/// A hitch shorter than this is nobody's concern.
const PATIENCE: Duration = Duration::from_secs(10);
const WEI_PER_GWEI: u128 = 1_000_000_000;

/// Starts all of it; the receiver tells how anchoring stands.
pub fn start(
    settings: &Settings,
    reader: ChainReader,
    pool: &MySqlPool,
    site: &Site,
    clock: &Clock,
    lifetime: &Lifetime,
) -> anyhow::Result<watch::Receiver<AnchoringStatus>> {
    let keys = settings.keys.application.clone();
    let mailer = Mailer::new(settings.mail.server.clone(), settings.mail.sender.clone());
    let outbox = Outbox::new(pool.clone(), keys.clone(), mailer, clock.clone());
    let mail = outbox.run(lifetime.token());
    let held = HeldKeys::Application(keys);
    lifetime.spawn("outbox", held.then(pool.clone(), lifetime.clone(), mail));
    let anchorer = anchorer(settings, reader, pool, clock)?;
    let status = anchorer.status();
    lifetime.spawn("anchoring", anchorer.run(lifetime.token()));
    lifetime.spawn(
        "banner",
        keep_banner(site.clone(), status.clone(), lifetime.clone()),
    );
    Ok(status)
}

/// Starts to let owners in who want to take consent back.
pub fn answer(
    settings: &Settings,
    pool: &MySqlPool,
    consent_url: &Arc<Url>,
    clock: &Clock,
    lifetime: &Lifetime,
) {
    let keys = settings.keys.application.clone();
    let answerer = Answerer {
        pool: pool.clone(),
        keys: keys.clone(),
        clock: clock.clone(),
        profile: Arc::clone(&settings.profile),
        deployment: settings.chain.deployment.clone(),
        consent_url: Arc::clone(consent_url),
    };
    let held = HeldKeys::Application(keys);
    let answers = answerer.run(lifetime.clone());
    lifetime.spawn(
        "answers",
        held.then(pool.clone(), lifetime.clone(), answers),
    );
}

/// Starts to keep the days on which records are due to be erased.
pub fn keep(settings: &Settings, pool: &MySqlPool, clock: &Clock, lifetime: &Lifetime) {
    let keys = settings.keys.application.clone();
    let base = settings.web.public_url.as_str().trim_end_matches('/');
    let keeper = Keeper {
        pool: pool.clone(),
        keys: keys.clone(),
        clock: clock.clone(),
        profile: Arc::clone(&settings.profile),
        desk: settings.desk_email.clone(),
        url: format!("{base}{}", route::RETENTION),
    };
    let held = HeldKeys::Application(keys);
    let keeping = keeper.run(lifetime.clone());
    lifetime.spawn(
        "retention",
        held.then(pool.clone(), lifetime.clone(), keeping),
    );
}

/// The chain as this app reads it.
pub fn chain_reader(settings: &Settings) -> Result<ChainReader, ChainError> {
    let chain = &settings.chain;
    ChainReader::new(
        &chain.rpc_url,
        chain.deployment.clone(),
        chain.confirmations,
    )
}

fn anchorer(
    settings: &Settings,
    reader: ChainReader,
    pool: &MySqlPool,
    clock: &Clock,
) -> anyhow::Result<Anchorer> {
    let fee_cap = u128::from(settings.max_fee_gwei) * WEI_PER_GWEI;
    let controller = Controller::new(reader, settings.controller_key.clone(), fee_cap);
    Ok(Anchorer::new(AnchoringParts {
        pool: pool.clone(),
        backup: database::pool(&settings.backup, &PoolSettings::default())?,
        key_backup: database::pool(&settings.key_backup, &PoolSettings::default())?,
        keys: settings.keys.application.clone(),
        controller,
        clock: clock.clone(),
        settings: AnchoringSettings::default(),
    }))
}

/// Staff see above every page that proofs have to wait, and why.
async fn keep_banner(site: Site, mut status: watch::Receiver<AnchoringStatus>, lifetime: Lifetime) {
    let mut since: Option<tokio::time::Instant> = None;
    while !lifetime.is_ending() {
        let problem = status.borrow_and_update().problem;
        since = problem.map(|_| since.unwrap_or_else(tokio::time::Instant::now));
        let lasting = problem.filter(|_| since.is_some_and(|since| since.elapsed() >= PATIENCE));
        site.set_banner(lasting.map(|problem| Banner {
            tone: Tone::Warning,
            text: format!("Anchoring waits. {} Nothing is lost.", problem.text()),
            to_anybody: None,
        }));
        tokio::select! {
            () = lifetime.ended() => {}
            () = tokio::time::sleep(Duration::from_secs(1)) => {}
        }
    }
}

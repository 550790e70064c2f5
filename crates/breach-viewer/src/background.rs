//! What goes on beside the pages: the sweep, the watch, mail, and the banner that tells why nothing can be verified.

use std::sync::Arc;
use std::time::Duration;

use binary_log::Server;
use chain::{ChainError, ChainReader};
use database::PoolSettings;
use detection::verdict::Patience;
use detection::{
    DirectMail, Examiner, ExaminerParts, Lookout, RedactionParts, Redactor, Registrar,
    RestoreParts, Restorer, Sweeper, Watcher,
};
use notification::{Mailer, Outbox};
use record::time::Clock;
use sqlx::MySqlPool;
use tokio::sync::watch;
use url::Url;
use web_kit::lifetime::Lifetime;
use web_kit::right_keys::HeldKeys;
use web_kit::site::Site;

use crate::banner;
use crate::pages::start::overview::Overviews;
use crate::settings::Settings;
use crate::state::{VerifyAll, Watchtower};

/// Starts all of it; the watchtower is what the pages work with.
pub fn start(
    settings: &Settings,
    pool: &MySqlPool,
    site: &Site,
    clock: &Clock,
    lifetime: &Lifetime,
) -> anyhow::Result<Watchtower> {
    let keys = settings.keys.application.clone();
    let mailer = Mailer::new(settings.mail.server.clone(), settings.mail.sender.clone());
    let outbox = Outbox::new(pool.clone(), keys.clone(), mailer.clone(), clock.clone());
    let mail = outbox.run(lifetime.token());
    let held = HeldKeys::Application(keys.clone());
    lifetime.spawn("outbox", held.then(pool.clone(), lifetime.clone(), mail));
    let registrar = registrar(settings, pool, clock)?;
    let sweeper = Sweeper::new(
        registrar.clone(),
        settings.sweep_rate,
        DirectMail::new(mailer),
    );
    let (sweep, examined) = (sweeper.status(), sweeper.examined());
    lifetime.spawn("sweep", sweeper.run(lifetime.token()));
    let lookout = Lookout::new(registrar.clone(), settings.sweep_rate, sweep.clone());
    lifetime.spawn("lookout", lookout.run(lifetime.token()));
    let server = settings.watch.as_ref().map(Server::new).transpose()?;
    let memory = usize::try_from(settings.watch_memory.get())?.saturating_mul(1024);
    let watcher = Watcher::new(registrar.clone(), server).with_memory(memory);
    lifetime.spawn("watch", watcher.run(lifetime.token()));
    let redactor = Redactor::new(
        registrar.clone(),
        redaction_parts(settings)?,
        settings.receipt,
    );
    lifetime.spawn("redaction", redactor.run(lifetime.token()));
    lifetime.spawn(
        "banner",
        banner::keep(
            site.clone(),
            pool.clone(),
            registrar.clone(),
            sweep.clone(),
            lifetime.clone(),
        ),
    );
    Ok(Watchtower {
        pool: pool.clone(),
        keys,
        profile: Arc::clone(&settings.profile),
        clock: clock.clone(),
        incident_clock: settings.incident_clock,
        restorer: Arc::new(Restorer::new(registrar.clone(), restore_parts(settings)?)),
        registrar,
        sweep,
        examined,
        overviews: Overviews::default(),
        verify_all: Arc::new(watch::Sender::new(VerifyAll::default())),
        lifetime: lifetime.clone(),
    })
}

/// Who examines and files, for the pages and for a round by itself.
pub fn registrar(
    settings: &Settings,
    pool: &MySqlPool,
    clock: &Clock,
) -> anyhow::Result<Registrar> {
    let reader = chain_reader(settings)?;
    let examiner = Examiner::new(ExaminerParts {
        pool: pool.clone(),
        keys: settings.keys.application.clone(),
        chain: reader,
        clock: clock.clone(),
        patience: Patience {
            consent: settings.consent_patience,
            anchoring: settings.anchoring_patience,
        },
    });
    Ok(Registrar::new(
        examiner,
        settings.officer_email.as_str().to_owned(),
        settings.web.public_url.as_str(),
    ))
}

fn chain_reader(settings: &Settings) -> Result<ChainReader, ChainError> {
    let chain = &settings.chain;
    let (first, deployment) = (&chain.rpc_url, chain.deployment.clone());
    match &settings.second_endpoint {
        None => ChainReader::new(first, deployment, chain.confirmations),
        Some(second) => ChainReader::of_two([first, second], deployment, chain.confirmations),
    }
}

fn restore_parts(settings: &Settings) -> anyhow::Result<RestoreParts> {
    Ok(RestoreParts {
        main: pool(&settings.restore)?,
        backup: pool(&settings.backup)?,
        keys: pool(&settings.key_backup)?,
    })
}

fn redaction_parts(settings: &Settings) -> anyhow::Result<RedactionParts> {
    Ok(RedactionParts {
        main: pool(&settings.erase)?,
        backup: pool(&settings.erase_backup)?,
        keys: pool(&settings.erase_key_backup)?,
    })
}

pub(crate) fn pool(url: &Url) -> anyhow::Result<MySqlPool> {
    Ok(database::pool(url, &connections())?)
}

/// Transactions here are short, so that a row of theirs which is locked for longer was locked by somebody else: each verdict waits
/// for it, and whoever keeps rows locked is not to hold up the next ones for long.
pub(crate) fn connections() -> PoolSettings {
    PoolSettings {
        row_lock_wait: Duration::from_secs(3),
        ..PoolSettings::default()
    }
}

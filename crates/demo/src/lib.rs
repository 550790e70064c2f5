//! The demo: the whole product on this machine, and a story played through its public doors.

pub mod doors;
mod edition;
mod farewell;
mod insider;
mod interruption;
mod options;
mod screen;
mod sign_ins;
mod story;

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use devstack::{Site, SiteOptions};

pub use options::Options;

use interruption::Interruption;
use screen::Screen;
use sign_ins::SignIns;
use story::Story;

const BETWEEN_CHECKS: Duration = Duration::from_secs(1);

/// Starts everything, plays the story unless it was played before, and keeps running until it is
/// told to end.
pub async fn run(options: Options) -> ExitCode {
    let screen = Arc::new(Screen::new());
    match start_and_stop(&options, &screen).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            screen.problem(&problem);
            ExitCode::FAILURE
        }
    }
}

async fn start_and_stop(options: &Options, screen: &Arc<Screen>) -> Result<()> {
    let mut interruption = Interruption::new()?;
    let Some(starting) = interruption.or(start(options, screen)).await else {
        return Ok(());
    };
    let mut site = starting?;
    let played = interruption.or(play(options, screen, &mut site)).await;
    screen.say("\nStopping everything …");
    let stopped = interruption.or(site.stop()).await;
    screen.say("Stopped. `make demo` continues from here, `make clean-demo` starts over.");
    played.unwrap_or(Ok(()))?;
    stopped.unwrap_or(Ok(()))
}

async fn start(options: &Options, screen: &Arc<Screen>) -> Result<Site> {
    screen.say("Sealwatch demo: everybody in it is invented, and nothing leaves this machine.\n");
    let hearing = Arc::clone(screen);
    let site_options = SiteOptions {
        dir: Some(options.dir.clone()),
        ports: options.ports(),
        own_database: true,
        own_inbox: true,
        // Each kept state makes the written state bigger; the demo may run for days.
        kept_states: 32,
        teller: Some(Arc::new(move |what: &str| hearing.up(what))),
        ..SiteOptions::default()
    };
    edition::claim(&options.dir)?;
    let site = Site::start(&site_options).await?;
    screen.settle();
    Ok(site)
}

async fn play(options: &Options, screen: &Screen, site: &mut Site) -> Result<()> {
    let sign_ins = SignIns::of(site).await?;
    insider::write_client_settings(site)?;
    let story = Story::load(site, &sign_ins, options.people)?;
    let told = story.play(screen).await.context("the story broke off")?;
    farewell::say(screen, site, &sign_ins, &told)?;
    loop {
        tokio::time::sleep(BETWEEN_CHECKS).await;
        site.check_running()?;
    }
}

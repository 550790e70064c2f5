//! `breach-viewer sweep --once`: one round over all records by itself, for a person at a terminal or a job at night.

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Arg, ArgAction, ArgMatches, Command};
use database::PoolSettings;
use database::sweep_rounds::SweepRound;
use database::verifications::VerdictKind;
use detection::{alarm_of, sweep_once, words, words_of};
use indicatif::{ProgressBar, ProgressStyle};
use record::time::Clock;
use serde_json::{Value, json};
use web_kit::key_following;
use web_kit::lifetime::Lifetime;

use crate::background;
use crate::settings::Settings;

/// Something is not as its owner signed it.
const WRONG: u8 = 1;
/// Nothing can be told.
const UNVERIFIABLE: u8 = 2;

/// How it is called.
pub fn command() -> Command {
    let flag = |name: &'static str, help: &'static str| {
        Arg::new(name)
            .long(name)
            .action(ArgAction::SetTrue)
            .help(help)
    };
    Command::new("sweep")
        .about(
            "Compares every record with the chain, in full. Ends with 0 when all is in order, 1 when something is wrong, \
             2 when it could not be verified",
        )
        .arg(flag("once", "One round (the pages make them for ever)").required(true))
        .arg(flag("json", "Tells the outcome as JSON"))
}

/// Makes the round and tells what came out.
#[expect(clippy::print_stdout, reason = "the outcome is what was asked for")]
pub async fn perform(settings: &Settings, arguments: &ArgMatches) -> ExitCode {
    let outcome = match round(settings).await {
        Ok(outcome) => outcome,
        Err(error) => Outcome::Unverifiable(format!("{error:#}")),
    };
    match arguments.get_flag("json") {
        true => println!("{}", outcome.json()),
        false => println!("{}", outcome.text()),
    }
    ExitCode::from(outcome.code())
}

enum Outcome {
    Verified(SweepRound),
    Unverifiable(String),
}

impl Outcome {
    fn code(&self) -> u8 {
        match self {
            Self::Verified(round) if round.bad > 0 => WRONG,
            Self::Verified(round) if is_verified(round) => 0,
            Self::Verified(_) | Self::Unverifiable(_) => UNVERIFIABLE,
        }
    }

    fn json(&self) -> Value {
        match self {
            Self::Verified(round) => json!({
                "verified": is_verified(round),
                "problem": round.problem,
                "round": round.id,
                "block": round.block_number,
                "last_uid": round.last_uid,
                "checked": round.checked,
                "bad": round.bad,
                "verdicts": counts(round).collect::<BTreeMap<_, _>>(),
                "started_at": round.started_at.0,
                "finished_at": round.finished_at.map(|at| at.0),
            }),
            Self::Unverifiable(why) => json!({ "verified": false, "why": why }),
        }
    }

    fn text(&self) -> String {
        match self {
            Self::Verified(round) => {
                let took = round.finished_at.unwrap_or(round.started_at);
                let took = took.since(round.started_at).as_secs_f64();
                let verdicts = counts(round).map(|(name, count)| format!("\n  {name}: {count}"));
                let refused = round.problem.iter();
                let refused = refused.map(|problem| format!("\n{}", words_of(problem)));
                format!(
                    "{} looked at in {took:.1} s, {} not as signed.{}{}",
                    round.checked,
                    round.bad,
                    verdicts.collect::<String>(),
                    refused.collect::<String>()
                )
            }
            Self::Unverifiable(why) => format!("Not all could be verified. {why}"),
        }
    }
}

async fn round(settings: &Settings) -> anyhow::Result<Outcome> {
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    // Each streams rows over one connection and examines them over another.
    let enough = u32::try_from(2 * workers + 4)?;
    let limits = PoolSettings {
        max_connections: enough,
        ..background::connections()
    };
    let pool = database::pool(&settings.database, &limits)?;
    let registrar = background::registrar(settings, &pool, &Clock::system())?;
    // A round may take hours, in which keys may be replaced.
    let lifetime = Lifetime::new();
    lifetime.spawn(
        "key files",
        key_following::follow(settings.keys.clone(), lifetime.clone()),
    );
    // On standard error, and on a terminal only.
    let bar = ProgressBar::new(0).with_style(ProgressStyle::with_template(
        "{bar:40} {pos} of {len} · {per_second} · {eta} left",
    )?);
    bar.enable_steady_tick(Duration::from_millis(200));
    let told = bar.clone();
    let tell = move |round: &SweepRound| {
        told.set_length(round.total);
        told.set_position(round.checked);
    };
    let made = sweep_once(&registrar, workers, tell).await;
    bar.finish_and_clear();
    lifetime.end();
    match made {
        Ok(round) => Ok(Outcome::Verified(round)),
        Err(hindrance) => {
            let obstacle = registrar.obstacle(&hindrance).await;
            Ok(Outcome::Unverifiable(words(alarm_of(obstacle)).to_owned()))
        }
    }
}

/// Whether nothing was refused on the way, and of every record something could be told.
fn is_verified(round: &SweepRound) -> bool {
    let is_untold = |count: &u64| *count > 0;
    let untold = round.verdicts.get(&VerdictKind::Unverifiable);
    round.problem.is_none() && !untold.is_some_and(is_untold)
}

/// How many records this very round found to have which verdict.
fn counts(round: &SweepRound) -> impl Iterator<Item = (&'static str, u64)> + '_ {
    let counts = round.verdicts.iter();
    counts.map(|(verdict, count)| (verdict.as_str(), *count))
}

//! The attack matrix: a random history over a real database and a real chain, then one random attack after the other. Each is
//! found by a pass of the sweep and by the button, with the verdict, the subject and the parts that the table in `expected`
//! states, is in an incident or an alarm, and changes what is said of nobody else. Afterwards all is put back. What is not found
//! is told, and the run goes on.
//!
//! `MATRIX_ATTACKS` says how many (300 unless told), `MATRIX_SEED` repeats a run; each that is missed prints the seed and the attack.
#![expect(clippy::unwrap_used, reason = "a failed test may panic")]
#![expect(clippy::print_stdout, reason = "a long run tells how far it is")]

mod attack;
mod columns;
mod expected;
mod history;
mod person;
mod stage;

use std::collections::BTreeMap;
use std::num::NonZero;
use std::thread::available_parallelism;
use std::time::{Duration, Instant};

use database::verifications::{Subject, VerdictKind};
use detection::Registrar;
use futures::{StreamExt as _, stream};
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

use attack::Attack;
use expected::{Expected, Parts};
use history::{History, NOW};
use stage::{Stage, Verdicts};

const ATTACKS: u64 = 300;
/// What took the looks long on a busy machine, they take up again by then.
const LONGEST_LOOK: Duration = Duration::from_secs(60);
/// A history stands for so many attacks.
const PER_HISTORY: u64 = 500;

#[tokio::test(flavor = "multi_thread")]
async fn every_attack_is_found_and_nothing_else() {
    let attacks = setting("MATRIX_ATTACKS").unwrap_or(ATTACKS);
    let seed = setting("MATRIX_SEED").unwrap_or_else(|| rand::rng().random());
    println!("MATRIX_SEED={seed} MATRIX_ATTACKS={attacks}");
    let began = Instant::now();
    let at_once = available_parallelism().map_or(1, NonZero::get);
    let histories = shares(attacks, at_once as u64);
    // Each history has a seed of its own, so that one can be repeated without the others.
    let among = histories.len();
    let running = histories
        .into_iter()
        .enumerate()
        .map(|(at, share)| tokio::spawn(one_history(seed, (at, among), share)));
    let mut running = stream::iter(running).buffer_unordered(at_once);
    let mut counts: BTreeMap<Attack, u64> = Attack::kinds().map(|kind| (kind, 0)).collect();
    let mut missed = Vec::new();
    while let Some(done) = running.next().await {
        let done = done.unwrap();
        for (kind, count) in done.counts {
            *counts.entry(kind).or_default() += count;
        }
        missed.extend(done.missed);
        let tried: u64 = counts.values().sum();
        let found = tried - missed.len() as u64;
        println!(
            "{found} of {tried} attacks found in {:.0?}",
            began.elapsed()
        );
    }
    for (kind, count) in counts {
        println!("{count:6} {kind:?}");
    }
    assert!(missed.is_empty(), "not found as expected: {}", missed.len());
}

/// The attacks of each history: as many histories as there are processors, and more where these would stand too long.
fn shares(attacks: u64, at_once: u64) -> Vec<u64> {
    let histories = attacks
        .div_ceil(PER_HISTORY)
        .max(at_once.min(attacks))
        .max(1);
    let share = |at| attacks / histories + u64::from(at < attacks % histories);
    (0..histories).map(share).collect()
}

fn setting(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().unwrap())
}

/// What became of the attacks on one history.
#[derive(Default)]
struct Done {
    counts: BTreeMap<Attack, u64>,
    /// Those that were not found as expected.
    missed: Vec<String>,
}

/// One history and the attacks on it: its share of the openings, and then at random.
async fn one_history(seed: u64, (at, among): (usize, usize), attacks: u64) -> Done {
    let mut rng = StdRng::seed_from_u64(seed.wrapping_add(at as u64));
    let stage = Stage::set(&mut rng).await;
    let history = History::make(&stage, &mut rng).await;
    let openings = Attack::openings(&stage);
    let mut openings = openings.into_iter().skip(at).step_by(among);
    let mut done = Done::default();
    for number in 0..attacks {
        let opening = openings.next();
        let order = opening.unwrap_or_else(|| (Attack::random(&mut rng), None));
        let what = format!("attack {number} of history {at} with MATRIX_SEED={seed}");
        let wrong = one_attack(&stage, &history, order, &mut rng).await;
        if !wrong.is_empty() {
            let wrong = format!("{what}: {}", wrong.join("\n  "));
            println!("NOT FOUND: {wrong}");
            done.missed.push(wrong);
        }
        *done.counts.entry(order.0).or_default() += 1;
    }
    stage.leave().await;
    done
}

/// Does it, lets it be found, and puts all back. Tells what was done and what is not as expected, if anything is not.
async fn one_attack(
    stage: &Stage,
    history: &History,
    (attack, which): (Attack, Option<usize>),
    rng: &mut StdRng,
) -> Vec<String> {
    let chain = match attack.is_on_chain() {
        true => Some(stage.keep_chain().await),
        false => None,
    };
    let registrar = stage.registrar();
    if attack.wants_memory() {
        stage.sweep(&registrar).await;
    }
    let (how, expected) = attack.carry_out(stage, history, which, rng).await;
    stage.sweep(&registrar).await;
    let found = stage.on_file().await;
    let mut wrong = compare(&found, &wanted(&history.baseline, &expected), history);
    wrong.extend(alarms_differ(stage, &registrar, &expected).await);
    wrong.extend(incidents_differ(stage, &found).await);
    wrong.extend(buttons_differ(stage, &registrar, &expected).await);
    if let Some(chain) = chain {
        stage.put_chain_back(&chain).await;
    }
    stage.put_back(NOW, &stage.tables).await;
    if !wrong.is_empty() {
        wrong.insert(0, format!("{attack:?}, {how}"));
    }
    wrong
}

/// These alarms, and no others.
async fn alarms_differ(
    stage: &Stage,
    registrar: &Registrar,
    expected: &Expected,
) -> Option<String> {
    let mut alarms = stage.alarms().await;
    let began = Instant::now();
    while !expected.alarms.is_subset(&alarms) && began.elapsed() < LONGEST_LOOK {
        stage.look(registrar).await;
        alarms = stage.alarms().await;
    }
    let wanted = &expected.alarms;
    (alarms != *wanted).then(|| format!("the alarms {alarms:?} instead of {wanted:?}"))
}

/// What is bad is in an incident, and nothing else.
async fn incidents_differ(stage: &Stage, found: &Verdicts) -> Vec<String> {
    let incidents = stage.in_incidents().await;
    let is_told = |(subject, verdict): (&Subject, VerdictKind)| {
        incidents.contains(&(*subject, verdict.to_string()))
    };
    let differ = found
        .iter()
        .filter(|(subject, (verdict, _))| is_told((subject, *verdict)) != verdict.is_bad());
    differ
        .map(|(subject, (verdict, _))| format!("{subject}, {verdict}: told of or not"))
        .collect()
}

/// The button says the same.
async fn buttons_differ(stage: &Stage, registrar: &Registrar, expected: &Expected) -> Vec<String> {
    let mut wrong = Vec::new();
    for (subject, verdict, parts) in &expected.verdicts {
        match stage.button(registrar, *subject).await {
            Some((pressed, at_fault)) if pressed == *verdict && parts.fit(&at_fault) => {}
            other => wrong.push(format!("the button for {subject}: {other:?}")),
        }
    }
    wrong
}

impl Parts {
    fn fit(&self, found: &[String]) -> bool {
        match self {
            Self::Exactly(parts) => {
                let mut parts: Vec<&String> = parts.iter().collect();
                let mut found: Vec<&String> = found.iter().collect();
                parts.sort();
                found.sort();
                parts == found
            }
            Self::Any => true,
        }
    }
}

/// What is to be found of everybody.
fn wanted(baseline: &Verdicts, expected: &Expected) -> BTreeMap<Subject, (String, Parts)> {
    let mut wanted: BTreeMap<Subject, (String, Parts)> = baseline
        .iter()
        .map(|(subject, (verdict, parts))| {
            let parts = Parts::Exactly(parts.clone());
            (*subject, (verdict.to_string(), parts))
        })
        .collect();
    for gone in &expected.gone {
        wanted.remove(gone);
    }
    for (subject, verdict, parts) in &expected.verdicts {
        wanted.insert(*subject, (verdict.to_string(), parts.clone()));
    }
    wanted
}

fn compare(
    found: &Verdicts,
    wanted: &BTreeMap<Subject, (String, Parts)>,
    history: &History,
) -> Vec<String> {
    let name = |subject: &Subject| {
        let person = history.people.iter().find(|one| one.subject() == *subject);
        format!("{subject} ({:?})", person.map(|person| person.kind))
    };
    let mut wrong = Vec::new();
    for (subject, (verdict, parts)) in wanted {
        match found.get(subject) {
            Some((kind, at_fault)) if kind.as_str() == verdict && parts.fit(at_fault) => {}
            other => wrong.push(format!(
                "{}: {other:?} instead of {verdict} {parts:?}",
                name(subject)
            )),
        }
    }
    for (subject, verdict) in found {
        if !wanted.contains_key(subject) {
            wrong.push(format!("{}: {verdict:?} instead of nothing", name(subject)));
        }
    }
    wrong
}

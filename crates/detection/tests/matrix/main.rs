//! The attack matrix: a random history over a real database and a real chain, then one random attack after the other. Each is
//! found by a pass of the sweep and by the button, with the verdict, the subject and the parts that the table in `expected`
//! states, is in an incident or an alarm, and changes what is said of nobody else. Afterwards all is put back.
//!
//! `MATRIX_ATTACKS` says how many (300 unless told), `MATRIX_SEED` repeats a run; a failure prints the seed and the attack.
#![expect(clippy::unwrap_used, reason = "a failed test may panic")]
#![expect(clippy::print_stdout, reason = "a long run tells how far it is")]

mod attack;
mod columns;
mod expected;
mod history;
mod person;
mod stage;

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZero;
use std::thread::available_parallelism;
use std::time::{Duration, Instant};

use database::operations_alarms::AlarmKind;
use database::verifications::Subject;
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
    while let Some(done) = running.next().await {
        for (kind, count) in done.unwrap() {
            *counts.entry(kind).or_default() += count;
        }
        let done: u64 = counts.values().sum();
        println!("{done} attacks found in {:.0?}", began.elapsed());
    }
    for (kind, count) in counts {
        println!("{count:6} {kind:?}");
    }
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

/// One history and the attacks on it, counted by their kinds: its share of the openings, and then at random.
async fn one_history(
    seed: u64,
    (at, among): (usize, usize),
    attacks: u64,
) -> BTreeMap<Attack, u64> {
    let mut rng = StdRng::seed_from_u64(seed.wrapping_add(at as u64));
    let stage = Stage::set(&mut rng).await;
    let history = History::make(&stage, &mut rng).await;
    let openings = Attack::openings(&stage);
    let mut openings = openings.into_iter().skip(at).step_by(among);
    let mut counts = BTreeMap::new();
    for number in 0..attacks {
        let opening = openings.next();
        let order = opening.unwrap_or_else(|| (Attack::random(&mut rng), None));
        let what = format!("attack {number} of history {at} with MATRIX_SEED={seed}");
        one_attack(&stage, &history, order, &what, &mut rng).await;
        *counts.entry(order.0).or_default() += 1;
    }
    stage.leave().await;
    counts
}

async fn one_attack(
    stage: &Stage,
    history: &History,
    (attack, which): (Attack, Option<usize>),
    name: &str,
    rng: &mut StdRng,
) {
    let chain = match attack.is_on_chain() {
        true => Some(stage.keep_chain().await),
        false => None,
    };
    let registrar = stage.registrar();
    if attack.wants_memory() {
        stage.sweep(&registrar).await;
    }
    let (how, expected) = attack.carry_out(stage, history, which, rng).await;
    let what = format!("{name}: {attack:?}, {how}");
    stage.sweep(&registrar).await;
    let wanted = wanted(&history.baseline, &expected);
    let found = stage.on_file().await;
    compare(&found, &wanted, history, &what);
    let missed = |alarms: &BTreeSet<AlarmKind>| !expected.alarms.is_subset(alarms);
    let mut alarms = stage.alarms().await;
    let began = Instant::now();
    while missed(&alarms) && began.elapsed() < LONGEST_LOOK {
        stage.look(&registrar).await;
        alarms = stage.alarms().await;
    }
    assert_eq!(alarms, expected.alarms, "the alarms of {what}");
    let incidents = stage.in_incidents().await;
    for (subject, (verdict, _)) in &found {
        let told = (*subject, verdict.to_string());
        assert_eq!(
            incidents.contains(&told),
            verdict.is_bad(),
            "an incident about {subject} after {what}"
        );
    }
    for (subject, verdict, parts) in &expected.verdicts {
        let pressed = stage.button(&registrar, *subject).await;
        let (pressed, at_fault) = pressed.unwrap_or_else(|| panic!("no button for {what}"));
        assert_eq!(pressed, *verdict, "the button after {what}");
        assert!(
            parts.fit(&at_fault),
            "the button names {at_fault:?} after {what}"
        );
    }
    if let Some(chain) = chain {
        stage.put_chain_back(&chain).await;
    }
    stage.put_back(NOW, &stage.tables).await;
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
    what: &str,
) {
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
    assert!(wrong.is_empty(), "after {what}:\n{}", wrong.join("\n"));
}

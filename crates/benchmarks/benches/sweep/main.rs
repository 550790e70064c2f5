//! A sweep over many records against a real database and chain, by CPU time of this process, beside what it can't be
//! faster than: a plain stream of the same rows, and the sum of the primitives; and beside a plain verifier that asks for each record by
//! itself. `BENCH_RECORDS` sets how many records; without it three numbers are measured, each by a process of its own. The records are
//! kept in `var/bench`.

#![expect(
    clippy::print_stdout,
    reason = "a benchmark tells its figures on the terminal"
)]
#![expect(clippy::unwrap_used, reason = "a benchmark that can't go on may panic")]

mod one_by_one;
mod primitives;

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use benchmarks::{DataSet, Spent, forget_peak, peak};
use detection::{DirectMail, Sweeper};
use notification::Mailer;

const COUNTS: [u64; 3] = [10_000, 100_000, 1_000_000];
const SETTING: &str = "BENCH_RECORDS";
/// Rounds after the first one.
const STEADY: usize = 3;
/// A set rate is tried for about so long.
const RATE_SECONDS: u32 = 20;
/// What the line with the memory begins with, for the process that compares them.
const MEMORY: &str = "memory: ";

fn main() {
    match std::env::var(SETTING) {
        Ok(count) => measure(count.parse().unwrap()),
        Err(_) => compare(&COUNTS.map(measured_apart)),
    }
}

/// Measures so many records in a process of its own, and gives the bytes that it took at most.
fn measured_apart(count: u64) -> u64 {
    println!("--- {count} records");
    let program = std::env::current_exe().unwrap();
    let child = Command::new(program)
        .env(SETTING, count.to_string())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let told = child.wait_with_output().unwrap();
    assert!(told.status.success(), "{count} records: {}", told.status);
    let told = String::from_utf8(told.stdout).unwrap();
    print!("{told}");
    let memory = told.lines().find_map(|line| line.strip_prefix(MEMORY));
    let bytes = memory.and_then(|line| line.split(' ').next());
    bytes.unwrap().parse().unwrap()
}

/// What a record more takes of memory.
fn compare(peaks: &[u64; COUNTS.len()]) {
    println!("---");
    for (counts, peaks) in COUNTS.windows(2).zip(peaks.windows(2)) {
        let more = per(peaks[1].saturating_sub(peaks[0]), counts[1] - counts[0]);
        println!(
            "from {} to {} records: {more:.1} bytes more for each",
            counts[0], counts[1]
        );
    }
}

#[tokio::main]
async fn measure(count: u64) {
    let data = DataSet::open(count).await;
    forget_peak();
    let mut sweeper = sweeper(&data, u32::MAX);
    let first = round(&mut sweeper, count).await;
    told("first round, all in full, signatures checked", count, first);
    let mut best: Option<Spent> = None;
    for _ in 0..STEADY {
        let steady = round(&mut sweeper, count).await;
        told("a round in steady state", count, steady);
        best = Some(best.map_or(steady, |best| best.less(steady)));
    }
    let steady = best.unwrap();
    let peak = peak();
    println!("{MEMORY}{peak} bytes at most ({} MiB)", peak / 1024 / 1024);
    let stream = primitives::stream(&data).await;
    told("(a) a plain stream of the same rows", count, stream);
    let parts = primitives::of_one(&data).await;
    parts.tell();
    let sum = stream.plus(parts.open, count).plus(parts.hash, count);
    told("(b) stream, unwrap and open, hash", count, sum);
    let signed = sum.plus(parts.signature, count);
    told("(b) with who signed", count, signed);
    let plain = one_by_one::all(one_by_one::of_one(&data), count);
    told("(c) one by one, in Node.js", count, plain);
    for (what, spent) in [("steady state", steady), ("first round", first)] {
        let [a, b, c] = [stream, sum, plain].map(|other| other.per(spent));
        println!("{what}: {a:.2} times the speed of (a), {b:.2} times (b), {c:.1} times (c)");
    }
    println!(
        "first round: {:.2} times (b) with who signed",
        signed.per(first)
    );
    the_rate(&data, count).await;
    data.close().await;
}

fn sweeper(data: &DataSet, rate: u32) -> Sweeper {
    let nobody = Mailer::new(
        "smtp://127.0.0.1:9?tls=none".parse().unwrap(),
        "Bench <bench@example.org>".parse().unwrap(),
    );
    Sweeper::new(data.registrar(), rate, DirectMail::new(nobody))
}

async fn round(sweeper: &mut Sweeper, count: u64) -> Spent {
    let begun = Spent::now();
    let round = sweeper.round().await.unwrap();
    assert_eq!((round.checked, round.bad), (count, 0), "the data is sound");
    begun.until_now()
}

/// A rate that is set is kept, also where everything is known.
async fn the_rate(data: &DataSet, count: u64) {
    let rate = u32::try_from(count).unwrap() / RATE_SECONDS;
    let mut sweeper = sweeper(data, rate);
    let begun = Instant::now();
    sweeper.round().await.unwrap();
    let took = begun.elapsed().as_secs_f64();
    let kept = f64::from(u32::try_from(count).unwrap()) / took;
    println!(
        "a rate of {rate} a second: {kept:.0} were made ({:+.1} %)",
        (kept / f64::from(rate) - 1.0) * 100.0
    );
}

fn told(what: &str, count: u64, spent: Spent) {
    let seconds = spent.cpu.max(Duration::from_millis(1)).as_secs_f64();
    println!(
        "{what}: {:.2?} CPU, {:.0} records per CPU second ({:.2?} by the clock)",
        spent.cpu,
        per(count, 1) / seconds,
        spent.clock,
    );
}

fn per(amount: u64, count: u64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "figures for people")]
    let (amount, count) = (amount as f64, count as f64);
    amount / count
}

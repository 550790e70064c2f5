//! A sweep over many records against a real database and chain, by CPU time of this process, beside what it can't be
//! faster than: a plain stream of the same rows, and the sum of the primitives. `BENCH_RECORDS` sets how many (10,000
//! unless told). The records are kept in `var/bench`: a second run starts at once, and tells the memory truly.

#![expect(
    clippy::print_stdout,
    reason = "a benchmark tells its figures on the terminal"
)]
#![expect(clippy::unwrap_used, reason = "a benchmark that can't go on may panic")]

mod primitives;

use std::time::{Duration, Instant};

use benchmarks::{DataSet, Spent, forget_peak, peak, resident};
use detection::{DirectMail, Sweeper};
use notification::Mailer;

/// Rounds after the first one.
const STEADY: usize = 3;
/// A set rate is tried for about so long.
const RATE_SECONDS: u32 = 8;

#[tokio::main]
async fn main() {
    let count: u64 = std::env::var("BENCH_RECORDS").map_or(10_000, |text| text.parse().unwrap());
    let data = DataSet::open(count).await;
    let before = resident();
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
    let (after, peak) = (resident(), peak());
    println!(
        "memory: {} MiB at most, {:.1} bytes more per record than before the first round",
        peak / 1024 / 1024,
        per(after.saturating_sub(before), count)
    );

    let stream = primitives::stream(&data).await;
    told("(a) a plain stream of the same rows", count, stream);
    let parts = primitives::of_one(&data).await;
    parts.tell();
    let sum = stream.plus(parts.open, count).plus(parts.hash, count);
    told("(b) stream, unwrap and open, hash", count, sum);
    println!(
        "steady state: {:.2} times the speed of (a), {:.2} times (b); first round: {:.2} times (b)",
        stream.cpu.as_secs_f64() / steady.cpu.as_secs_f64(),
        sum.cpu.as_secs_f64() / steady.cpu.as_secs_f64(),
        sum.cpu.as_secs_f64() / first.cpu.as_secs_f64(),
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
    println!(
        "{what}: {:.2?} CPU, {:.0} records per CPU second ({:.2?} by the clock)",
        spent.cpu,
        per(count, 1)
            / spent
                .cpu
                .as_secs_f64()
                .max(Duration::from_millis(1).as_secs_f64()),
        spent.clock,
    );
}

fn per(amount: u64, count: u64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "figures for people")]
    let (amount, count) = (amount as f64, count as f64);
    amount / count
}

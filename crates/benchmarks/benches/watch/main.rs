//! From a tampering's COMMIT to the moment its incident is committed, with many anchored records in the database and
//! legitimate writes beside it, on a real database and chain, by the accounts that an installation makes.
//!
//! `BENCH_RECORDS` sets how many records there are (100,000 unless told), `BENCH_WRITES` how many transactions the apps
//! commit in a second (200), `BENCH_TAMPERINGS` how many records are tampered with (400). What is written goes into a
//! copy of the records, which is thrown away.

#![expect(
    clippy::print_stdout,
    reason = "a benchmark tells its figures on the terminal"
)]
#![expect(clippy::unwrap_used, reason = "a benchmark that can't go on may panic")]

mod life;
mod person;
mod quiet;
mod tampering;

use std::time::Duration;

use benchmarks::{DataSet, Spent};
use binary_log::Server;
use database::grants::Account;
use database::{PoolSettings, connect};
use detection::Watcher;
use rand::RngExt as _;
use tokio::task::JoinHandle;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use self::life::Life;
use self::tampering::{Tampered, Tampering};

/// Legitimate writes alone, until they go as they will.
const WARM_UP: Duration = Duration::from_secs(10);
/// Between a finding and the next tampering, at most: whatever the watch does from time to time is met sooner or later.
const LONGEST_PAUSE: u64 = 500;

#[tokio::main]
async fn main() {
    let records = setting("BENCH_RECORDS", 100_000);
    let writes = setting("BENCH_WRITES", 200);
    let count = setting("BENCH_TAMPERINGS", 400);
    let data = DataSet::copy(records).await;
    // Rounds of other benchmarks would tell of a watch that was here before, and lost its place.
    let forgotten = sqlx::query("DELETE FROM sweep_rounds").execute(&data.pool);
    forgotten.await.unwrap();
    let shutdown = CancellationToken::new();
    let watch = watch(&data, shutdown.clone()).await;
    quiet::until_following(&data).await;
    let life = Life::begin(&data, writes).await;
    sleep(WARM_UP).await;

    let (begun, written) = (Spent::now(), life.written());
    let mut tampering = Tampering::new(&data).await;
    let mut found = Vec::new();
    for _ in 0..count {
        found.push(tampering.next().await);
        let pause = rand::rng().random_range(0..LONGEST_PAUSE);
        sleep(Duration::from_millis(pause)).await;
    }
    let (spent, written) = (begun.until_now(), life.written() - written);
    println!(
        "{records} anchored records; {} legitimate transactions beside it, {:.1} a second; this process took {:.0} % of a CPU",
        written,
        per_second(written, spent.clock),
        spent.cpu.as_secs_f64() / spent.clock.as_secs_f64() * 100.0,
    );
    tell(&found);
    let entered = life.end().await;
    quiet::assert_quiet(&data, &entered, tampering.touched()).await;
    shutdown.cancel();
    watch.await.unwrap();
    data.close().await;
}

fn setting(name: &str, usual: u64) -> u64 {
    std::env::var(name).map_or(usual, |text| text.parse().unwrap())
}

/// The watch as breach-viewer runs it, by its two accounts.
async fn watch(data: &DataSet, shutdown: CancellationToken) -> JoinHandle<()> {
    let viewer = data.account(Account::Viewer).await;
    let pool = connect(&viewer, &PoolSettings::default()).await.unwrap();
    let server = Server::new(&data.account(Account::Watch).await).unwrap();
    let watcher = Watcher::new(data.registrar_on(pool), Some(server));
    tokio::spawn(watcher.run(shutdown))
}

fn tell(found: &[Tampered]) {
    let mut kinds: Vec<&str> = found.iter().map(|one| one.kind).collect();
    kinds.sort_unstable();
    kinds.dedup();
    for kind in kinds {
        let of_kind = found.iter().filter(|one| one.kind == kind);
        tell_one(kind, of_kind.map(|one| one.took).collect());
    }
    tell_one(
        "tampering to incident, all",
        found.iter().map(|one| one.took).collect(),
    );
}

fn tell_one(what: &str, mut took: Vec<Duration>) {
    took.sort_unstable();
    let at = |part: usize| {
        let at = (took.len() * part).div_ceil(100);
        took[at.saturating_sub(1)].as_millis()
    };
    println!(
        "{what}: {} times, p50 {} ms, p99 {} ms, max {} ms",
        took.len(),
        at(50),
        at(99),
        at(100)
    );
}

fn per_second(count: u64, time: Duration) -> f64 {
    f64::from(u32::try_from(count).unwrap()) / time.as_secs_f64()
}

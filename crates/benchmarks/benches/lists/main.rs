//! The viewer's pages over many records, of which some thousand are spoilt: each request as a signed-in officer's browser
//! sends it, over HTTP, beside the same request over few records and beside one indexed page read from the database.
//! `BENCH_RECORDS` sets how many (10,000 unless told). The records are kept in `var/bench`.

#![expect(
    clippy::print_stdout,
    reason = "a benchmark tells its figures on the terminal"
)]
#![expect(clippy::unwrap_used, reason = "a benchmark that can't go on may panic")]

mod officer;
mod requests;

use std::time::Duration;

use benchmarks::DataSet;
use detection::{DirectMail, Sweeper};
use notification::Mailer;

use officer::Officer;

/// What everything is compared with.
const FEW: u64 = 1000;
/// One of so many records is altered, and one of ten times as many is missing.
const SPOILT: u64 = 30;

#[tokio::main]
async fn main() {
    let many: u64 = std::env::var("BENCH_RECORDS").map_or(10_000, |text| text.parse().unwrap());
    let (few_took, few_read) = measured(FEW).await;
    let (many_took, many_read) = measured(many).await;
    println!(
        "{:<44} {:>10} {:>10} {:>8} {:>8}",
        "", FEW, many, "times", "reads"
    );
    tell("one indexed page read", few_read, many_read, many_read);
    for ((name, few), (_, many)) in few_took.iter().zip(&many_took) {
        tell(name, *few, *many, many_read);
    }
}

/// Every request's time over so many records, and that of one plain read.
async fn measured(count: u64) -> (Vec<(&'static str, Duration)>, Duration) {
    let data = DataSet::open(count).await;
    data.spoil(SPOILT).await;
    let round = sweeper(&data).round().await.unwrap();
    println!("{count} records, {} of them found bad", round.bad);
    assert!(round.bad >= count / SPOILT, "they are found");
    let read = requests::plain_read(&data).await;
    let officer = Officer::sign_in(&data).await;
    let took = requests::all(&officer, count).await;
    officer.leave().await;
    data.mend().await;
    data.close().await;
    (took, read)
}

fn sweeper(data: &DataSet) -> Sweeper {
    let nobody = Mailer::new(
        "smtp://127.0.0.1:9?tls=none".parse().unwrap(),
        "Bench <bench@example.org>".parse().unwrap(),
    );
    Sweeper::new(data.registrar(), u32::MAX, DirectMail::new(nobody))
}

fn tell(name: &str, few: Duration, many: Duration, read: Duration) {
    let ratio = |to: Duration| many.as_secs_f64() / to.as_secs_f64();
    println!(
        "{name:<44} {:>10} {:>10} {:>8.2} {:>8.1}",
        format!("{few:.2?}"),
        format!("{many:.2?}"),
        ratio(few),
        ratio(read),
    );
}

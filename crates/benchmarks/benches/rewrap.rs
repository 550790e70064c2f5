//! Wrapping the keys of many owners anew under another application key, beside the same rows written without any cryptography.
//! `BENCH_RECORDS` sets how many (100,000 unless told). The records are kept in `var/bench`; a copy is written to.

#![expect(
    clippy::print_stdout,
    reason = "a benchmark tells its figures on the terminal"
)]
#![expect(clippy::unwrap_used, reason = "a benchmark that can't go on may panic")]

use benchmarks::{DataSet, Spent};
use database::rewrapping::{self, KeyTable, Place, Seen};
use keyring::KeySet;

/// So many rows are written by one transaction, as by the command.
const AT_ONCE: usize = 200;

#[tokio::main]
async fn main() {
    let count: u64 = std::env::var("BENCH_RECORDS").map_or(100_000, |text| text.parse().unwrap());
    let data = DataSet::copy(count).await;
    let plain = plain_writes(&data).await;
    told(
        "the same rows, written twice without cryptography",
        count,
        plain,
    );
    let set = KeySet::load(&data.keys_dir()).unwrap();
    let (set, _) = set.with_another_key(&mut rand::rng()).unwrap();
    let (set, _) = set.using_newest().unwrap();
    let anew = through(&data, &set).await;
    told("every owner's key wrapped anew", count, anew);
    let again = through(&data, &set).await;
    told("once more, where all is done", count, again);
    println!(
        "wrapping anew takes {:.2} times as long as writing the rows once",
        2.0 * anew.clock.as_secs_f64() / plain.clock.as_secs_f64()
    );
    data.close().await;
}

async fn through(data: &DataSet, set: &KeySet) -> Spent {
    let mut connection = data.pool.acquire().await.unwrap();
    let begun = Spent::now();
    let (mut all, mut place) = (Seen::default(), Place::start());
    loop {
        let (seen, next) = rewrapping::rewrap(
            &mut connection,
            KeyTable::InUse,
            set.application(),
            &place,
            &mut rand::rng(),
        )
        .await
        .unwrap();
        all = all.and(seen);
        match next {
            Some(next) => place = next,
            None => break,
        }
    }
    assert_eq!((all.rows, all.left, all.foreign), (data.count, 0, 0));
    begun.until_now()
}

/// Each wrapped key turned over and back: the second pass leaves what the first one found.
async fn plain_writes(data: &DataSet) -> Spent {
    let ids: Vec<Vec<u8>> = sqlx::query_scalar("SELECT key_id FROM owner_keys ORDER BY key_id")
        .fetch_all(&data.pool)
        .await
        .unwrap();
    let begun = Spent::now();
    for ids in [&ids, &ids] {
        for some in ids.chunks(AT_ONCE) {
            let mut transaction = data.pool.begin().await.unwrap();
            for id in some {
                sqlx::query("UPDATE owner_keys SET wrapped = REVERSE(wrapped) WHERE key_id = ?")
                    .bind(id)
                    .execute(&mut *transaction)
                    .await
                    .unwrap();
            }
            transaction.commit().await.unwrap();
        }
    }
    begun.until_now()
}

fn told(what: &str, count: u64, spent: Spent) {
    #[expect(clippy::cast_precision_loss, reason = "figures for people")]
    let each_second = count as f64 / spent.clock.as_secs_f64();
    println!(
        "{what}: {:.2?} by the clock ({each_second:.0} owners a second), {:.2?} CPU",
        spent.clock, spent.cpu
    );
}

//! That the watch follows, and that nothing was raised but what was tampered with.

use std::collections::BTreeSet;
use std::time::Duration;

use benchmarks::DataSet;
use database::verifications::Subject;
use record::ids::RecordId;
use sqlx::AssertSqlSafe;
use tokio::time::{Instant, sleep};

/// Nothing takes longer.
const LIMIT: Duration = Duration::from_secs(60);

/// Until a beat of the watch has come back, and the next was sent.
pub async fn until_following(data: &DataSet) {
    let beat = "SELECT CAST(COALESCE(MAX(beat), 0) AS SIGNED) FROM watch_progress";
    let before = number(data, beat).await;
    until("two beats", async || number(data, beat).await >= before + 2).await;
}

/// The watch has looked at everybody who was entered, and told of nobody but those that were tampered with.
pub async fn assert_quiet(data: &DataSet, entered: &[RecordId], touched: &BTreeSet<Subject>) {
    until("a look at all who were entered", async || {
        let looked: Vec<(Vec<u8>,)> = sqlx::query_as(
            "SELECT subject FROM verifications WHERE uid IS NULL AND verdict = 'pending'",
        )
        .fetch_all(&data.pool)
        .await
        .unwrap();
        let looked: BTreeSet<Vec<u8>> = looked.into_iter().map(|row| row.0).collect();
        entered
            .iter()
            .all(|record| looked.contains(record.as_bytes().as_slice()))
    })
    .await;
    until_following(data).await;
    let found: Vec<(Vec<u8>, String)> =
        sqlx::query_as("SELECT subject, verdict FROM incident_findings")
            .fetch_all(&data.pool)
            .await
            .unwrap();
    let is_touched = |subject: &[u8]| {
        touched
            .iter()
            .any(|one| one.as_bytes().as_slice() == subject)
    };
    for (subject, verdict) in found {
        assert!(
            is_touched(&subject),
            "{} is told {verdict}",
            hex::encode(subject)
        );
    }
    let alarms: Vec<String> = sqlx::query_scalar("SELECT kind FROM operations_alarms")
        .fetch_all(&data.pool)
        .await
        .unwrap();
    assert!(alarms.is_empty(), "{alarms:?}");
    println!(
        "{} people entered meanwhile were looked at; nothing was raised but what was tampered with, and no alarm",
        entered.len()
    );
}

/// Asks again and again.
pub async fn until(what: &str, reached: impl AsyncFn() -> bool) {
    let deadline = Instant::now() + LIMIT;
    while !reached().await {
        assert!(Instant::now() < deadline, "there is never {what}");
        sleep(Duration::from_millis(100)).await;
    }
}

async fn number(data: &DataSet, query: &str) -> i64 {
    sqlx::query_scalar(AssertSqlSafe(query.to_owned()))
        .fetch_one(&data.pool)
        .await
        .unwrap()
}

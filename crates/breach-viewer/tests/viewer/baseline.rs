//! What the tables have to be like is written down once. Who takes that away while nobody looks, to have another schema
//! taken for it, is told of.

use std::time::Duration;

use record::time::Clock;

use crate::harness::{InProcess, Stage};
use crate::watch::{alarms, until_alarm, until_following};

/// After this what was written down is counted for the next process.
const SETTLED: Duration = Duration::from_secs(10 * 60);

#[tokio::test(flavor = "multi_thread")]
async fn a_baseline_that_was_taken_away_is_missed_by_the_next_process() {
    let mut stage = Stage::with(1).await;
    let officer = stage.officer().await;
    stage.until_all_valid(&officer).await;
    until_following(&stage).await;
    let clock = Clock::fixed(Clock::system().now());
    let viewer = InProcess::start(&mut stage, clock.clone(), &[]).await;
    clock.advance(SETTLED);
    let counted = "SELECT COUNT(*) FROM row_counts WHERE name = 'schema_baselines' AND counted = 1";
    stage
        .until_number("the baseline is counted", counted, |count| count == 1)
        .await;
    assert!(!alarms(&stage).await.contains(&"rows_deleted".to_owned()));
    viewer.stop().await;
    let hidden = "SET SESSION sql_log_bin = 0; DELETE FROM schema_baselines; ALTER TABLE staff ADD extra INT NULL";
    stage.sql_script(hidden).await;
    let viewer = InProcess::start(&mut stage, clock, &[]).await;
    until_alarm(&stage, "rows_deleted", true).await;
    let officer = viewer.browser();
    stage.sign_in(&officer, "officer").await;
    assert_eq!(officer.verify(1).await, "Valid");
    stage.assert_no_breach().await;
    viewer.stop().await;
    stage.site.stop().await.unwrap();
}

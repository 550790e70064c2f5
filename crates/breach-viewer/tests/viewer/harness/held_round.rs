//! Another process of the sweep, which is at a round and gets nowhere with it.

use std::time::Duration;

use database::leases;
use database::sweep_parts::{self, Choice, SweepPart};
use database::sweep_rounds::{self, SweepRound};
use database::verifications::VerdictCounts;
use devstack::wait_until;
use keyring::KeySet;
use record::time::Clock;
use sqlx::mysql::MySqlConnection;

use super::stage::{LIMIT, Stage};

const HOLDER: [u8; 16] = [7; 16];
const LEASE: &str = "sweep";
/// Longer than any test takes; a claim of ten minutes and more would be taken for that of a clock that is off.
const HELD: Duration = Duration::from_secs(9 * 60);

impl Stage {
    /// From here on the sweep finds nothing: the round under way ends, and of the next one another process holds every part. What
    /// is found is found by others.
    pub async fn hold_sweep(&self) {
        let keys = KeySet::load(&self.site.key_dir()).unwrap();
        let keys = keys.application();
        let mut connection = self.connect().await;
        wait_until("the sweep's lease", LIMIT, || async {
            let (mut connection, now) = (self.connect().await, Clock::system().now());
            Ok(leases::acquire(&mut connection, keys, LEASE, &HOLDER, HELD, now).await?)
        })
        .await
        .unwrap();
        let ended = wait_until("the end of the round", LIMIT, || async {
            let mut connection = self.connect().await;
            let newest = sweep_rounds::newest(&mut connection, keys).await?;
            let newest = newest.into_iter().next();
            Ok(newest.filter(|round| round.finished_at.is_some()))
        });
        let next = SweepRound {
            started_at: Clock::system().now(),
            finished_at: None,
            checked: 0,
            bad: 0,
            verdicts: VerdictCounts::new(),
            ..ended.await.unwrap()
        };
        let round = sweep_rounds::start(&mut connection, keys, &next).await;
        let round = round.unwrap();
        let parts = SweepPart::all_of(&round);
        sweep_parts::put(&mut connection, keys, &round, &parts)
            .await
            .unwrap();
        for _ in &parts {
            let now = Clock::system().now();
            let times = (now, now.plus(HELD));
            let any = Choice::default();
            let part = sweep_parts::claim(&mut connection, keys, &round, &HOLDER, any, times).await;
            assert!(part.unwrap().is_some(), "a part was taken by another");
        }
        free(&mut connection).await;
    }
}

/// The lease, not the round.
async fn free(connection: &mut MySqlConnection) {
    let lease = leases::Lease {
        name: LEASE.to_owned(),
        holder: HOLDER,
        expires_at: Clock::system().now(),
    };
    leases::release(connection, &lease).await.unwrap();
}

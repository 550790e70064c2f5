//! A day on which everything fails that can fail by itself: nobody is accused of a breach, each failure has an alarm of its
//! own, and the officer hears of one that lasts. The viewer's clock is the test's.

use std::time::Duration;

use devstack::{Fault, Mail, wait_until};
use keyring::{KeyFiles, KeySet};
use record::time::Clock;
use serde_json::json;

use crate::harness::{InProcess, LIMIT, Stage};

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(60 * 60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

const CHAIN_SILENT: &str = "The chain does not answer.";
const CHAIN_ANOTHER: &str = "The endpoint serves another chain than the pinned one.";
const CHAIN_BEHIND: &str = "The chain is behind what was seen of it before.";
const CHAIN_DISAGREES: &str = "The chain's contracts tell different things.";
const DATABASE_SILENT: &str = "The database does not answer.";
const DATABASE_READ_ONLY: &str = "The database is read-only";
const KEYS_WRONG: &str = "The keys are not those that the database was written with.";

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_fails_by_itself_is_called_a_breach() {
    let mut options = Stage::options();
    (options.proxies, options.own_database, options.confirmations) = (true, true, 3);
    let mut stage = Stage::start(3, options).await;
    let officer = stage.officer().await;
    stage.until_all_valid(&officer).await;
    let clock = Clock::fixed(Clock::system().now());
    let start = clock.now();
    let viewer = InProcess::start(&mut stage, clock, &[]).await;
    let mut day = Day { stage, viewer };
    day.until_calm().await;

    day.chain_fails().await;
    day.database_fails().await;
    day.keys_are_wrong().await;
    let passed = day.viewer.clock.now().since(start);
    day.viewer.clock.advance(DAY.saturating_sub(passed));
    day.until_calm().await;

    let officer = day.viewer.browser();
    day.stage.sign_in(&officer, "officer").await;
    day.stage.until_all_valid(&officer).await;
    day.stage.assert_no_breach().await;
    day.stage.assert_breach_is_found(&officer, 2).await;
    day.viewer.stop().await;
    day.stage.site.stop().await.unwrap();
}

struct Day {
    stage: Stage,
    viewer: InProcess,
}

impl Day {
    async fn chain_fails(&self) {
        let proxy = self.stage.site.viewer_proxy.as_ref().unwrap();
        let early = self.stage.site.chain.block_number().await.unwrap();
        let other_chain = || proxy.fault("eth_chainId", Fault::Answer(json!("0x1")));
        let nothing = || proxy.fault("eth_call", Fault::Answer(json!("0x")));
        let gone = || proxy.fault("eth_getBlockByNumber", Fault::Answer(json!(null)));
        let slow = || proxy.slow(Duration::from_secs(11));
        let heal = || proxy.heal_all();
        self.lasts(CHAIN_SILENT, || proxy.cut_all(), heal).await;
        self.lasts(CHAIN_DISAGREES, || proxy.babble(), heal).await;
        self.lasts(CHAIN_ANOTHER, other_chain, heal).await;
        self.lasts(CHAIN_ANOTHER, nothing, heal).await;
        self.lasts(CHAIN_DISAGREES, gone, heal).await;
        self.lasts(CHAIN_BEHIND, || proxy.end_at(early), heal).await;
        self.lasts(CHAIN_SILENT, slow, heal).await;
        // Above the depth at which blocks count, the chain may change its mind.
        let chain = &self.stage.site.chain;
        chain.rpc("anvil_reorg", json!([2, []])).await.unwrap();
        self.viewer.clock.advance(HOUR);
        self.until_calm().await;
    }

    async fn database_fails(&self) {
        let proxy = &self.viewer.database;
        let heal = || proxy.heal();
        self.lasts(DATABASE_SILENT, || proxy.cut(), heal).await;
        self.lasts(DATABASE_SILENT, || proxy.hang(), heal).await;
        self.stage.sql_schema("SET GLOBAL read_only = 1").await;
        self.lasts_by_itself(DATABASE_READ_ONLY).await;
        self.stage.sql_schema("SET GLOBAL read_only = 0").await;
        self.until_calm().await;
        // In the midst of rounds, and back before anybody would call it an outage.
        for _ in 0..5 {
            proxy.cut();
            tokio::time::sleep(Duration::from_millis(200)).await;
            proxy.heal();
            tokio::time::sleep(Duration::from_millis(300)).await;
        }
        self.viewer.clock.advance(HOUR);
        self.until_calm().await;
    }

    async fn keys_are_wrong(&mut self) {
        let directory = self.stage.site.dir().join("other-keys");
        let other = KeySet::generate(&mut rand::rng());
        other.save(&directory, &mut rand::rng()).unwrap();
        let files = KeyFiles::within(&directory);
        let keys = [
            ("MASTER_KEY_FILE", files.master.display().to_string()),
            (
                "APPLICATION_KEYS_FILE",
                files.application.display().to_string(),
            ),
        ];
        self.restart(&keys).await;
        self.lasts_by_itself(KEYS_WRONG).await;
        self.restart(&[]).await;
        self.until_calm().await;
    }

    async fn restart(&mut self, changed: &[(&str, String)]) {
        let clock = self.viewer.clock.clone();
        let next = InProcess::start(&mut self.stage, clock, changed).await;
        std::mem::replace(&mut self.viewer, next).stop().await;
    }

    /// Something fails for most of an hour, and works again.
    async fn lasts(&self, alarm: &str, fail: impl Fn(), heal: impl Fn()) {
        fail();
        self.lasts_by_itself(alarm).await;
        heal();
        self.viewer.clock.advance(20 * MINUTE);
        self.until_calm().await;
    }

    /// It is shown to everybody, the officer hears of it once it has lasted, and there is no incident.
    async fn lasts_by_itself(&self, alarm: &str) {
        let before = self.mails_about(alarm).await;
        self.until_banner(|banner| banner.contains(&escaped(alarm)))
            .await;
        let is_told = wait_until(alarm, LIMIT, || async {
            self.viewer.clock.advance(MINUTE);
            Ok((self.mails_about(alarm).await > before).then_some(()))
        });
        is_told.await.unwrap();
        self.stage.assert_no_breach().await;
    }

    async fn until_calm(&self) {
        self.until_banner(str::is_empty).await;
        self.stage.assert_no_breach().await;
    }

    async fn until_banner(&self, wanted: impl Fn(&str) -> bool) {
        let stranger = self.viewer.browser();
        let path = "/sign-in";
        self.stage
            .until(&stranger, path, |page| wanted(&page.banner()))
            .await;
    }

    async fn mails_about(&self, alarm: &str) -> usize {
        let mails = self.stage.officer_mails().await;
        let about = |mail: &&Mail| mail.text.replace(['\r', '\n'], " ").contains(alarm);
        mails.iter().filter(about).count()
    }
}

fn escaped(text: &str) -> String {
    text.replace('\'', "&#39;")
}

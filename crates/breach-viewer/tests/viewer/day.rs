//! A day on which everything fails that can fail by itself: nobody is accused of a breach, each failure has an alarm of its
//! own, and the officer hears of one that lasts. The viewer's clock is the test's.

use std::time::Duration;

use devstack::{Fault, Mail, wait_until};
use keyring::{KeyFiles, KeySet};
use record::time::Clock;
use serde_json::json;
use sqlx::Connection;
use sqlx::mysql::MySqlConnection;

use crate::harness::{Answer, Browser, InProcess, LIMIT, Rectification, Stage};

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(60 * 60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

const CHAIN_SILENT: &str = "The chain does not answer.";
const CHAIN_ANOTHER: &str = "The endpoint serves another chain than the pinned one.";
const CHAIN_BEHIND: &str = "The chain is behind what was seen of it before.";
const CHAIN_DISAGREES: &str = "The chain's contracts tell different things.";
const DATABASE_SILENT: &str = "The database does not answer.";
const DATABASE_READ_ONLY: &str = "The database is read-only";
const CLOCK_OFF: &str =
    "Our clock and the time of the chain's newest block are more than five minutes apart";
const KEYS_WRONG: &str = "The keys are not those that the database was written with";

const SESSIONS_TOLD: &str = "had the server do something first in each session";

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_fails_by_itself_is_called_a_breach() {
    let mut options = Stage::options();
    (options.proxies, options.own_database, options.confirmations) = (true, true, 3);
    let mut stage = Stage::start(3, options).await;
    let officer = stage.officer().await;
    stage.until_all_valid(&officer).await;
    let clock = Clock::adjustable();
    let start = clock.now();
    let viewer = InProcess::start(&mut stage, clock, &[]).await;
    let mut day = Day { stage, viewer };
    day.until_calm().await;

    day.chain_fails().await;
    day.database_fails().await;
    day.keys_are_wrong().await;
    day.clocks_are_off().await;
    day.a_record_is_rectified().await;
    let passed = day.viewer.clock.now().since(start);
    day.pass(DAY.saturating_sub(passed)).await;
    day.until_calm().await;

    let officer = day.viewer.browser();
    day.stage.sign_in(&officer, "officer").await;
    day.stage.until_all_valid(&officer).await;
    day.stage.assert_no_breach().await;
    // A clock that was put back hides nothing, and tells nothing twice.
    day.viewer.clock.turn_back(HOUR);
    day.until_alarm(CLOCK_OFF).await;
    day.stage.assert_breach_is_found(&officer, 2).await;
    day.whole_rounds().await;
    assert_eq!(day.stage.number("SELECT COUNT(*) FROM incidents").await, 1);
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
        // Above the depth at which blocks count, the chain may change its mind. With a block anvil takes back the time that had
        // passed before it: what passed until here stays.
        let chain = &self.stage.site.chain;
        chain.mine(3).await.unwrap();
        chain.reorganise(2).await.unwrap();
        self.pass(HOUR).await;
        self.until_calm().await;
    }

    async fn database_fails(&self) {
        let proxy = &self.viewer.database;
        let heal = || proxy.heal();
        self.lasts(DATABASE_SILENT, || proxy.cut(), heal).await;
        self.lasts(DATABASE_SILENT, || proxy.hang(), heal).await;
        let officer = self.viewer.browser();
        self.stage.sign_in(&officer, "officer").await;
        self.stage.sql_schema("SET GLOBAL read_only = 1").await;
        self.until_alarm(DATABASE_READ_ONLY).await;
        self.pass(2 * MINUTE).await;
        self.nobody_is_shut_out(&officer).await;
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
        self.pass(HOUR).await;
        self.until_calm().await;
    }

    /// Minutes after they were seen last, although that can't be noted; and all that is said agrees.
    async fn nobody_is_shut_out(&self, officer: &Browser) {
        let start = officer.get("/").await;
        assert_eq!(start.status, 200);
        assert!(
            start
                .banner()
                .contains("Nothing can be verified right now.")
        );
        assert!(start.says("Valid before"), "the map is of before");
        let records = officer.get("/records").await;
        assert_eq!(records.status, 200);
        assert!(records.line(1).contains("Unverifiable"));
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

    async fn clocks_are_off(&self) {
        let clock = &self.viewer.clock;
        // When it is right again it goes backwards while the viewer runs.
        self.lasts(CLOCK_OFF, || clock.advance(HOUR), || clock.turn_back(HOUR))
            .await;
        self.lasts(CLOCK_OFF, || clock.turn_back(HOUR), || clock.advance(HOUR))
            .await;
        // The chain's is ahead, until ours has caught up.
        let chain = &self.stage.site.chain;
        self.chain_passes(HOUR).await;
        self.lasts_by_itself(CLOCK_OFF).await;
        clock.advance(HOUR);
        self.until_calm().await;
        // The node gets no blocks any more.
        chain.pause_mining().await.unwrap();
        self.pass(6 * MINUTE).await;
        self.lasts_by_itself(CLOCK_OFF).await;
        chain.resume_mining().await.unwrap();
        self.until_calm().await;
        self.database_clock_is_off().await;
    }

    /// Nothing of ours goes by that clock: the one alarm is about how it was put off, by what each session is told first.
    async fn database_clock_is_off(&self) {
        const LONG_AGO: i64 = 1_700_000_000;
        let stage = &self.stage;
        let stands = format!("SET GLOBAL init_connect = 'SET timestamp = {LONG_AGO}'");
        stage.sql_schema(&stands).await;
        self.reconnect().await;
        let address = stage.site.address_dir().join("breach-viewer.DATABASE_URL");
        let address = std::fs::read_to_string(address).unwrap();
        let mut as_viewer = MySqlConnection::connect(address.trim()).await.unwrap();
        let told: i64 = sqlx::query_scalar("SELECT CAST(UNIX_TIMESTAMP() AS SIGNED)")
            .fetch_one(&mut as_viewer)
            .await
            .unwrap();
        assert_eq!(told, LONG_AGO, "the server's clock is not off");
        self.pass(HOUR).await;
        self.until_alarm(SESSIONS_TOLD).await;
        self.whole_rounds().await;
        self.assert_all_valid().await;
        stage.sql_schema("SET GLOBAL init_connect = ''").await;
        self.reconnect().await;
        self.until_calm().await;
    }

    /// Every connection of the viewer to the database comes anew.
    async fn reconnect(&self) {
        self.viewer.database.cut();
        self.until_alarm(DATABASE_SILENT).await;
        self.viewer.database.heal();
        self.until_page(|page| page.status == 200 && !page.banner().contains(DATABASE_SILENT))
            .await;
    }

    /// A second version is drafted, signed, approved, planned, sent, mined and final: in none of these states is anything wrong.
    async fn a_record_is_rectified(&self) {
        let (stage, chain) = (&self.stage, &self.stage.site.chain);
        let second = Rectification::of(stage, &stage.people[0]);
        let now = || self.viewer.clock.now();
        second.draft(now()).await;
        self.assert_in_order().await;
        second.sign(now()).await;
        self.assert_in_order().await;

        let to_chain = stage.site.entry_proxy.as_ref().unwrap();
        to_chain.fault("eth_sendRawTransaction", Fault::Hold);
        stage
            .clerk
            .approve(&[&stage.people[0].record])
            .await
            .unwrap();
        self.until_job(&second, "planned").await;
        chain.pause_mining().await.unwrap();
        to_chain.heal("eth_sendRawTransaction");
        self.until_job(&second, "sent").await;
        chain.mine(1).await.unwrap();
        self.until_job(&second, "mined").await;
        chain.resume_mining().await.unwrap();
        self.until_job(&second, "anchored").await;
        self.pass(HOUR).await;
        self.until_calm().await;
        let versions = "SELECT COUNT(*) FROM record_versions WHERE anchor IS NOT NULL";
        assert_eq!(
            stage.number(versions).await,
            4,
            "three records, one of them twice"
        );
    }

    async fn until_job(&self, second: &Rectification<'_>, state: &str) {
        let reached = wait_until(state, LIMIT, || async {
            Ok((second.job().await == state).then_some(()))
        });
        reached.await.unwrap();
        self.assert_in_order().await;
    }

    /// By whole rounds and by the button, nothing is wrong with anybody.
    async fn assert_in_order(&self) {
        self.whole_rounds().await;
        // That a transaction is held up for long is entry-app's to tell.
        let alarms = "SELECT COUNT(*) FROM operations_alarms WHERE kind <> 'anchoring_stuck'";
        assert_eq!(self.stage.number(alarms).await, 0);
        self.assert_all_valid().await;
    }

    async fn assert_all_valid(&self) {
        self.stage.assert_no_breach().await;
        let officer = self.viewer.browser();
        self.stage.sign_in(&officer, "officer").await;
        for uid in 1..=self.stage.people.len() {
            assert_eq!(officer.verify(uid).await, "Valid", "record {uid}");
        }
    }

    /// Until a round has ended that began after this.
    async fn whole_rounds(&self) {
        let ended = "SELECT CAST(COALESCE(MAX(id), 0) AS SIGNED) FROM sweep_rounds WHERE finished_at IS NOT NULL AND problem IS NULL";
        let before = self.stage.number(ended).await;
        self.stage
            .until_number("whole rounds", ended, |now| now >= before + 2)
            .await;
    }

    /// Time passes, for the viewer and for the chain.
    async fn pass(&self, time: Duration) {
        self.chain_passes(time).await;
        self.viewer.clock.advance(time);
    }

    async fn chain_passes(&self, time: Duration) {
        let chain = &self.stage.site.chain;
        let seconds = json!([time.as_secs()]);
        chain.rpc("evm_increaseTime", seconds).await.unwrap();
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
        self.pass(20 * MINUTE).await;
        self.until_calm().await;
    }

    /// It is shown, the officer hears of it once it has lasted, and there is no incident.
    async fn lasts_by_itself(&self, alarm: &str) {
        let before = self.mails_about(alarm).await;
        self.until_alarm(alarm).await;
        let is_told = wait_until(alarm, LIMIT, || async {
            self.pass(MINUTE).await;
            Ok((self.mails_about(alarm).await > before).then_some(()))
        });
        is_told.await.unwrap();
        self.stage.assert_no_breach().await;
    }

    async fn until_alarm(&self, alarm: &str) {
        self.until_page(|page| page.banner().contains(&escaped(alarm)))
            .await;
    }

    async fn until_calm(&self) {
        self.until_page(|page| page.status == 200 && page.banner().is_empty())
            .await;
        self.stage.assert_no_breach().await;
    }

    /// As the officer sees it, signed in where that can be: what keeps everybody out is told before.
    async fn until_page(&self, wanted: impl Fn(&Answer) -> bool) {
        let officer = self.viewer.browser();
        let seen = wait_until("the banner", LIMIT, || async {
            let page = officer.get("/records").await;
            if !wanted(&page) && page.status == 401 {
                self.stage.sign_in(&officer, "officer").await;
            }
            anyhow::ensure!(wanted(&page), "{}: {}", page.status, page.banner());
            Ok(Some(()))
        });
        seen.await.unwrap();
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

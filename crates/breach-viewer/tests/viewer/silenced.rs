//! Somebody with the database's password who wants nobody to hear of an alarm: takes it out of its table, makes it seem one
//! that was told long ago. The viewer's clock is the test's.

use std::time::Duration;

use devstack::{Mail, wait_until};
use record::time::Clock;
use serde_json::json;
use sqlx::{Connection, MySqlConnection};

use crate::harness::{Answer, InProcess, LIMIT, Stage};

const MINUTE: Duration = Duration::from_secs(60);
const CHAIN_SILENT: &str = "The chain does not answer.";
const MAIL_HELD_BACK: &str = "Mail that is due has not been sent for minutes.";

#[tokio::test(flavor = "multi_thread")]
async fn who_takes_alarms_away_silences_nobody() {
    let mut options = Stage::options();
    options.own_inbox = true;
    options.proxies = true;
    let mut stage = Stage::start(2, options).await;
    let officer = stage.officer().await;
    stage.until_all_valid(&officer).await;
    let clock = Clock::fixed(Clock::system().now());
    let viewer = InProcess::start(&mut stage, clock, &[]).await;
    let silenced = Silenced { stage, viewer };
    silenced.until_calm().await;
    silenced.one_that_is_taken_out_again_and_again().await;
    silenced.one_that_seems_to_be_told().await;
    let mut silenced = silenced.with_another_viewer().await;
    silenced.mail_that_is_held_back().await;
    let officer = silenced.viewer.browser();
    silenced.stage.sign_in(&officer, "officer").await;
    silenced.stage.until_all_valid(&officer).await;
    silenced.viewer.stop().await;
    silenced.stage.site.stop().await.unwrap();
}

struct Silenced {
    stage: Stage,
    viewer: InProcess,
}

impl Silenced {
    async fn one_that_is_taken_out_again_and_again(&self) {
        self.stage
            .sql_schema("CREATE TABLE kept AS SELECT * FROM operations_alarms WHERE FALSE")
            .await;
        let proxy = self.stage.site.viewer_proxy.as_ref().unwrap();
        proxy.cut_all();
        let takes_away = async {
            loop {
                self.stage
                    .sql_script(
                        "INSERT INTO kept SELECT * FROM operations_alarms; DELETE FROM operations_alarms",
                    )
                    .await;
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::select! {
            () = takes_away => {}
            () = self.until_told(1) => {}
        }
        proxy.heal_all();
        self.until_calm().await;
    }

    /// It carries the time of the one before, of which there is a mail.
    async fn one_that_seems_to_be_told(&self) {
        let proxy = self.stage.site.viewer_proxy.as_ref().unwrap();
        proxy.cut_all();
        let kept = "SELECT COUNT(*) FROM operations_alarms WHERE kind = 'chain_unreachable'";
        self.stage
            .until_number("the alarm", kept, |count| count == 1)
            .await;
        self.stage
            .sql("UPDATE operations_alarms SET since = (SELECT MIN(since) FROM kept) WHERE kind = 'chain_unreachable'")
            .await;
        self.until_told(2).await;
        proxy.heal_all();
        self.until_calm().await;
        self.stage.sql_schema("DROP TABLE kept").await;
    }

    /// One that has told of nothing yet: with the minutes that went by, mails may have seemed late to this one.
    async fn with_another_viewer(mut self) -> Self {
        let clock = self.viewer.clock.clone();
        self.viewer.stop().await;
        self.viewer = InProcess::start(&mut self.stage, clock, &[]).await;
        self.until_calm().await;
        self
    }

    /// Who keeps the rows of mails locked lets none be sent. The mail server is away until the row is locked: else the mail
    /// may be gone by then.
    async fn mail_that_is_held_back(&mut self) {
        self.stage.assert_no_breach().await;
        let before = self.told(MAIL_HELD_BACK).await;
        let mut connection = self.stage.connect().await;
        sqlx::raw_sql("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED; BEGIN")
            .execute(&mut connection)
            .await
            .unwrap();
        self.stage.site.inbox.stop().await.unwrap();
        self.stage.alter_email(1).await;
        let tried = "SELECT COUNT(*) FROM outbox
                     WHERE kind = 'breach_found' AND state = 'waiting' AND problem IS NOT NULL";
        self.stage
            .until_number("the mail was tried", tried, |count| count == 1)
            .await;
        assert_ne!(lock_mails(&mut connection).await, 0);
        self.stage.site.inbox.resume().await.unwrap();
        let holds = async {
            loop {
                lock_mails(&mut connection).await;
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        let told = async {
            let is_told = wait_until("mail past the outbox", LIMIT, || async {
                self.pass_a_minute().await;
                Ok((self.told(MAIL_HELD_BACK).await > before).then_some(()))
            });
            is_told.await.unwrap();
        };
        tokio::select! {
            () = holds => {}
            () = told => {}
        }
        self.until_page(|page| page.banner().contains(MAIL_HELD_BACK))
            .await;
        let breach = "SELECT COUNT(*) FROM outbox WHERE kind = 'breach_found' AND state = 'sent'";
        assert_eq!(self.stage.number(breach).await, 0);
        connection.close().await.unwrap();
        assert_eq!(self.stage.breach_mails_once_there().await.len(), 1);
        self.stage.alter_email(1).await;
        self.until_calm().await;
        assert_eq!(self.told(MAIL_HELD_BACK).await, before + 1, "once");
    }

    /// Each time only once.
    async fn until_told(&self, times: usize) {
        let is_told = wait_until("told", LIMIT, || async {
            self.pass_a_minute().await;
            Ok((self.told(CHAIN_SILENT).await >= times).then_some(()))
        });
        is_told.await.unwrap();
        assert_eq!(self.told(CHAIN_SILENT).await, times);
    }

    /// For the viewer and for the chain.
    async fn pass_a_minute(&self) {
        let chain = &self.stage.site.chain;
        let seconds = json!([MINUTE.as_secs()]);
        chain.rpc("evm_increaseTime", seconds).await.unwrap();
        self.viewer.clock.advance(MINUTE);
    }

    async fn told(&self, alarm: &str) -> usize {
        let mails = self.stage.officer_mails().await;
        let about = |mail: &&Mail| mail.text.replace(['\r', '\n'], " ").contains(alarm);
        mails.iter().filter(about).count()
    }

    async fn until_calm(&self) {
        self.until_page(|page| page.banner().is_empty()).await;
    }

    async fn until_page(&self, wanted: impl Fn(&Answer) -> bool) {
        let officer = self.viewer.browser();
        let answer = self.stage.sign_in(&officer, "officer").await;
        assert_eq!(answer.status, 303, "{}", answer.body);
        self.stage.until(&officer, "/records", wanted).await;
    }
}

/// Those that wait.
async fn lock_mails(connection: &mut MySqlConnection) -> usize {
    let locked = sqlx::query("SELECT id FROM outbox WHERE state = 'waiting' FOR UPDATE")
        .fetch_all(connection)
        .await;
    locked.unwrap().len()
}

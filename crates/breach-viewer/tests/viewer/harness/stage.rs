use std::path::Path;
use std::time::Duration;

use database::staff::{self, NewStaff, Staff};
use demo::doors::Clerk;
use devstack::{App, Mail, Site, SiteOptions, wait_until};
use keyring::{KeyFiles, KeySet};
use record::ids::StaffId;
use record::time::Clock;
use sqlx::mysql::MySqlConnection;
use sqlx::{AssertSqlSafe, Connection};

use super::browser::{Answer, Browser};
use super::people::{Enrolled, clerk, enrol};

/// No test waits longer for anything.
pub const LIMIT: Duration = Duration::from_secs(60);
pub const PASSWORD: &str = "quiet river stone";
/// Of [`PASSWORD`], at the least cost that argon2 allows: a sign-in computes what the stored hash tells it to.
const PASSWORD_HASH: &str =
    "$argon2id$v=19$m=8,t=1,p=1$cXVpZXQgcml2ZXIgc2FsdA$TqqlSev7+35a7oU4Tcx9D7lg0g6zMA3vl0rCTChE4NQ";
const OFFICER_EMAIL: &str = "officer@nordhaven.example";

/// The whole product at work, and the people in it.
pub struct Stage {
    pub site: Site,
    pub people: Vec<Enrolled>,
    pub clerk: Clerk,
}

impl Stage {
    /// With so many people whose records are anchored.
    pub async fn with(people: usize) -> Self {
        Self::start(people, Self::options()).await
    }

    /// Blocks are final at once, so that less has to be waited for.
    pub fn options() -> SiteOptions {
        SiteOptions {
            confirmations: 0,
            ..SiteOptions::default()
        }
    }

    pub async fn start(people: usize, options: SiteOptions) -> Self {
        let site = Site::start(&options).await.unwrap();
        let clerk = clerk(&site).await;
        let people = match people {
            0 => Vec::new(),
            count => enrol(&site, &clerk, count).await,
        };
        Self {
            site,
            people,
            clerk,
        }
    }

    /// A browser in which nobody is signed in.
    pub fn browser(&self) -> Browser {
        Browser::at(self.site.viewer.url())
    }

    /// A browser in which an officer is signed in.
    pub async fn officer(&self) -> Browser {
        self.signed_in("data_protection_officer", "officer").await
    }

    pub async fn signed_in(&self, role: &str, login: &str) -> Browser {
        add_staff(&self.site, role, login).await;
        let browser = self.browser();
        let answer = self.sign_in(&browser, login).await;
        assert_eq!(answer.status, 303, "{}", answer.body);
        browser
    }

    /// An officer signed in at another process of breach-viewer.
    pub async fn signed_in_at(&self, viewer: &App, login: &str) -> Browser {
        add_staff(&self.site, "data_protection_officer", login).await;
        let browser = Browser::at(viewer.url());
        let answer = self.sign_in(&browser, login).await;
        assert_eq!(answer.status, 303, "{}", answer.body);
        browser
    }

    /// Notes at the desk that its owner wants the use of this record restricted; gives the desk's browser and the request's address.
    pub async fn restrict(&self, uid: usize) -> (Browser, String) {
        let desk = Browser::at(self.site.entry.url());
        assert_eq!(self.sign_in(&desk, "desk").await.status, 303);
        let record = format!("/records/{}", self.people[uid - 1].record);
        let typed = [
            ("ground", "accuracy"),
            ("note", "I never lived there."),
            ("way", "by_letter"),
            ("identity", "document"),
        ];
        let noted = desk.post(&format!("{record}/restrict"), &typed).await;
        assert_eq!(noted.status, 303, "{}", noted.body);
        let card = desk.get(&record).await.section("restriction");
        let (_, address) = card.split_once("<p><a href=\"").unwrap();
        let address = address.split('"').next().unwrap().to_owned();
        (desk, address)
    }

    pub async fn sign_in(&self, browser: &Browser, login: &str) -> Answer {
        let form = [("login", login), ("password", PASSWORD)];
        browser.post("/sign-in", &form).await
    }

    /// Starts breach-viewer again with some settings changed, and waits until it is ready.
    pub async fn restart_viewer(&mut self, settings: &[(&str, &str)]) {
        let viewer = &mut self.site.viewer;
        viewer.stop().await.unwrap();
        for (name, value) in settings {
            viewer.set_env(name, value);
        }
        viewer.resume().await.unwrap();
    }

    /// The keys that breach-viewer gets when it starts next.
    pub fn use_keys(&mut self, directory: &Path) {
        let files = KeyFiles::within(directory);
        let viewer = &mut self.site.viewer;
        viewer.set_env("MASTER_KEY_FILE", files.master);
        viewer.set_env("APPLICATION_KEYS_FILE", files.application);
    }

    /// What an intruder with the database's password does.
    pub async fn sql(&self, statement: &str) {
        let mut connection = self.connect().await;
        let done = sqlx::query(AssertSqlSafe(statement.to_owned()))
            .execute(&mut connection)
            .await
            .unwrap();
        assert!(done.rows_affected() > 0, "{statement} changed nothing");
        connection.close().await.unwrap();
    }

    /// What an intruder locks, for as long as this connection is open.
    pub async fn holding(&self, query: &str) -> MySqlConnection {
        let mut connection = self.connect().await;
        let script =
            format!("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ; BEGIN; {query}");
        sqlx::raw_sql(AssertSqlSafe(script))
            .fetch_all(&mut connection)
            .await
            .unwrap();
        connection
    }

    /// Changes the schema. MySQL does not prepare each statement that does.
    pub async fn sql_schema(&self, statement: &str) {
        let mut connection = self.connect().await;
        let statement = sqlx::raw_sql(AssertSqlSafe(statement.to_owned()));
        statement.execute(&mut connection).await.unwrap();
    }

    /// Several statements over one connection.
    pub async fn sql_script(&self, statements: &str) {
        let mut connection = self.connect().await;
        let script = sqlx::raw_sql(AssertSqlSafe(statements.to_owned()));
        script.execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
    }

    /// The same where it may collide with what others do, and be refused.
    pub async fn may_fail(&self, statements: &str) {
        let mut connection = self.connect().await;
        let script = sqlx::raw_sql(AssertSqlSafe(statements.to_owned()));
        script.execute(&mut connection).await.ok();
        connection.close().await.ok();
    }

    /// Which of the two servers it is.
    pub async fn is_mariadb(&self) -> bool {
        self.number("SELECT VERSION() LIKE '%MariaDB%'").await == 1
    }

    /// All that breach-viewer has written into its log.
    pub fn viewer_log(&self) -> String {
        std::fs::read_to_string(self.site.dir().join("logs/breach-viewer.log")).unwrap()
    }

    /// The newest file of the server's binary log.
    pub async fn newest_log(&self) -> String {
        let mut connection = self.connect().await;
        let files: Vec<(String, u64)> = sqlx::query_as("SHOW BINARY LOGS")
            .fetch_all(&mut connection)
            .await
            .unwrap();
        files.last().unwrap().0.clone()
    }

    /// Removes all older files of the log, as soon as the server can do without them.
    pub async fn until_purged_to(&self, newest: &str) {
        let purged = wait_until("purged", LIMIT, || async {
            let purge = format!("PURGE BINARY LOGS TO '{newest}'");
            self.sql_schema(&purge).await;
            let mut connection = self.connect().await;
            let files: Vec<(String, u64)> = sqlx::query_as("SHOW BINARY LOGS")
                .fetch_all(&mut connection)
                .await?;
            Ok((files.len() == 1).then_some(()))
        });
        purged.await.unwrap();
    }

    /// The answer to a query for a number.
    pub async fn number(&self, query: &str) -> i64 {
        let mut connection = self.connect().await;
        let number = sqlx::query_scalar(AssertSqlSafe(query.to_owned()))
            .fetch_one(&mut connection)
            .await
            .unwrap();
        connection.close().await.unwrap();
        number
    }

    /// Asks again and again until the number is as wanted.
    pub async fn until_number(&self, what: &str, query: &str, wanted: impl Fn(i64) -> bool) {
        let reached = wait_until(what, LIMIT, || async {
            Ok(wanted(self.number(query).await).then_some(()))
        });
        if let Err(error) = reached.await {
            panic!("{error:#}; {}", self.site.viewer.last_words());
        }
    }

    /// The main database, as its administrator sees it.
    pub async fn connect(&self) -> MySqlConnection {
        connect(&self.site).await
    }

    /// Looks again and again until a page is as wanted.
    pub async fn until(
        &self,
        browser: &Browser,
        path: &str,
        wanted: impl Fn(&Answer) -> bool,
    ) -> Answer {
        wait_until(path, LIMIT, || async {
            let answer = browser.get(path).await;
            anyhow::ensure!(wanted(&answer), "{}", answer.body);
            Ok(Some(answer))
        })
        .await
        .unwrap()
    }

    /// Until the sweep has said of every record that it is valid, and nothing hinders it.
    pub async fn until_all_valid(&self, browser: &Browser) {
        let count = self.people.len();
        let all_valid = |grid: &Answer| {
            let badges = grid.badges();
            grid.banner().is_empty()
                && badges.len() == count
                && badges.iter().all(|badge| badge == "Valid")
        };
        self.until(browser, "/records", all_valid).await;
        for uid in 1..=count {
            assert_eq!(browser.verify(uid).await, "Valid", "record {uid}");
        }
    }

    /// Nothing that happened so far was taken for a breach.
    pub async fn assert_no_breach(&self) {
        assert_eq!(self.number("SELECT COUNT(*) FROM incidents").await, 0);
        let mails = "SELECT COUNT(*) FROM outbox WHERE kind = 'breach_found'";
        assert_eq!(self.number(mails).await, 0);
        let mails = self.breach_mails().await;
        assert!(mails.is_empty(), "{:?}", mails[0].text);
    }

    /// Alters one record: it is found, told once, and the neighbours stay valid.
    pub async fn assert_breach_is_found(&self, browser: &Browser, uid: u64) {
        self.alter_email(uid).await;
        let altered = |grid: &Answer| grid.line(uid).contains("Altered");
        let grid = self
            .until(browser, "/records?verdict=altered", altered)
            .await;
        assert_eq!(grid.badges(), ["Altered"], "its neighbours are untouched");
        assert_eq!(self.number("SELECT COUNT(*) FROM incidents").await, 1);
        let told = |mail: &Mail| is_breach(mail) && mail.text.contains(&format!("UIDs: {uid}"));
        self.site.inbox.wait_for(LIMIT, told).await.unwrap();
        assert_eq!(self.breach_mails().await.len(), 1);
    }

    /// Changes a sealed e-mail address.
    pub async fn alter_email(&self, uid: u64) {
        self.sql(&format!(
            "UPDATE record_versions SET email = REVERSE(email) \
             WHERE record_id = (SELECT id FROM records WHERE uid = {uid})"
        ))
        .await;
    }

    /// All sealed cells of a record's values, as one text.
    pub async fn cells_of(&self, uid: u64) -> String {
        let mut connection = self.connect().await;
        sqlx::query_scalar(
            "SELECT HEX(CONCAT_WS('|', name, email, phone, age, address, wallet, relation, anchor, COALESCE(wallet_order, ''))) FROM record_versions \
             WHERE record_id = (SELECT id FROM records WHERE uid = ?)",
        )
        .bind(uid)
        .fetch_one(&mut connection)
        .await
        .unwrap()
    }

    /// The same of each of its versions, the oldest first.
    pub async fn versions_of(&self, uid: u64) -> Vec<String> {
        let mut connection = self.connect().await;
        sqlx::query_scalar(
            "SELECT HEX(CONCAT_WS('|', name, email, phone, age, address, wallet, relation, anchor, COALESCE(wallet_order, ''))) FROM record_versions \
             WHERE record_id = (SELECT id FROM records WHERE uid = ?) ORDER BY version",
        )
        .bind(uid)
        .fetch_all(&mut connection)
        .await
        .unwrap()
    }

    /// The mails about incidents, of which there is at least one by now or soon.
    pub async fn until_breach_mail(&self, wanted: impl Fn(&Mail) -> bool) -> Mail {
        let breach = |mail: &Mail| is_breach(mail) && wanted(mail);
        self.site.inbox.wait_for(LIMIT, breach).await.unwrap()
    }

    pub async fn breach_mails_once_there(&self) -> Vec<Mail> {
        self.site.inbox.wait_for(LIMIT, is_breach).await.unwrap();
        self.breach_mails().await
    }

    async fn breach_mails(&self) -> Vec<Mail> {
        let mails = self.officer_mails().await;
        mails.into_iter().filter(is_breach).collect()
    }

    /// All mails to the officer.
    pub async fn officer_mails(&self) -> Vec<Mail> {
        self.site.inbox.messages_to(OFFICER_EMAIL).await.unwrap()
    }
}

fn is_breach(mail: &Mail) -> bool {
    mail.is_to(OFFICER_EMAIL) && mail.subject.contains("not as signed")
}

async fn connect(site: &Site) -> MySqlConnection {
    let url = site.database().database_url(&site.names().main);
    MySqlConnection::connect(url.as_str()).await.unwrap()
}

/// As `sealwatch staff add` does, but that the hash is made already.
pub async fn add_staff(site: &Site, role: &str, login: &str) {
    let keys = KeySet::load(&site.key_dir()).unwrap();
    let new = NewStaff {
        id: StaffId::random(&mut rand::rng()),
        login,
        display_name: &format!("Person {login}"),
        password_hash: PASSWORD_HASH.to_owned(),
        role: role.parse().unwrap(),
    };
    let staff = Staff::seal(
        keys.application(),
        new,
        &mut rand::rng(),
        Clock::system().now(),
    );
    let mut connection = connect(site).await;
    staff::insert(&mut connection, keys.application(), &staff)
        .await
        .unwrap();
    connection.close().await.unwrap();
}

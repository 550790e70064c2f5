use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use database::records::{self, Record};
use database::staff::{NewStaff, Role, Staff};
use database::{MySqlConnection, MySqlPool};
use devstack::{Accounts, Chain, ChainOptions, DatabaseServer, Databases, TcpProxy};
use entry_app::{Settings, assemble};
use keyring::{ApplicationKeys, KeySet};
use record::ids::{RecordId, StaffId};
use record::time::{Clock, UnixMillis};
use record::{Address, B256};
use reqwest::Url;
use sqlx::Connection as _;
use tempfile::TempDir;
use web_kit::lifetime::Lifetime;
use web_kit::server;
use web_kit::settings::Reader;

use super::browser::Browser;
use super::install::{create_accounts, install};

pub const PASSWORD: &str = "quiet river stone";
/// Of [`PASSWORD`], at the least cost that argon2 allows: a sign-in computes what the stored hash tells it to.
const PASSWORD_HASH: &str =
    "$argon2id$v=19$m=8,t=1,p=1$cXVpZXQgcml2ZXIgc2FsdA$TqqlSev7+35a7oU4Tcx9D7lg0g6zMA3vl0rCTChE4NQ";
/// 21 November 2026, 22:40 UTC.
const NOW: UnixMillis = UnixMillis(1_795_300_800_000);
/// Nothing listens on the discard port.
const NOWHERE: &str = "127.0.0.1:9";

const PROFILE: &str = r#"
consent_link_days = 14
consent_validity_days = 30

[controller]
name = "Riverside Health Centre"
address = "1 Quay Street\nRiverside"
contact = "records@riverside.example"

[officer]
contact = "privacy@riverside.example"

[[purposes]]
id = "research"
name = "Research"
lawful_basis = "Consent, Art. 6(1)(a)"
rests_on_consent = true
keep_for = "1 year"
text = "We may ask you to take part in studies."

[[purposes]]
id = "accounts"
name = "Bookkeeping"
lawful_basis = "Law, Art. 6(1)(c)"
rests_on_consent = false
legal_duty = true
keep_for = "10 years"
text = "We keep bills for ten years."

[[purposes]]
id = "survey"
name = "Surveys"
lawful_basis = "Our interest in good care, Art. 6(1)(f)"
rests_on_consent = false
objection = "weighed"
keep_for = "1 year"
text = "We ask how you were treated."

[[purposes]]
id = "offers"
name = "Offers"
lawful_basis = "Our interest in business, Art. 6(1)(f)"
rests_on_consent = false
objection = "marketing"
keep_for = "1 year"
text = "We tell you of courses."

[notice]
text = "What we do with your details, and your rights."
"#;

/// How the app is to be set up.
pub struct Setup {
    pub clock: Clock,
    /// Without one, the chain is out of reach.
    pub chain: Option<Chain>,
    pub smtp_url: String,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            clock: Clock::fixed(NOW),
            chain: None,
            smtp_url: format!("smtp://{NOWHERE}"),
        }
    }
}

impl Setup {
    /// A chain of its own, and the time that it lives in.
    pub async fn on_a_chain() -> Self {
        let chain = Chain::start_deployed(&ChainOptions::default()).await;
        Self {
            clock: Clock::system(),
            chain: Some(chain.unwrap()),
            ..Self::default()
        }
    }
}

/// The app behind a port of its own.
pub struct Server {
    pub url: Url,
    pub clock: Clock,
    pub keys: ApplicationKeys,
    /// As administrator, to look behind the app and to do what an intruder does.
    pub admin: MySqlPool,
    pub chain: Option<Chain>,
    /// Between this app and its database; processes that get the settings go straight there.
    pub network: TcpProxy,
    /// What the app was told.
    pub settings: BTreeMap<&'static str, String>,
    lifetime: Lifetime,
    pub databases: Databases,
    _files: TempDir,
}

impl Server {
    pub async fn start() -> Self {
        Self::start_with(Setup::default()).await
    }

    pub async fn start_with(setup: Setup) -> Self {
        let server = DatabaseServer::shared().await.unwrap();
        let databases = server.create_databases("entry").await.unwrap();
        let files = TempDir::new().unwrap();
        let keys = KeySet::generate(&mut rand::rng());
        let admin = install(&databases, keys.application(), NOW).await;
        let listener = server::listen("127.0.0.1:0".parse().unwrap())
            .await
            .unwrap();
        let url: Url = format!("http://{}", listener.local_addr().unwrap())
            .parse()
            .unwrap();

        let mut settings = settings(&setup, files.path(), &keys);
        settings.insert("PUBLIC_URL", url.to_string());
        settings.extend(create_accounts(&admin, &databases).await);
        let network = TcpProxy::start(databases.main().port().unwrap()).await;
        let network = network.unwrap();
        let mut address: Url = settings["DATABASE_URL"].parse().unwrap();
        address.set_port(Some(network.port())).unwrap();
        let mut behind = settings.clone();
        behind.insert("DATABASE_URL", address.to_string());
        let read = Reader::from_map(behind).finish(Settings::read);
        let lifetime = Lifetime::new();
        let app = assemble(read.unwrap(), setup.clock.clone(), &lifetime).await;
        let (app, ending) = (app.unwrap(), lifetime.clone());
        tokio::spawn(async move { server::serve(listener, app, ending).await.unwrap() });
        Self {
            url,
            clock: setup.clock,
            keys: keys.application().clone(),
            admin,
            chain: setup.chain,
            network,
            settings,
            lifetime,
            databases,
            _files: files,
        }
    }

    pub fn browser(&self) -> Browser {
        Browser::at(&self.url)
    }

    /// A browser in which a clerk is signed in.
    pub async fn clerk(&self) -> Browser {
        self.signed_in("clerk", Role::Clerk).await
    }

    pub async fn signed_in(&self, login: &str, role: Role) -> Browser {
        self.add_staff(login, role).await;
        let browser = self.browser();
        let answer = browser.sign_in(login).await;
        assert_eq!(answer.status, 303, "{}", answer.body);
        browser
    }

    pub async fn add_staff(&self, login: &str, role: Role) -> StaffId {
        let new = NewStaff {
            id: StaffId::random(&mut rand::rng()),
            login,
            display_name: &format!("Person {login}"),
            password_hash: PASSWORD_HASH.to_owned(),
            role,
        };
        let staff = Staff::seal(&self.keys, new, &mut rand::rng(), self.clock.now());
        let mut connection = self.admin.acquire().await.unwrap();
        database::staff::insert(&mut connection, &self.keys, &staff)
            .await
            .unwrap();
        staff.id
    }

    /// The record behind the path of its page.
    pub async fn record(&self, page: &str) -> Record {
        let mut connection = self.admin.acquire().await.unwrap();
        let record = records::load(&mut connection, &self.keys.front(), id_of(page)).await;
        record.unwrap().unwrap()
    }

    /// The backup of records, as its administrator sees it.
    pub async fn backup(&self) -> MySqlConnection {
        let url = self.databases.backup();
        MySqlConnection::connect(url.as_str()).await.unwrap()
    }

    pub async fn count(&self, sql: &'static str) -> i64 {
        sqlx::query_scalar(sql)
            .fetch_one(&self.admin)
            .await
            .unwrap()
    }

    /// What an administrator of the database does.
    pub async fn administer(&self, sql: &str) {
        let sql = sqlx::AssertSqlSafe(sql.to_owned());
        sqlx::query(sql).execute(&self.admin).await.unwrap();
    }

    /// What an intruder with the database's password does.
    pub async fn run(&self, sql: &'static str) {
        let done = sqlx::query(sql).execute(&self.admin).await.unwrap();
        assert!(done.rows_affected() > 0, "{sql} changed nothing");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.lifetime.end();
    }
}

pub fn id_of(page: &str) -> RecordId {
    page.rsplit('/').next().unwrap().parse().unwrap()
}

fn settings(setup: &Setup, files: &Path, keys: &KeySet) -> BTreeMap<&'static str, String> {
    let saved = keys.save(&files.join("keys"), &mut rand::rng()).unwrap();
    let controller = Accounts::load().unwrap().private_key("controller").unwrap();
    let (rpc_url, deployment) = match &setup.chain {
        Some(chain) => (
            chain.rpc_url(),
            chain.deployment_file().display().to_string(),
        ),
        None => (
            format!("http://{NOWHERE}"),
            write(files, "deployment.json", &deployment()),
        ),
    };
    BTreeMap::from([
        ("ENVIRONMENT", "development".to_owned()),
        ("MASTER_KEY_FILE", saved.master.display().to_string()),
        (
            "APPLICATION_KEYS_FILE",
            saved.application.display().to_string(),
        ),
        (
            "CONTROLLER_KEY_FILE",
            write(files, "controller.key", &controller),
        ),
        (
            "CONTROLLER_PROFILE_FILE",
            write(files, "profile.toml", PROFILE),
        ),
        ("CHAIN_RPC_URL", rpc_url),
        ("CHAIN_DEPLOYMENT_FILE", deployment),
        ("CHAIN_CONFIRMATIONS", "1".to_owned()),
        (
            "CONSENT_URL",
            "https://consent.riverside.example".to_owned(),
        ),
        ("SMTP_URL", setup.smtp_url.clone()),
        (
            "MAIL_FROM",
            "Riverside <no-reply@riverside.example>".to_owned(),
        ),
        ("DESK_EMAIL", "desk@riverside.example".to_owned()),
    ])
}

fn deployment() -> String {
    let (address, hash) = (Address::ZERO, B256::ZERO);
    serde_json::json!({
        "chain_id": 31_337,
        "relay": Address::repeat_byte(0x5e),
        "storage_layer": address,
        "storage_code_hash": hash,
        "master_data": address,
        "deployment_block": 1,
        "authority": address,
    })
    .to_string()
}

/// Readable for its owner alone, as keys have to be.
fn write(directory: &Path, name: &str, text: &str) -> String {
    let path = directory.join(name);
    std::fs::write(&path, text).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
    path.display().to_string()
}

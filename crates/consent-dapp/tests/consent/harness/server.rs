use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;

use consent_dapp::{Settings, assemble};
use database::grants::{Account, Names, create_user, grants};
use database::{Kind, MySqlPool, PoolSettings, key_checks};
use devstack::{DatabaseServer, Databases};
use keyring::{ApplicationKeys, KeySet};
use record::Address;
use record::time::{Clock, UnixMillis};
use reqwest::Url;
use sqlx::AssertSqlSafe;
use tempfile::TempDir;
use tokio::net::TcpListener;
use web_kit::lifetime::Lifetime;
use web_kit::settings::Reader;

use super::desk::Desk;

/// 21 November 2026, 22:40 UTC.
const NOW: UnixMillis = UnixMillis(1_795_300_800_000);
const PASSWORD: &str = "of-the-test";
pub const DEPLOYMENT_RELAY: Address = Address::repeat_byte(0x5e);

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
id = "care"
name = "Care and appointments"
lawful_basis = "Contract, Art. 6(1)(b)"
rests_on_consent = false
keep_for = "10 years"
text = "We use your details to treat you."

[[purposes]]
id = "research"
name = "Research"
lawful_basis = "Consent, Art. 6(1)(a)"
rests_on_consent = true
keep_for = "5 years"
keep_from = "first_signature"
text = "We may ask you to take part in studies."

[[purposes]]
id = "newsletter"
name = "Newsletter"
lawful_basis = "Consent, Art. 6(1)(a)"
rests_on_consent = true
keep_for = "1 year"
text = "Four letters a year."

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
lawful_basis = "Our interest in business, Art. 6(1)(f): direct marketing"
rests_on_consent = false
objection = "marketing"
keep_for = "1 year"
text = "We tell you of courses."

[notice]
text = "Who we are.\n\nWhat we do with your details, and your rights."
"#;

/// How the app is to be set up.
pub struct Setup {
    /// Settings beside the usual ones, or in their place.
    pub settings: BTreeMap<&'static str, String>,
    pub chain_id: u64,
    pub clock: Clock,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            settings: BTreeMap::new(),
            chain_id: 31_337,
            clock: Clock::fixed(NOW),
        }
    }
}

/// The app behind a port of its own.
pub struct Server {
    pub url: Url,
    pub clock: Clock,
    pub keys: ApplicationKeys,
    /// As administrator, to look behind the app.
    pub admin: MySqlPool,
    /// By the account of the app.
    pub account: MySqlPool,
    /// What the app was told.
    pub settings: BTreeMap<&'static str, String>,
    _databases: Databases,
    _files: TempDir,
}

impl Server {
    pub async fn start() -> Self {
        Self::start_with(Setup::default()).await.unwrap()
    }

    /// The error is the one that would end the process.
    pub async fn start_with(setup: Setup) -> anyhow::Result<Self> {
        let databases = DatabaseServer::shared()
            .await?
            .create_databases("consent")
            .await?;
        let admin = database::pool(&databases.main(), &PoolSettings::default())?;
        database::migrate(Kind::Main, &admin).await?;
        let account = create_account(&admin, &databases).await;

        let files = TempDir::new()?;
        let keys = KeySet::generate(&mut rand::rng());
        let mut connection = admin.acquire().await?;
        let now = setup.clock.now();
        key_checks::store(&mut connection, keys.application(), now, &mut rand::rng()).await?;
        drop(connection);
        let front_file = keys
            .save(&files.path().join("keys"), &mut rand::rng())?
            .front;
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url: Url = format!("http://{}", listener.local_addr()?).parse()?;

        let mut settings = BTreeMap::from([
            ("ENVIRONMENT", String::from("development")),
            ("PUBLIC_URL", url.to_string()),
            ("DATABASE_URL", account.to_string()),
            ("FRONT_KEYS_FILE", front_file.display().to_string()),
            ("DESK_EMAIL", String::from("desk@riverside.example")),
            (
                "CONTROLLER_PROFILE_FILE",
                write(files.path(), "profile.toml", PROFILE),
            ),
            (
                "CHAIN_DEPLOYMENT_FILE",
                write(files.path(), "deployment.json", &deployment(setup.chain_id)),
            ),
        ]);
        settings.extend(setup.settings);
        let read = Reader::from_map(settings.clone()).finish(Settings::read)?;
        let lifetime = Lifetime::new();
        let app = assemble(read, setup.clock.clone(), &lifetime).await?;
        tokio::spawn(async move {
            axum::serve(
                listener,
                app.into_make_service_with_connect_info::<SocketAddr>(),
            )
            .await
            .unwrap();
        });
        Ok(Self {
            url,
            clock: setup.clock,
            keys: keys.application().clone(),
            admin,
            account: database::pool(&account, &PoolSettings::default())?,
            settings,
            _databases: databases,
            _files: files,
        })
    }

    pub fn desk(&self) -> Desk<'_> {
        Desk::new(self)
    }

    pub async fn count(&self, sql: &'static str) -> i64 {
        sqlx::query_scalar(sql)
            .fetch_one(&self.admin)
            .await
            .unwrap()
    }

    pub async fn run(&self, sql: &'static str) -> u64 {
        sqlx::query(sql)
            .execute(&self.admin)
            .await
            .unwrap()
            .rows_affected()
    }
}

/// The account of least right, by the grants of the release.
async fn create_account(admin: &MySqlPool, databases: &Databases) -> Url {
    let names = Names {
        main: databases.main_name().to_owned(),
        backup: databases.backup_name().to_owned(),
        keys: databases.keys_name().to_owned(),
        users: databases.suffix().to_owned(),
    };
    let made = create_user(Account::Consent, &names, "%", PASSWORD);
    let granted = grants(Account::Consent, &names, "%");
    // What ends with the suffix is dropped together with the databases.
    let (old, user) = (
        names.user(Account::Consent),
        format!("consent_{}", databases.suffix()),
    );
    let renamed = format!("RENAME USER '{old}'@'%' TO '{user}'@'%'");
    for statement in made.into_iter().chain(granted).chain([renamed]) {
        sqlx::query(AssertSqlSafe(statement))
            .execute(admin)
            .await
            .unwrap();
    }
    let mut url = databases.main();
    url.set_username(&user).unwrap();
    url.set_password(Some(PASSWORD)).unwrap();
    url
}

fn deployment(chain_id: u64) -> String {
    let zero = Address::ZERO;
    serde_json::json!({
        "chain_id": chain_id,
        "relay": DEPLOYMENT_RELAY,
        "storage_layer": zero,
        "storage_code_hash": record::B256::ZERO,
        "master_data": zero,
        "deployment_block": 1,
        "authority": zero,
    })
    .to_string()
}

fn write(directory: &Path, name: &str, text: &str) -> String {
    let path = directory.join(name);
    std::fs::write(&path, text).unwrap();
    path.display().to_string()
}

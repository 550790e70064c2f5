//! breach-viewer at work over a data set, and an officer signed in at it.

use std::collections::BTreeMap;

use benchmarks::DataSet;
use breach_viewer::{Settings, assemble};
use database::staff::{self, NewStaff, Role, Staff};
use keyring::KeyFiles;
use record::ids::StaffId;
use record::time::Clock;
use reqwest::{Client, StatusCode};
use secrecy::SecretString;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use web_kit::lifetime::{EndError, Lifetime};
use web_kit::settings::Reader;
use web_kit::{password, server};

const LOGIN: &str = "bench";
const PASSWORD: &str = "quiet river stone";

/// The officer's browser, and the viewer that it looks at.
pub struct Officer {
    base: String,
    client: Client,
    lifetime: Lifetime,
    served: JoinHandle<Result<(), EndError>>,
}

impl Officer {
    /// Starts the viewer, whose sweep goes so slowly that it takes nothing from the requests, and signs in.
    pub async fn sign_in(data: &DataSet) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let settings = Reader::from_map(settings(data, &base));
        let settings = settings.finish(Settings::read).unwrap();
        let lifetime = Lifetime::new();
        let app = assemble(settings, Clock::system(), &lifetime)
            .await
            .unwrap();
        let served = tokio::spawn(server::serve(listener, app, lifetime.clone()));
        employ(data).await;
        let officer = Self {
            client: Client::builder()
                .cookie_store(true)
                .no_proxy()
                .redirect(reqwest::redirect::Policy::none())
                .build()
                .unwrap(),
            base,
            lifetime,
            served,
        };
        let form = [("login", LOGIN), ("password", PASSWORD)];
        let status = officer.post("/sign-in", &form).await.0;
        assert_eq!(status, StatusCode::SEE_OTHER, "signed in");
        officer
    }

    /// A page.
    pub async fn get(&self, path: &str) -> String {
        let answer = self.client.get(format!("{}{path}", self.base));
        let answer = answer.send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK, "{path}");
        answer.text().await.unwrap()
    }

    /// A form's answer.
    pub async fn post(&self, path: &str, form: &[(&str, &str)]) -> (StatusCode, String) {
        let request = self.client.post(format!("{}{path}", self.base));
        let answer = request.header("origin", &self.base).form(form);
        let answer = answer.send().await.unwrap();
        (answer.status(), answer.text().await.unwrap())
    }

    /// Ends the viewer.
    pub async fn leave(self) {
        self.lifetime.end();
        self.served.await.unwrap().unwrap();
    }
}

/// An account, unless it is there from a run before.
async fn employ(data: &DataSet) {
    let mut connection = data.pool.acquire().await.unwrap();
    let keys = &data.keys;
    let known = staff::by_login(&mut connection, keys, LOGIN).await.unwrap();
    if known.is_some() {
        return;
    }
    let mut rng = rand::rng();
    let new = NewStaff {
        id: StaffId::random(&mut rng),
        login: LOGIN,
        display_name: "Officer of the benchmark",
        password_hash: password::hash(&SecretString::from(PASSWORD)).unwrap(),
        role: Role::DataProtectionOfficer,
    };
    let person = Staff::seal(keys, new, &mut rng, Clock::system().now());
    staff::insert(&mut connection, keys, &person).await.unwrap();
}

fn settings(data: &DataSet, base: &str) -> BTreeMap<String, String> {
    let database = data.database_url();
    let (keys, file) = (KeyFiles::within(&data.keys_dir()), data.deployment_file());
    let settings = [
        ("ENVIRONMENT", "development".to_owned()),
        ("PUBLIC_URL", base.to_owned()),
        ("DATABASE_URL", database.to_string()),
        ("RESTORE_DATABASE_URL", database.to_string()),
        ("BACKUP_DATABASE_URL", database.to_string()),
        ("KEY_BACKUP_DATABASE_URL", database.to_string()),
        ("ERASE_DATABASE_URL", database.to_string()),
        ("ERASE_BACKUP_DATABASE_URL", database.to_string()),
        ("ERASE_KEY_BACKUP_DATABASE_URL", database.to_string()),
        ("MASTER_KEY_FILE", keys.master.display().to_string()),
        (
            "APPLICATION_KEYS_FILE",
            keys.application.display().to_string(),
        ),
        ("CHAIN_RPC_URL", data.rpc_url().to_string()),
        ("CHAIN_DEPLOYMENT_FILE", file.display().to_string()),
        ("CHAIN_CONFIRMATIONS", "0".to_owned()),
        ("SMTP_URL", "smtp://127.0.0.1:9?tls=none".to_owned()),
        ("MAIL_FROM", "Bench <bench@example.org>".to_owned()),
        ("OFFICER_EMAIL", "officer@example.org".to_owned()),
        ("SWEEP_RATE", "1".to_owned()),
    ];
    let settings = settings.into_iter();
    settings
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

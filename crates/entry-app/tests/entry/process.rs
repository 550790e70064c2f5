//! The process as a supervisor and an operator meet it.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Command, Output};
use std::time::Duration;

use devstack::{App, AppSpec};
use keyring::KeySet;
use record::time::Clock;
use tempfile::TempDir;

use crate::harness::{Browser, Owner, Server, Setup, Typed};

const SETTINGS: [&str; 13] = [
    "PUBLIC_URL",
    "DATABASE_URL",
    "BACKUP_DATABASE_URL",
    "KEY_BACKUP_DATABASE_URL",
    "MASTER_KEY_FILE",
    "APPLICATION_KEYS_FILE",
    "CHAIN_RPC_URL",
    "CHAIN_DEPLOYMENT_FILE",
    "CONTROLLER_KEY_FILE",
    "CONTROLLER_PROFILE_FILE",
    "CONSENT_URL",
    "SMTP_URL",
    "DESK_EMAIL",
];

fn entry_app() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_entry-app"));
    command.env_clear();
    command
}

fn said(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// A server whose settings a process of its own can use.
async fn in_real_time() -> Server {
    let setup = Setup {
        clock: Clock::system(),
        ..Setup::default()
    };
    Server::start_with(setup).await
}

fn spec(server: &Server, directory: &TempDir) -> AppSpec {
    let settings = server
        .settings
        .iter()
        .filter(|(name, _)| **name != "PUBLIC_URL");
    let spec = AppSpec::new("entry-app", directory.path());
    settings.fold(spec, |spec, (name, value)| spec.env(name, value))
}

#[test]
fn every_wrong_setting_is_named_at_once() {
    let mut command = entry_app();
    command
        .env("CHAIN_MAX_FEE_GWEI", "plenty")
        .env("LISTEN", "here")
        .env("RUST_LOG", "verbos");
    let Output { status, stderr, .. } = command.output().unwrap();
    assert_eq!(status.code(), Some(2));
    let said = said(&stderr);
    for name in SETTINGS
        .iter()
        .chain(&["CHAIN_MAX_FEE_GWEI", "LISTEN", "MAIL_FROM", "RUST_LOG"])
    {
        let line = format!("\n  {name}: ");
        assert!(said.contains(&line), "{name} is not named:\n{said}");
    }
    for value in ["plenty", "verbos"] {
        assert!(!said.contains(value), "values may be secrets");
    }
}

/// What is there, and yet can't be used, is no exception.
#[test]
fn every_unusable_setting_is_named_at_once() {
    let directory = TempDir::new().unwrap();
    let file = |name: &str, text: &str, mode: u32| {
        let path = directory.path().join(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        path.display().to_string()
    };
    let wrong = [
        (
            "DATABASE_URL",
            "mysql://a@db/main?ssl-mode=perhaps".to_owned(),
        ),
        ("MASTER_KEY_FILE", file("master.key", "quiet river", 0o600)),
        (
            "APPLICATION_KEYS_FILE",
            file("application-keys.json", "{}", 0o600),
        ),
        (
            "CHAIN_DEPLOYMENT_FILE",
            file("deployment.json", "{}", 0o644),
        ),
        (
            "CONTROLLER_KEY_FILE",
            file("controller.key", &"1".repeat(64), 0o640),
        ),
        (
            "CONTROLLER_PROFILE_FILE",
            file("profile.toml", "name = 1", 0o644),
        ),
        ("SMTP_URL", "smtp://user@mail.example.org".to_owned()),
        ("MAIL_FROM", "Sealwatch <no-reply@>".to_owned()),
        ("RUST_LOG", "info,sqlx==x".to_owned()),
    ];
    let Output { status, stderr, .. } = entry_app().envs(wrong.clone()).output().unwrap();
    assert_eq!(status.code(), Some(2));
    let said = said(&stderr);
    for (name, value) in &wrong {
        assert!(
            said.contains(&format!("\n  {name}: ")),
            "{name} is not named:\n{said}"
        );
        assert!(value.starts_with('/') || !said.contains(value), "{said}");
    }
    let key = file("controller.key", "no key", 0o600);
    let output = entry_app()
        .env("CONTROLLER_KEY_FILE", key)
        .output()
        .unwrap();
    assert!(
        self::said(&output.stderr)
            .contains("\n  CONTROLLER_KEY_FILE: the controller's key file does not hold")
    );
}

#[test]
fn help_lists_the_settings() {
    let Output { status, stdout, .. } = entry_app().arg("--help").output().unwrap();
    assert!(status.success());
    let said = said(&stdout);
    for name in SETTINGS
        .iter()
        .chain(&["CHAIN_MAX_FEE_GWEI", "LISTEN", "RUST_LOG"])
    {
        assert!(said.contains(name), "{name}:\n{said}");
    }
}

/// Under other keys everything would look tampered with.
#[tokio::test]
async fn with_the_wrong_keys_it_does_not_start() {
    let server = in_real_time().await;
    let other = TempDir::new().unwrap();
    let keys = KeySet::generate(&mut rand::rng());
    let files = keys
        .save(&other.path().join("keys"), &mut rand::rng())
        .unwrap();
    let output = entry_app()
        .envs(&server.settings)
        .env("MASTER_KEY_FILE", files.master)
        .env("APPLICATION_KEYS_FILE", files.application)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let said = said(&output.stdout) + &said(&output.stderr);
    assert!(said.contains("the keys are not the ones"), "{said}");
}

#[tokio::test]
async fn it_is_not_ready_while_the_schema_is_not_its_own() {
    let server = in_real_time().await;
    let browser = server.browser();
    assert_eq!(browser.get("/readyz").await.status, 200);
    server
        .run("DELETE FROM _sqlx_migrations ORDER BY version DESC LIMIT 1")
        .await;
    let answer = browser.get("/readyz").await;
    assert_eq!(answer.status, 503);
    assert_eq!(
        browser.get("/healthz").await.status,
        200,
        "no reason to restart it"
    );
}

#[tokio::test]
async fn a_request_in_flight_is_finished_after_sigterm() {
    let server = in_real_time().await;
    let directory = TempDir::new().unwrap();
    let mut app = App::start(spec(&server, &directory)).await.unwrap();
    server
        .add_staff("clerk", database::staff::Role::Clerk)
        .await;
    let clerk = Browser::at(app.url());
    clerk.sign_in("clerk").await;
    // A lock holds the entry up while the signal comes.
    let mut lock = server.admin.begin().await.unwrap();
    sqlx::query("SELECT * FROM records FOR UPDATE")
        .fetch_all(&mut *lock)
        .await
        .unwrap();
    let form = clerk.get("/records/new").await;
    let typed = Typed::default().with("submission", &form.hidden("submission"));
    let sent = tokio::spawn(async move { clerk.post("/records/new", &typed.fields()).await });
    tokio::time::sleep(Duration::from_millis(300)).await;
    let stopped = tokio::spawn(async move { app.stop().await.map(|()| app.log()) });
    tokio::time::sleep(Duration::from_millis(300)).await;
    lock.rollback().await.unwrap();

    let answer = sent.await.unwrap();
    assert_eq!(answer.status, 303, "{}", answer.body);
    let log = stopped.await.unwrap().unwrap();
    assert!(log.contains("finishing what is in flight"), "{log}");
    assert_eq!(server.count("SELECT COUNT(*) FROM records").await, 1);
}

/// Also whatever goes wrong on the way.
#[tokio::test]
async fn its_log_tells_nothing_personal() {
    let server = in_real_time().await;
    let directory = TempDir::new().unwrap();
    let mut app = App::start(spec(&server, &directory).env("RUST_LOG", "debug"))
        .await
        .unwrap();
    server
        .add_staff("clerk-of-the-desk", database::staff::Role::Clerk)
        .await;
    let clerk = Browser::at(app.url());
    clerk.sign_in("clerk-of-the-desk").await;
    let owner = Owner::new();
    let typed = Typed::default()
        .with("wallet", &owner.address())
        .with("send", "mail");
    let wrong = clerk.enter(&typed.clone().with("age", "x")).await;
    assert_eq!(wrong.status, 422);
    let page = clerk.entered(&typed).await;
    let shown = clerk.get(&page).await;
    let (link, code) = (
        shown.between("data-copy=\"https://consent.riverside.example/c/", "\""),
        shown.between("id=\"desk-code\">", "<"),
    );
    clerk
        .post("/records/search", &[("query", "zoe@home.example")])
        .await;
    owner.sign(&server, &page, true).await;
    clerk.post(&format!("{page}/approve"), &[]).await;
    server.run("UPDATE record_versions SET name = email").await;
    clerk.get(&page).await;
    server.run("UPDATE records SET draft = 7").await;
    assert_eq!(clerk.get(&page).await.status, 500);
    app.stop().await.unwrap();

    let log = app.log().to_lowercase();
    assert!(log.contains("/records/{id}/approve"), "{log}");
    let mut words = typed.personal();
    words.extend([link.to_lowercase(), code, "clerk-of-the-desk".to_owned()]);
    for word in words {
        assert!(!log.contains(&word), "{word} is in the log:\n{log}");
    }
}

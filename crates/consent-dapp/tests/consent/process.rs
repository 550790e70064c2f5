//! The process as a supervisor and an operator meet it.

use std::process::Command;

use devstack::AppSpec;
use keyring::KeySet;
use record::time::Clock;
use reqwest::StatusCode;
use tempfile::TempDir;

use crate::harness::{Owner, PERSON, Server, Setup};

fn consent_dapp() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_consent-dapp"));
    command.env_clear();
    command
}

#[test]
fn every_wrong_setting_is_named_at_once() {
    let output = consent_dapp()
        .env("DEMO_WALLET", "maybe")
        .env("DRAFT_DAYS", "0")
        .env("RUST_LOG", "consent_dapp=loud")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8(output.stderr).unwrap();
    for name in [
        "PUBLIC_URL",
        "DATABASE_URL",
        "FRONT_KEYS_FILE",
        "CHAIN_DEPLOYMENT_FILE",
        "CONTROLLER_PROFILE_FILE",
        "DESK_EMAIL",
        "DEMO_WALLET",
        "DRAFT_DAYS",
        "RUST_LOG",
    ] {
        assert!(
            said.contains(&format!("\n  {name}: ")),
            "{name} is not named:\n{said}"
        );
    }
}

#[test]
fn help_lists_the_settings() {
    let output = consent_dapp().arg("--help").output().unwrap();
    assert!(output.status.success());
    let said = String::from_utf8(output.stdout).unwrap();
    for name in [
        "LISTEN",
        "FRONT_KEYS_FILE",
        "WALLET_CHAIN_RPC_URL",
        "DEMO_WALLET",
        "RUST_LOG",
    ] {
        assert!(said.contains(name), "{name}:\n{said}");
    }
}

#[tokio::test]
async fn the_front_keys_of_another_deployment_are_refused() {
    let server = Server::start().await;
    let elsewhere = TempDir::new().unwrap();
    let files = KeySet::generate(&mut rand::rng())
        .save(&elsewhere.path().join("keys"), &mut rand::rng())
        .unwrap();
    let output = consent_dapp()
        .envs(&server.settings)
        .env("FRONT_KEYS_FILE", files.front)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let log = String::from_utf8(output.stdout).unwrap();
    assert!(
        log.contains("the keys are not the ones that the database was set up with"),
        "{log}"
    );
}

/// Also whatever goes wrong on the way: no secret, no detail, no address of anybody.
#[tokio::test]
async fn it_serves_ends_on_sigterm_and_its_log_tells_nothing_personal() {
    let setup = Setup {
        clock: Clock::system(),
        ..Setup::default()
    };
    let server = Server::start_with(setup).await.unwrap();
    let directory = TempDir::new().unwrap();
    let mut spec = AppSpec::new("consent-dapp", directory.path()).env("RUST_LOG", "debug");
    for (name, value) in &server.settings {
        if *name != "PUBLIC_URL" {
            spec = spec.env(name, value);
        }
    }
    let mut app = devstack::App::start(spec).await.unwrap();

    let owner = Owner::at(app.url());
    let link = server.desk().enter(owner.wallet()).await;
    let wrong = if link.code == "000000" {
        "000001"
    } else {
        "000000"
    };
    assert_eq!(owner.get(&link.path).await.state(), "identify");
    owner.submit(&link.door("code"), &[("code", wrong)]).await;
    assert_eq!(
        owner.consent(&link, &["research"]).await.status,
        StatusCode::OK
    );
    assert_eq!(
        owner.get(&link.door("receipt.json")).await.status,
        StatusCode::OK
    );
    server.run("UPDATE consent_links SET expires_at = 1").await;
    owner.get(&link.path).await.assert_altered();
    app.stop().await.unwrap();

    let log = app.log();
    assert!(log.contains("/c/{secret}/sign"), "{log}");
    let told = "consent_links does not carry our MAC";
    assert!(log.contains(told), "what the page does not say: {log}");
    let (secret, wallet) = (
        link.path.trim_start_matches("/c/"),
        format!("{:x}", owner.wallet()),
    );
    let personal = PERSON
        .iter()
        .map(|(_, value)| *value)
        .filter(|value| value.len() > 3);
    for word in personal.chain([secret, &wallet, &link.code]) {
        assert!(
            !log.to_lowercase().contains(&word.to_lowercase()),
            "{word} is in the log:\n{log}"
        );
    }
}

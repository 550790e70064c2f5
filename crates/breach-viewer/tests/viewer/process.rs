//! The process as an operator meets it.

use std::process::{Command, Output};

use keyring::KeySet;

const SETTINGS: [&str; 11] = [
    "PUBLIC_URL",
    "DATABASE_URL",
    "RESTORE_DATABASE_URL",
    "BACKUP_DATABASE_URL",
    "KEY_BACKUP_DATABASE_URL",
    "MASTER_KEY_FILE",
    "APPLICATION_KEYS_FILE",
    "CHAIN_RPC_URL",
    "CHAIN_DEPLOYMENT_FILE",
    "SMTP_URL",
    "MAIL_FROM",
];
const MORE: [&str; 5] = [
    "LISTEN",
    "OFFICER_EMAIL",
    "SWEEP_RATE",
    "CONSENT_PATIENCE_DAYS",
    "ANCHORING_PATIENCE_MINUTES",
];

fn viewer() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_breach-viewer"));
    command.env_clear();
    command
}

fn said(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[test]
fn every_wrong_setting_is_named_at_once() {
    let mut command = viewer();
    for name in MORE {
        command.env(name, "plenty");
    }
    let Output { status, stderr, .. } = command.output().unwrap();
    assert_eq!(status.code(), Some(2));
    let said = said(&stderr);
    for name in SETTINGS.iter().chain(&MORE) {
        let line = format!("\n  {name}: ");
        assert!(said.contains(&line), "{name} is not named:\n{said}");
    }
    assert!(!said.contains("plenty"), "values may be secrets");
}

#[test]
fn help_lists_the_settings() {
    let Output { status, stdout, .. } = viewer().arg("--help").output().unwrap();
    assert!(status.success());
    let said = said(&stdout);
    for name in SETTINGS.iter().chain(&MORE) {
        assert!(said.contains(name), "{name}:\n{said}");
    }
}

/// Application keys are wrapped by the master key: with another one there is nothing to start with.
#[test]
fn with_the_wrong_master_key_it_does_not_start_and_tells_no_secret() {
    let directory = tempfile::tempdir().unwrap();
    let save = |name: &str| {
        let keys = KeySet::generate(&mut rand::rng());
        keys.save(&directory.path().join(name), &mut rand::rng())
            .unwrap()
    };
    let (ours, others) = (save("ours"), save("others"));
    let secret = std::fs::read_to_string(&others.master).unwrap();
    let output = viewer()
        .env("MASTER_KEY_FILE", &others.master)
        .env("APPLICATION_KEYS_FILE", &ours.application)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    let said = said(&output.stdout) + &said(&output.stderr);
    assert!(said.contains("\n  APPLICATION_KEYS_FILE: "), "{said}");
    assert!(!said.contains("\n  MASTER_KEY_FILE: "), "{said}");
    assert!(!said.contains(secret.trim()), "the key is in:\n{said}");
}

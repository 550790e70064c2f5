//! The process as an operator meets it.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Command, Output};

use keyring::KeySet;

const SETTINGS: [&str; 14] = [
    "PUBLIC_URL",
    "DATABASE_URL",
    "RESTORE_DATABASE_URL",
    "BACKUP_DATABASE_URL",
    "KEY_BACKUP_DATABASE_URL",
    "ERASE_DATABASE_URL",
    "ERASE_BACKUP_DATABASE_URL",
    "ERASE_KEY_BACKUP_DATABASE_URL",
    "MASTER_KEY_FILE",
    "APPLICATION_KEYS_FILE",
    "CHAIN_RPC_URL",
    "CHAIN_DEPLOYMENT_FILE",
    "SMTP_URL",
    "MAIL_FROM",
];
const MORE: [&str; 10] = [
    "LISTEN",
    "RUST_LOG",
    "OFFICER_EMAIL",
    "SWEEP_RATE",
    "WATCH_MEMORY_KIB",
    "REPLACED_VALUES_MINUTES",
    "METRICS_LISTEN",
    "CONSENT_PATIENCE_DAYS",
    "ANCHORING_PATIENCE_MINUTES",
    "INCIDENT_CLOCK_HOURS",
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

/// What is there, and yet can't be used, is no exception.
#[test]
fn every_unusable_setting_is_named_at_once() {
    let directory = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str, mode: u32| {
        let path = directory.path().join(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        path.display().to_string()
    };
    let text = str::to_owned;
    let wrong = [
        (
            "RESTORE_DATABASE_URL",
            text("mysql://a:hunter2@db/main?ssl-mode=hunter2"),
        ),
        (
            "MASTER_KEY_FILE",
            file("master.key", &"1".repeat(64), 0o644),
        ),
        (
            "CHAIN_DEPLOYMENT_FILE",
            file("deployment.json", "{}", 0o644),
        ),
        (
            "SMTP_URL",
            text("smtps://a:hunter2@mail.example.org?tls=hunter2"),
        ),
        ("MAIL_FROM", text("hunter2@")),
        ("OFFICER_EMAIL", text("@hunter2")),
    ];
    let names = wrong.each_ref().map(|(name, _)| *name);
    let Output { status, stderr, .. } = viewer().envs(wrong).output().unwrap();
    assert_eq!(status.code(), Some(2));
    let said = said(&stderr);
    for name in names {
        let line = format!("\n  {name}: ");
        assert!(said.contains(&line), "{name} is not named:\n{said}");
    }
    assert!(!said.contains("hunter2"), "values may be secrets:\n{said}");
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

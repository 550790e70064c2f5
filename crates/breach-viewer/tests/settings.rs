//! What the process says of its settings before it does anything else.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Command, Output};

const REQUIRED: [&str; 12] = [
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
    "OFFICER_EMAIL",
];

fn breach_viewer() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_breach-viewer"));
    command.env_clear();
    command
}

/// Ends with status 2 and these names, each with a reason.
fn assert_named(command: &mut Command, names: &[&str]) -> String {
    let Output { status, stderr, .. } = command.output().unwrap();
    let said = String::from_utf8(stderr).unwrap();
    assert_eq!(status.code(), Some(2), "{said}");
    for name in names {
        let line = format!("\n  {name}: ");
        assert!(said.contains(&line), "{name} is not named:\n{said}");
    }
    said
}

#[test]
fn every_missing_setting_is_named_at_once() {
    let said = assert_named(breach_viewer().env("SWEEP_RATE", "plenty"), &REQUIRED);
    assert!(said.contains("\n  SWEEP_RATE: "), "{said}");
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
    let said = assert_named(breach_viewer().envs(wrong), &names);
    assert!(!said.contains("hunter2"), "values may be secrets:\n{said}");
}

#[test]
fn help_lists_the_settings() {
    let Output { status, stdout, .. } = breach_viewer().arg("--help").output().unwrap();
    assert!(status.success());
    let said = String::from_utf8(stdout).unwrap();
    for name in REQUIRED.iter().chain(&["SWEEP_RATE", "LISTEN"]) {
        assert!(said.contains(name), "{name}:\n{said}");
    }
}

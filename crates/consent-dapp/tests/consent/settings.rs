//! Settings and the process as an operator meets them.

use std::process::Command;

fn consent_dapp() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_consent-dapp"));
    command.env_clear();
    command
}

#[test]
fn every_wrong_setting_is_named_at_once() {
    let output = consent_dapp().env("DEMO_WALLET", "maybe").output().unwrap();
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
    ] {
        assert!(said.contains(name), "{name}:\n{said}");
    }
}
